(* Tests of values and of mistakes with their columns. *)

open Zcalc

let failures = ref 0

let show ?(hex = false) text =
  match Eval.expression text with
  | Ok n -> Eval.print ~hex n
  | Error mistake -> Mistake.to_string mistake

let check ?hex text want =
  let got = show ?hex text in
  if got <> want then (
    incr failures;
    Printf.printf "FAIL %S: want %S, got %S\n%!" text want got)

let values =
  [
    ("1", "1");
    (" 1 + 2 * 3 ", "7");
    ("(1+2)*3", "9");
    ("10-3-2", "5");
    ("2^3^2", "512");
    ("-2^2", "-4");
    ("(-2)^3", "-8");
    ("2^-0", "1");
    ("--3", "3");
    ("-+3", "-3");
    ("-7/2", "-3");
    ("-7%2", "-1");
    ("5!", "120");
    ("3!!", "720");
    ("2^3!", "64");
    ("0xff + 0b101 + 0o17", "275");
    ("0xab", "171");
    ("1_000_000", "1000000");
    ("(-1)^99999999999999999999", "-1");
    ("0^0", "1");
    ( "2^200 + 3*(7-1)",
      "1606938044258990275541962092341162602522202993782792835301394" );
    ("30!/28!", "870");
  ]

let mistakes =
  [
    ("", "column 1: expected a number or '(', found the end");
    ("1 +", "column 4: expected a number or '(', found the end");
    ("1 2", "column 3: expected an operator, found 2");
    ("(1+2", "column 5: expected ')' for the '(' of column 1, found the end");
    ("1)", "column 2: expected an operator, found ')'");
    ("1/(2-2)", "column 2: division by zero");
    ("5 % 0", "column 3: division by zero");
    ("2^-1", "column 2: the exponent is negative");
    ("2^2^40", "column 2: the result is longer than 67108864 bits");
    ("(-1)!", "column 5: the factorial of a negative number");
    ("1000000!", "column 8: the factorial of more than 100000");
    ("1 + x", "column 5: unexpected character 'x'");
    ("12ab", "column 1: \"12ab\" is not a number");
    ("1_", "column 1: \"1_\" is not a number");
    ("0b", "column 1: \"0b\" is not a number");
    ("0x", "column 1: \"0x\" is not a number");
    (String.make 2000 '(', "column 1001: nested too deeply");
    (String.make 2000 '-' ^ "1", "column 1001: nested too deeply");
  ]

(* (a/b)*b + a%b = a, for all signs and for sizes around a machine word's. *)
let check_division () =
  let numbers = [ "3"; "-3"; "7"; "-7"; "2^62"; "-2^63"; "2^64+1"; "30!" ] in
  List.iter
    (fun a ->
      List.iter
        (fun b ->
          check
            (Printf.sprintf "(%s)/(%s)*(%s) + (%s)%%(%s) - (%s)" a b b a b a)
            "0")
        numbers)
    numbers

let () =
  List.iter (fun (text, want) -> check text want) (values @ mistakes);
  check ~hex:true "255" "0xff";
  check ~hex:true "-2^64" "-0x10000000000000000";
  check_division ();
  if !failures > 0 then exit 1
