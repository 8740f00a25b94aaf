(** Answers to requests, out of a folder. *)

val respond : root:string -> Request.t -> Response.t Lwt.t
(** The answer to a request. [root] is the folder's real path, as
    [Unix.realpath] gives it: nothing outside of it is served, not by [..] and
    not by a symbolic link. Never fails. *)
