(** Content types by file name. *)

val of_name : string -> string
(** The media type that a file's extension stands for, in any case of letters;
    ["application/octet-stream"] for one that isn't known. Texts are taken to be
    UTF-8. *)
