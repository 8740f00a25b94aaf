type t = Whole | Part of { first : int; last : int } | Unsatisfiable

(* A number of any length; beyond what a file can have, the greatest one. *)
let number s =
  if s <> "" && String.for_all (fun c -> c >= '0' && c <= '9') s then
    Some (Option.value (int_of_string_opt s) ~default:max_int)
  else None

let from ~size first last =
  if first >= size then Unsatisfiable
  else Part { first; last = min last (size - 1) }

let suffix ~size length =
  if length = 0 || size = 0 then Unsatisfiable
  else Part { first = max 0 (size - length); last = size - 1 }

let parse_one ~size spec =
  match String.split_on_char '-' spec with
  | [ ""; last ] -> (
      match number last with
      | Some length -> suffix ~size length
      | None -> Whole)
  | [ first; "" ] -> (
      match number first with
      | Some first -> from ~size first max_int
      | None -> Whole)
  | [ first; last ] -> (
      match (number first, number last) with
      | Some first, Some last when first <= last -> from ~size first last
      | _ -> Whole)
  | _ -> Whole

let parse ~size value =
  match String.split_on_char '=' value with
  | [ unit; spec ] when String.lowercase_ascii (String.trim unit) = "bytes" ->
      parse_one ~size (String.trim spec)
  | _ -> Whole
