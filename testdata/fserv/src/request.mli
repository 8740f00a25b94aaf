(** The head of a request: its first line and its headers (RFC 9112). *)

type t = {
  meth : string;  (** as sent: methods tell upper case from lower *)
  target : string;  (** as sent; see {!Target.parse} *)
  minor : int;  (** 1 for HTTP/1.1, 0 for HTTP/1.0 *)
  headers : (string * string) list;
      (** in the order sent; names in lower case, values trimmed *)
}

val parse : string -> (t, int) result
(** Reads a head without the empty line that ends it. [Error] is the status to
    answer with: 400 for what is badly written, 505 for another HTTP. *)

val header : t -> string -> string option
(** The first header of that name, which is given in lower case. *)

val keep_alive : t -> bool
(** Whether another request may follow on the same connection: not after one
    that has a body, which this server doesn't read. *)
