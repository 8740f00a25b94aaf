type token = Number of Z.t | Operator of char | Open | Close | End
type t = { token : token; column : int }

let describe = function
  | Number n -> Z.to_string n
  | Operator c -> Printf.sprintf "'%c'" c
  | Open -> "'('"
  | Close -> "')'"
  | End -> "the end"

let is_word = function
  | '0' .. '9' | 'a' .. 'z' | 'A' .. 'Z' | '_' -> true
  | _ -> false

(* Z.of_string reads prefixes, also ones that nothing follows; it knows no
   underscores. *)
let number column word =
  let digits = String.concat "" (String.split_on_char '_' word) in
  let ends_badly =
    match word.[String.length word - 1] with
    | '_' | 'x' | 'X' | 'o' | 'O' -> true
    | 'b' | 'B' -> String.length digits = 2
    | _ -> false
  in
  match if ends_badly then None else Some (Z.of_string digits) with
  | Some n -> Number n
  | None | (exception Invalid_argument _) ->
      Mistake.raise_at column "%S is not a number" word

let word_end text start =
  let rec go i =
    if i < String.length text && is_word text.[i] then go (i + 1) else i
  in
  go start

let tokens text =
  let rec go i acc =
    let column = i + 1 in
    let single token = go (i + 1) ({ token; column } :: acc) in
    if i = String.length text then List.rev ({ token = End; column } :: acc)
    else
      match text.[i] with
      | ' ' | '\t' | '\r' -> go (i + 1) acc
      | '(' -> single Open
      | ')' -> single Close
      | ('+' | '-' | '*' | '/' | '%' | '^' | '!') as c -> single (Operator c)
      | '0' .. '9' ->
          let stop = word_end text i in
          let token = number column (String.sub text i (stop - i)) in
          go stop ({ token; column } :: acc)
      | c -> Mistake.raise_at column "unexpected character %C" c
  in
  go 0 []
