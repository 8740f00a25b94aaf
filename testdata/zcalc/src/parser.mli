(** Reads expressions.

    {v
    sum     = product { ("+" | "-") product }
    product = unary { ("*" | "/" | "%") unary }
    unary   = "-" unary | "+" unary | power
    power   = postfix [ "^" unary ]
    postfix = atom { "!" }
    atom    = number | "(" sum ")"
    v}

    So [-2^2] is [-4] and [2^3^2] is [2^9]. *)

type expression = {
  shape : shape;
  column : int;  (** where its number or operator stands *)
}

and shape =
  | Number of Z.t
  | Negate of expression
  | Factorial of expression
  | Binary of char * expression * expression
      (** one of [+ - * / % ^], and its two sides *)

val max_depth : int
(** How deep parentheses, signs and powers may nest. *)

val parse : string -> expression
(** @raise Mistake.Found at what doesn't fit. *)
