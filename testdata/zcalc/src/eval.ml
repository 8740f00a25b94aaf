open Parser

let max_bits = 1 lsl 26
let max_factorial = 100_000

let power column base exponent =
  if Z.sign exponent < 0 then
    Mistake.raise_at column "the exponent is negative"
  else if Z.numbits base <= 1 then
    (* 0, 1 and -1, which may be raised to any power *)
    if Z.sign exponent = 0 || Z.equal base Z.one then Z.one
    else if Z.sign base < 0 && Z.is_even exponent then Z.one
    else base
  else
    let bits = Z.mul (Z.of_int (Z.numbits base)) exponent in
    if Z.gt bits (Z.of_int max_bits) then
      Mistake.raise_at column "the result is longer than %d bits" max_bits
    else Z.pow base (Z.to_int exponent)

let factorial column n =
  if Z.sign n < 0 then Mistake.raise_at column "the factorial of a negative number"
  else if Z.gt n (Z.of_int max_factorial) then
    Mistake.raise_at column "the factorial of more than %d" max_factorial
  else Z.fac (Z.to_int n)

let divide column operation a b =
  if Z.sign b = 0 then Mistake.raise_at column "division by zero"
  else operation a b

let binary column operator a b =
  match operator with
  | '+' -> Z.add a b
  | '-' -> Z.sub a b
  | '*' -> Z.mul a b
  | '/' -> divide column Z.div a b
  | '%' -> divide column Z.rem a b
  | '^' -> power column a b
  | _ -> assert false (* the parser makes no others *)

let rec value { shape; column } =
  match shape with
  | Number n -> n
  | Negate e -> Z.neg (value e)
  | Factorial e -> factorial column (value e)
  | Binary (operator, a, b) ->
      let a = value a in
      binary column operator a (value b)

let expression text =
  match value (parse text) with
  | n -> Ok n
  | exception Mistake.Found mistake -> Error mistake

let print ~hex n = if hex then Z.format "%#x" n else Z.to_string n
