open Lwt.Syntax

let idle_seconds = 30.
let handshake_seconds = 10.
let grace_seconds = 5.
let backlog = 128

(* {1 A connection} *)

type event = Request of string | Refuse of int | End

let next_event ~stop connection =
  let head =
    let* head = Connection.read_head connection in
    match head with
    | Head head -> Lwt.return (Request head)
    | Too_large -> Lwt.return (Refuse 431)
    | Closed -> Lwt.return End
  in
  let timeout =
    let* () = Lwt_unix.sleep idle_seconds in
    Lwt.return (Refuse 408)
  in
  Lwt.pick [ head; timeout; Lwt.map (fun () -> End) stop ]

let log_line (request : Request.t) (response : Response.t) =
  Printf.sprintf "%s %s %d" request.meth
    (String.escaped request.target)
    response.status

let rec serve_requests ~log ~stop ~root connection =
  let refuse status =
    Response.send connection ~head_only:false ~keep_alive:false
      (Response.error status)
  in
  let* event = next_event ~stop connection in
  match event with
  | End -> Lwt.return_unit
  | Refuse status -> refuse status
  | Request head -> (
      match Request.parse head with
      | Error status -> refuse status
      | Ok request ->
          let* response = Handler.respond ~root request in
          log (log_line request response);
          let keep_alive = Request.keep_alive request && Lwt.is_sleeping stop in
          let head_only = request.meth = "HEAD" in
          let* () = Response.send connection ~head_only ~keep_alive response in
          if keep_alive then serve_requests ~log ~stop ~root connection
          else Lwt.return_unit)

(* What goes wrong here is the client's leaving in the middle: of no interest. *)
let quietly f = Lwt.catch f (fun _ -> Lwt.return_unit)

let serve_connection ?(log = ignore) ~stop ~root socket =
  let connection = Connection.make socket in
  let* () = quietly (fun () -> serve_requests ~log ~stop ~root connection) in
  Connection.close connection

(* {1 Accepting} *)

type state = {
  root : string;
  tls : Ssl.context option;
  log : string -> unit;
  stop : unit Lwt.t;
  mutable active : int;
  quiet : unit Lwt_condition.t;  (** signalled when [active] falls to 0 *)
}

let handshake state descriptor =
  match state.tls with
  | None -> Lwt.return (Lwt_ssl.plain descriptor)
  | Some context ->
      Lwt_unix.with_timeout handshake_seconds (fun () ->
          Lwt_ssl.ssl_accept descriptor context)

let serve_descriptor state descriptor =
  Lwt.catch
    (fun () ->
      let* socket = handshake state descriptor in
      serve_connection ~log:state.log ~stop:state.stop ~root:state.root socket)
    (fun _ -> quietly (fun () -> Lwt_unix.close descriptor))

let start_serving state descriptor =
  state.active <- state.active + 1;
  Lwt.async (fun () ->
      let* () = serve_descriptor state descriptor in
      state.active <- state.active - 1;
      if state.active = 0 then Lwt_condition.broadcast state.quiet ();
      Lwt.return_unit)

let accept state listener =
  let* descriptor, _ = Lwt_unix.accept ~cloexec:true listener in
  (try Lwt_unix.setsockopt descriptor Unix.TCP_NODELAY true
   with Unix.Unix_error _ -> ());
  start_serving state descriptor;
  Lwt.return_unit

(* A failing accept, as when there are no descriptors left, must not make the
   loop spin. *)
let rec accept_forever state listener =
  let* () =
    Lwt.catch
      (fun () -> accept state listener)
      (function
        | Unix.Unix_error _ -> Lwt_unix.sleep 0.1 | error -> Lwt.fail error)
  in
  accept_forever state listener

let wait_until_quiet state =
  if state.active = 0 then Lwt.return_unit
  else
    Lwt.pick [ Lwt_condition.wait state.quiet; Lwt_unix.sleep grace_seconds ]

(* {1 Starting} *)

let print_address = function
  | Unix.ADDR_UNIX path -> path
  | Unix.ADDR_INET (address, port) ->
      let text = Unix.string_of_inet_addr address in
      let text = if String.contains text ':' then "[" ^ text ^ "]" else text in
      Printf.sprintf "%s:%d" text port

let real_folder folder =
  match Unix.realpath folder with
  | path when Sys.is_directory path -> Ok path
  | _ -> Error (Printf.sprintf "%s: not a folder" folder)
  | exception Unix.Unix_error (error, _, _) ->
      Error (Printf.sprintf "%s: %s" folder (Unix.error_message error))

let tls_context = function
  | None -> Ok None
  | Some (cert, key) -> Result.map Option.some (Tls.context ~cert ~key)

let listen (options : Options.t) =
  let address = Unix.ADDR_INET (options.address, options.port) in
  let domain = Unix.domain_of_sockaddr address in
  Lwt.catch
    (fun () ->
      let listener = Lwt_unix.socket ~cloexec:true domain SOCK_STREAM 0 in
      Lwt_unix.setsockopt listener SO_REUSEADDR true;
      let* () = Lwt_unix.bind listener address in
      Lwt_unix.listen listener backlog;
      Lwt.return_ok listener)
    (function
      | Unix.Unix_error (error, _, _) ->
          Lwt.return_error
            (Printf.sprintf "listening on %s: %s" (print_address address)
               (Unix.error_message error))
      | error -> Lwt.fail error)

let stop_signal () =
  let stop, wake = Lwt.wait () in
  let on_signal _ = if Lwt.is_sleeping stop then Lwt.wakeup_later wake () in
  List.iter
    (fun signal -> ignore (Lwt_unix.on_signal signal on_signal))
    [ Sys.sigint; Sys.sigterm ];
  Sys.set_signal Sys.sigpipe Sys.Signal_ignore;
  stop

let announce tls listener =
  Printf.printf "listening on %s://%s\n%!"
    (if tls = None then "http" else "https")
    (print_address (Lwt_unix.getsockname listener))

let serve ~root ~tls ~verbose listener =
  let state =
    {
      root;
      tls;
      log = (if verbose then prerr_endline else ignore);
      stop = stop_signal ();
      active = 0;
      quiet = Lwt_condition.create ();
    }
  in
  announce tls listener;
  let* () = Lwt.pick [ accept_forever state listener; state.stop ] in
  let* () = Lwt_unix.close listener in
  wait_until_quiet state

let run (options : Options.t) =
  match (real_folder options.root, tls_context options.tls) with
  | Error message, _ | _, Error message -> Lwt.return_error message
  | Ok root, Ok tls -> (
      let* listener = listen options in
      match listener with
      | Error message -> Lwt.return_error message
      | Ok listener ->
          Lwt.map Result.ok (serve ~root ~tls ~verbose:options.verbose listener))
