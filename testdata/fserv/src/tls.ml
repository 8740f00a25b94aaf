let check_readable file =
  match open_in_bin file with
  | channel ->
      close_in channel;
      Ok ()
  | exception Sys_error message -> Error message

let[@alert "-deprecated"] create () =
  let context = Ssl.create_context Ssl.SSLv23 Ssl.Server_context in
  Ssl.disable_protocols context [ Ssl.SSLv23; Ssl.SSLv3; Ssl.TLSv1; Ssl.TLSv1_1 ];
  context

let load ~cert ~key =
  Ssl.init ();
  let context = create () in
  Ssl.set_password_callback context (fun _ -> "");
  match Ssl.use_certificate context cert key with
  | () -> Ok context
  | exception Ssl.Certificate_error _ ->
      Error (Printf.sprintf "%s: not a certificate in PEM" cert)
  | exception Ssl.Private_key_error _ ->
      Error
        (Printf.sprintf
           "%s: not a key in PEM without a password, or not the key of %s" key
           cert)
  | exception Ssl.Unmatching_keys ->
      Error (Printf.sprintf "%s: not the key of %s" key cert)

let context ~cert ~key =
  match (check_readable cert, check_readable key) with
  | Ok (), Ok () -> load ~cert ~key
  | Error message, _ | _, Error message -> Error message
