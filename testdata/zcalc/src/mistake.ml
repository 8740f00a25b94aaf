type t = { column : int; message : string }

exception Found of t

let raise_at column format =
  Printf.ksprintf (fun message -> raise (Found { column; message })) format

let to_string { column; message } =
  Printf.sprintf "column %d: %s" column message
