(** TLS through OpenSSL. *)

val context : cert:string -> key:string -> (Ssl.context, string) result
(** A server's context for TLS 1.2 and 1.3 with the certificate chain and the
    key of two PEM files. A key that asks for a password is refused. [Error] is
    a message of one line that names the file. *)
