(** The [Range] header, for byte ranges (RFC 9110, 14). *)

type t =
  | Whole  (** no range, or one that may be ignored *)
  | Part of { first : int; last : int }
      (** offsets of the first and last byte, both inside the file *)
  | Unsatisfiable  (** well written, but nothing of it is in the file *)

val parse : size:int -> string -> t
(** What a header's value asks of a file of [size] bytes. A server may ignore
    what it doesn't serve: several ranges, other units and what is badly
    written are [Whole]. *)
