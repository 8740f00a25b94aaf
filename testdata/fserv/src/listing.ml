type entry = { name : string; folder : bool; size : int; modified : int }

let escape s =
  let out = Buffer.create (String.length s) in
  let add = function
    | '&' -> Buffer.add_string out "&amp;"
    | '<' -> Buffer.add_string out "&lt;"
    | '>' -> Buffer.add_string out "&gt;"
    | '"' -> Buffer.add_string out "&quot;"
    | '\'' -> Buffer.add_string out "&#39;"
    | c -> Buffer.add_char out c
  in
  String.iter add s;
  Buffer.contents out

let compare_entries a b =
  match Bool.compare b.folder a.folder with
  | 0 -> String.compare a.name b.name
  | order -> order

let row entry =
  let slash = if entry.folder then "/" else "" in
  let size = if entry.folder then "" else string_of_int entry.size in
  Printf.sprintf
    "<tr><td><a href=\"%s%s\">%s%s</a></td><td class=\"size\">%s</td><td>%s</td></tr>\n"
    (Target.encode entry.name) slash (escape entry.name) slash size
    (Http_date.print entry.modified)

let up path =
  if path = [] then ""
  else "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n"

let page ~path entries =
  let title =
    escape ("/" ^ String.concat "" (List.map (fun name -> name ^ "/") path))
  in
  Printf.sprintf
    {|<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>%s</title>
<style>body { font-family: sans-serif } td { padding-right: 2em } .size { text-align: right }</style>
</head>
<body>
<h1>%s</h1>
<table>
%s%s</table>
</body>
</html>
|}
    title title (up path)
    (String.concat "" (List.map row (List.sort compare_entries entries)))
