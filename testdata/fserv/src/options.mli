(** The command line. *)

type t = {
  root : string;  (** the folder to serve, as given *)
  address : Unix.inet_addr;  (** where to listen *)
  port : int;  (** 0–65535; 0 lets the system choose a free one *)
  tls : (string * string) option;
      (** files of a certificate chain and of its key, in PEM; [None] for
          plain HTTP *)
  verbose : bool;  (** a line on standard error for each request *)
}

type action = Serve of t | Help | Version

val version : string
val help : string

val parse : string list -> (action, string) result
(** Reads the arguments that follow the program's name. [--help] and
    [--version] win over everything after them. [Error] is a message of one
    line. *)
