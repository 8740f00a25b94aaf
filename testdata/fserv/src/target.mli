(** What a request asks for: the path of its target, and paths in general as
    URLs spell them. *)

type t = {
  segments : string list;
      (** the path's names, decoded: none is empty, ["."], [".."], or holds a
          slash or a NUL *)
  folder : bool;  (** whether the path ended in a slash *)
}

val parse : string -> (t, string) result
(** Reads a target in origin form ([/a/b?query]) or absolute form
    ([http://host/a/b]); the query is dropped. A path that steps up with [..],
    also one that hides it behind percent signs, is an [Error], as are bad
    percent escapes. *)

val encode : string -> string
(** A name with everything but letters, digits and [-._~] behind percent
    signs. *)

val print : t -> string
(** The path, encoded, beginning with exactly one slash. *)
