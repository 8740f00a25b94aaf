(** A connection with a client, plain or by TLS: whole heads come in, texts and
    files go out. *)

type t

val make : Lwt_ssl.socket -> t

type head =
  | Head of string  (** without the empty line that ended it *)
  | Too_large  (** the client sent {!max_head} bytes and no end *)
  | Closed  (** the client has closed its side *)

val max_head : int
(** The longest head that is read, in bytes. *)

val read_head : t -> head Lwt.t
(** Waits for the next request's head. What the client sent after it is kept for
    the next call. *)

exception Cut_short
(** A file has become shorter while it was being sent. *)

val write : t -> string -> unit Lwt.t
(** Sends a text. Like {!write_file} it fails with {!Lwt_unix.Timeout} when the
    client takes nothing for a minute. *)

val write_file : t -> Lwt_unix.file_descr -> offset:int -> length:int -> unit Lwt.t
(** Sends [length] bytes of a file, chunk by chunk: 64 KiB of it are in memory
    at any time. Fails with {!Cut_short}. *)

val close : t -> unit Lwt.t
(** Says goodbye and closes. Waits up to a second for the client to close its
    side, so that what was sent last isn't lost to a reset. Never fails. *)
