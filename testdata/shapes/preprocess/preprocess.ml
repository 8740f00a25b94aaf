(* Replaces SHAPE in a source file by the name in the first argument. *)

let () =
  let name = Printf.sprintf "%S" Sys.argv.(1) in
  let source = open_in_bin Sys.argv.(2) in
  let words = String.split_on_char ' ' (really_input_string source (in_channel_length source)) in
  print_string
    (String.concat " " (List.map (fun w -> if w = "SHAPE" then name else w) words))
