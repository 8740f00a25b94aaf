(** An answer, and how it is sent. *)

type body =
  | Nothing
  | Text of string
  | File of { file : Lwt_unix.file_descr; offset : int; length : int }
      (** [length] bytes from [offset]; {!send} closes the file *)

type t = {
  status : int;
  headers : (string * string) list;
      (** without [Content-Length], [Date], [Server] and [Connection], which
          {!send} adds *)
  body : body;
}

val error : ?headers:(string * string) list -> int -> t
(** A status and a line of text that names it. *)

val send : Connection.t -> head_only:bool -> keep_alive:bool -> t -> unit Lwt.t
(** [head_only] leaves the body out but tells its length, as HEAD asks. *)
