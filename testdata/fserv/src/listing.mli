(** The page that shows what is in a folder. *)

type entry = {
  name : string;
  folder : bool;
  size : int;  (** bytes; not shown for a folder *)
  modified : int;  (** seconds since 1970 *)
}

val escape : string -> string
(** A text as HTML shows it, in elements and in quoted attributes. *)

val page : path:string list -> entry list -> string
(** An HTML page with a link to each entry, folders first, each kind by name;
    [path] is the folder's, from the root, empty for the root itself. *)
