(** The event loop that Lwt waits with. *)

val name : unit -> string
(** ["libev"], or ["select"] where Lwt was built without libev. *)

val use_libev : unit -> (unit, string) result
(** Makes libev Lwt's event loop. [Error] says why that can't be done. To be
    called before anything waits. *)
