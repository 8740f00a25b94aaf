open Fserv

let exit_failed = 1
let exit_usage = 2

let complain message = Printf.eprintf "fserv: error: %s\n" message

let fail message =
  complain message;
  exit exit_failed

let serve options =
  match Engine.use_libev () with
  | Error message -> fail message
  | Ok () -> (
      match Lwt_main.run (Server.run options) with
      | Ok () -> ()
      | Error message -> fail message)

let () =
  match Options.parse (List.tl (Array.to_list Sys.argv)) with
  | Ok Help -> print_string Options.help
  | Ok Version ->
      Printf.printf "fserv %s (engine %s, TLS by OpenSSL, OCaml %s)\n"
        Options.version (Engine.name ()) Sys.ocaml_version
  | Ok (Serve options) -> serve options
  | Error message ->
      complain message;
      prerr_endline "fserv: hint: `fserv --help` lists the options";
      exit exit_usage
