(** Cuts an expression into tokens. *)

type token =
  | Number of Z.t
  | Operator of char  (** one of [+ - * / % ^ !] *)
  | Open
  | Close
  | End  (** always the last one *)

type t = { token : token; column : int  (** counted in bytes from 1 *) }

val tokens : string -> t list
(** Numbers are decimal, or hexadecimal, octal and binary after [0x], [0o] and
    [0b]; an underscore may stand between digits.
    @raise Mistake.Found at what is no token. *)

val describe : token -> string
(** A token as messages call it. *)
