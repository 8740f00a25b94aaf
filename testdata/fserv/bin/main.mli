(* The program: reads the command line, serves until it is told to stop. *)
