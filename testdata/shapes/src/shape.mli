(** What every executable of the shapes does. *)

val greet : string -> unit
(** Prints one line: the shape's name, and what a C stub, a thread and Unix give,
    ["NAME: 24 from C, 42 from a thread, pid ok"]. *)
