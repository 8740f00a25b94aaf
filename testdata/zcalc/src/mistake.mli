(** What is wrong with an expression. *)

type t = {
  column : int;  (** where, counted in bytes from 1 *)
  message : string;
}

exception Found of t

val raise_at : int -> ('a, unit, string, 'b) format4 -> 'a
(** Raises {!Found} for a column with a formatted message. *)

val to_string : t -> string
