(** The server: accepts connections and answers what comes in. *)

val serve_connection :
  ?log:(string -> unit) ->
  stop:unit Lwt.t ->
  root:string ->
  Lwt_ssl.socket ->
  unit Lwt.t
(** Answers a client's requests one after the other until the client or [stop]
    ends it, then closes the connection; a request that is being answered when
    [stop] comes is still answered. A client that sends nothing for half a
    minute is let go. [root] as in {!Handler.respond}; [log] gets a line for
    each request. Never fails. *)

val run : Options.t -> (unit, string) result Lwt.t
(** Prints the address it listens on, serves until SIGINT or SIGTERM, waits some
    seconds for the answers under way. [Error] says in one line why it couldn't
    start. *)
