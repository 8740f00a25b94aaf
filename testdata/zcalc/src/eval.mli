(** Computes expressions. *)

val max_bits : int
(** The greatest size of a power, in bits. *)

val max_factorial : int
(** The greatest number that [!] takes. *)

val expression : string -> (Z.t, Mistake.t) result
(** The value of an expression. Division and remainder round towards zero, so
    [-7/2] is [-3] and [-7%2] is [-1]. *)

val print : hex:bool -> Z.t -> string
(** Decimal, or hexadecimal after [0x], with the sign in front. *)
