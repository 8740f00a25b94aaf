type expression = { shape : shape; column : int }

and shape =
  | Number of Z.t
  | Negate of expression
  | Factorial of expression
  | Binary of char * expression * expression

type state = { mutable rest : Lexer.t list; mutable depth : int }

let max_depth = 1000

let peek state =
  match state.rest with
  | token :: _ -> token
  | [] -> assert false (* Lexer.End is never taken *)

let skip state = state.rest <- List.tl state.rest

let nested state column f =
  state.depth <- state.depth + 1;
  if state.depth > max_depth then Mistake.raise_at column "nested too deeply";
  let result = f state in
  state.depth <- state.depth - 1;
  result

(* One operand, then as many more as operators of [operators] follow. *)
let left_associative operators operand state =
  let rec more left =
    match peek state with
    | { token = Operator c; column } when List.mem c operators ->
        skip state;
        more { shape = Binary (c, left, operand state); column }
    | _ -> left
  in
  more (operand state)

let rec sum state = left_associative [ '+'; '-' ] product state
and product state = left_associative [ '*'; '/'; '%' ] unary state

and unary state =
  match peek state with
  | { token = Operator '-'; column } ->
      skip state;
      { shape = Negate (nested state column unary); column }
  | { token = Operator '+'; column } ->
      skip state;
      nested state column unary
  | _ -> power state

and power state =
  let base = postfix state in
  match peek state with
  | { token = Operator '^'; column } ->
      skip state;
      { shape = Binary ('^', base, nested state column unary); column }
  | _ -> base

and postfix state =
  let rec more operand =
    match peek state with
    | { token = Operator '!'; column } ->
        skip state;
        more { shape = Factorial operand; column }
    | _ -> operand
  in
  more (atom state)

and atom state =
  match peek state with
  | { token = Number n; column } ->
      skip state;
      { shape = Number n; column }
  | { token = Open; column } ->
      skip state;
      let inner = nested state column sum in
      close state ~opened:column;
      inner
  | { token; column } ->
      Mistake.raise_at column "expected a number or '(', found %s"
        (Lexer.describe token)

and close state ~opened =
  match peek state with
  | { token = Close; _ } -> skip state
  | { token; column } ->
      Mistake.raise_at column "expected ')' for the '(' of column %d, found %s"
        opened (Lexer.describe token)

let parse text =
  let state = { rest = Lexer.tokens text; depth = 0 } in
  let expression = sum state in
  match peek state with
  | { token = End; _ } -> expression
  | { token; column } ->
      Mistake.raise_at column "expected an operator, found %s"
        (Lexer.describe token)
