type t = {
  meth : string;
  target : string;
  minor : int;
  headers : (string * string) list;
}

let header t name = List.assoc_opt name t.headers

(* RFC 9110, 5.6.2. *)
let is_token_char = function
  | 'A' .. 'Z' | 'a' .. 'z' | '0' .. '9' -> true
  | '!' | '#' | '$' | '%' | '&' | '\'' | '*' | '+' | '-' | '.' -> true
  | '^' | '_' | '`' | '|' | '~' -> true
  | _ -> false

let is_token s = s <> "" && String.for_all is_token_char s
let is_printable c = c > ' ' && c < '\127'

let parse_header line =
  match String.index_opt line ':' with
  | Some i when is_token (String.sub line 0 i) ->
      let value = String.sub line (i + 1) (String.length line - i - 1) in
      Some (String.lowercase_ascii (String.sub line 0 i), String.trim value)
  | _ -> None

let parse_headers lines =
  let headers = List.map parse_header lines in
  if List.mem None headers then None else Some (List.filter_map Fun.id headers)

let parse_first line =
  match String.split_on_char ' ' line with
  | [ meth; target; version ]
    when is_token meth && target <> "" && String.for_all is_printable target
    -> (
      match version with
      | "HTTP/1.1" -> Ok (meth, target, 1)
      | "HTTP/1.0" -> Ok (meth, target, 0)
      | _ when String.length version > 5 && String.sub version 0 5 = "HTTP/" ->
          Error 505
      | _ -> Error 400)
  | _ -> Error 400

let without_return line =
  let length = String.length line in
  if length > 0 && line.[length - 1] = '\r' then String.sub line 0 (length - 1)
  else line

let parse head =
  match List.map without_return (String.split_on_char '\n' head) with
  | [] -> Error 400
  | first :: rest -> (
      match (parse_first first, parse_headers rest) with
      | (Error _ as error), _ -> error
      | Ok _, None -> Error 400
      | Ok (_, _, 1), Some headers when not (List.mem_assoc "host" headers) ->
          Error 400
      | Ok (meth, target, minor), Some headers ->
          Ok { meth; target; minor; headers })

let has_body t =
  header t "transfer-encoding" <> None
  || match header t "content-length" with None | Some "0" -> false | _ -> true

let connection_options t =
  match header t "connection" with
  | None -> []
  | Some value ->
      List.map
        (fun option -> String.lowercase_ascii (String.trim option))
        (String.split_on_char ',' value)

let keep_alive t =
  let options = connection_options t in
  (not (has_body t))
  && (not (List.mem "close" options))
  && (t.minor >= 1 || List.mem "keep-alive" options)
