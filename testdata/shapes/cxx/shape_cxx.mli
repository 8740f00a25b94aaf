(** Stubs in C++. *)

val half : int -> int
(** Half of an even number. Of an odd one, C++ throws and catches an exception,
    says ["caught odd, "], and the answer is -1. *)
