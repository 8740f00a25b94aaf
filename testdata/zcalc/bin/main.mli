(* The program: an expression from the command line, or one per line. *)
