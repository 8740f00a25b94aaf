type t = { segments : string list; folder : bool }

let hex c =
  match c with
  | '0' .. '9' -> Some (Char.code c - Char.code '0')
  | 'a' .. 'f' -> Some (Char.code c - Char.code 'a' + 10)
  | 'A' .. 'F' -> Some (Char.code c - Char.code 'A' + 10)
  | _ -> None

let decode s =
  let length = String.length s in
  let out = Buffer.create length in
  let rec go i =
    if i = length then Ok (Buffer.contents out)
    else if s.[i] <> '%' then (
      Buffer.add_char out s.[i];
      go (i + 1))
    else if i + 2 >= length then Error "a percent sign without two hex digits"
    else
      match (hex s.[i + 1], hex s.[i + 2]) with
      | Some high, Some low ->
          Buffer.add_char out (Char.chr ((high * 16) + low));
          go (i + 3)
      | _ -> Error "a percent sign without two hex digits"
  in
  go 0

let decode_segment s =
  match decode s with
  | Error _ as error -> error
  | Ok ".." -> Error "a path that steps up"
  | Ok name when String.contains name '/' || String.contains name '\000' ->
      Error "a name with a slash or a NUL"
  | Ok _ as ok -> ok

let rec decode_all = function
  | [] -> Ok []
  | segment :: rest -> (
      match decode_segment segment with
      | Error _ as error -> error
      | Ok name -> (
          match decode_all rest with
          | Ok names when name = "" || name = "." -> Ok names
          | Ok names -> Ok (name :: names)
          | Error _ as error -> error))

let before c s =
  match String.index_opt s c with Some i -> String.sub s 0 i | None -> s

(* Drops [http://host] of an absolute form. *)
let path_of target =
  let starts prefix =
    String.length target >= String.length prefix
    && String.lowercase_ascii (String.sub target 0 (String.length prefix))
       = prefix
  in
  let after_host start =
    match String.index_from_opt target start '/' with
    | Some i -> String.sub target i (String.length target - i)
    | None -> "/"
  in
  if starts "http://" then after_host 7
  else if starts "https://" then after_host 8
  else target

let parse target =
  let path = before '?' (before '#' (path_of target)) in
  if path = "" || path.[0] <> '/' then Error "a target that is not a path"
  else
    let last = List.hd (List.rev (String.split_on_char '/' path)) in
    match decode_all (String.split_on_char '/' path) with
    | Ok segments -> Ok { segments; folder = last = "" || last = "." }
    | Error _ as error -> error

let encode name =
  let out = Buffer.create (String.length name) in
  let add = function
    | ('A' .. 'Z' | 'a' .. 'z' | '0' .. '9' | '-' | '.' | '_' | '~') as c ->
        Buffer.add_char out c
    | c -> Printf.bprintf out "%%%02X" (Char.code c)
  in
  String.iter add name;
  Buffer.contents out

let print { segments; folder } =
  let path = "/" ^ String.concat "/" (List.map encode segments) in
  if folder && segments <> [] then path ^ "/" else path
