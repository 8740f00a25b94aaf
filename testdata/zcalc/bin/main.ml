open Cmdliner
open Zcalc

let exit_failed = 1
let exit_usage = 2

(* Prints a value or complains; [prefix] says where the expression came from. *)
let compute ~hex ~prefix text =
  match Eval.expression text with
  | Ok n ->
      print_endline (Eval.print ~hex n);
      true
  | Error mistake ->
      Printf.eprintf "zcalc: error: %s%s\n%!" prefix (Mistake.to_string mistake);
      false

let is_skipped line =
  let line = String.trim line in
  line = "" || line.[0] = '#'

let compute_lines ~hex channel =
  let rec go number ok =
    match input_line channel with
    | exception End_of_file -> ok
    | line when is_skipped line -> go (number + 1) ok
    | line ->
        let prefix = Printf.sprintf "line %d, " number in
        let fine = compute ~hex ~prefix line in
        go (number + 1) (ok && fine)
  in
  go 1 true

let run hex expression =
  let ok =
    match expression with
    | Some text -> compute ~hex ~prefix:"" text
    | None -> compute_lines ~hex stdin
  in
  if ok then 0 else exit_failed

let hex =
  Arg.(value & flag & info [ "x"; "hex" ] ~doc:"Print results in hexadecimal.")

let expression =
  let doc =
    "The expression to compute. Without it, each line of standard input is \
     one; empty lines and lines that begin with # are skipped."
  in
  Arg.(value & pos 0 (some string) None & info [] ~docv:"EXPRESSION" ~doc)

let man =
  [
    `S Manpage.s_description;
    `P
      "Computes with integers of any size. The operators are + - * / % ^ and \
       the postfix ! for factorials, which binds tightest; then comes ^, which \
       binds to the right. Numbers may be written in decimal, hexadecimal (0x), octal (0o) or \
       binary (0b).";
    `S Manpage.s_examples;
    `Pre "zcalc '2^200 + 3*(7-1)'";
    `Pre "zcalc --hex -- '-0xff * 2'";
    `Pre "seq 10 | sed 's/\\$/!/' | zcalc";
  ]

let exits =
  [
    Cmd.Exit.info 0 ~doc:"on success.";
    Cmd.Exit.info exit_failed ~doc:"when an expression can't be computed.";
    Cmd.Exit.info exit_usage ~doc:"on a mistake in the command line.";
  ]

let command =
  let doc = "a calculator for integers of any size" in
  Cmd.v
    (Cmd.info "zcalc" ~version:"zcalc 1.0" ~doc ~man ~exits)
    Term.(const run $ hex $ expression)

let () =
  match Cmd.eval_value command with
  | Ok (`Ok code) -> exit code
  | Ok (`Version | `Help) -> exit 0
  | Error (`Parse | `Term) -> exit exit_usage
  | Error `Exn -> exit Cmd.Exit.internal_error
