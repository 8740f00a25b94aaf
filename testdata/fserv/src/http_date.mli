(** Dates as HTTP writes them: [Sun, 06 Nov 1994 08:49:37 GMT] (RFC 9110, 5.6.7). *)

val print : int -> string
(** The date of a number of seconds since 1970. *)

val parse : string -> int option
(** Seconds since 1970, or [None] for what isn't in the form that {!print}
    writes. The two obsolete forms are not read. *)
