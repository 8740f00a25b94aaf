type t = {
  root : string;
  address : Unix.inet_addr;
  port : int;
  tls : (string * string) option;
  verbose : bool;
}

type action = Serve of t | Help | Version

let version = "1.0"

let help =
  {|usage: fserv [OPTION]... [FOLDER]

Serves the files of FOLDER (default: the current one) by HTTP, or by HTTPS
when given a certificate and its key.

  -a, --address ADDRESS  listen on this IPv4 or IPv6 address (default: 127.0.0.1)
  -p, --port PORT        listen on this port; 0 takes a free one (default: 8080)
      --root FOLDER      the same as the argument FOLDER
      --tls-cert FILE    certificate chain, in PEM
      --tls-key FILE     key of the certificate, in PEM
  -v, --verbose          write a line to standard error for each request
  -h, --help             print this text
  -V, --version          print the version

When it is ready it prints a line such as
  listening on http://127.0.0.1:8080
It stops when it gets SIGINT or SIGTERM.

examples:
  fserv --port 0 /srv/files
  fserv --address 0.0.0.0 --tls-cert chain.pem --tls-key key.pem /srv/files
|}

exception Bad of string

let bad format = Printf.ksprintf (fun message -> raise (Bad message)) format

(* What was read so far; [None] where the command line was silent. *)
type partial = {
  folder : string option;
  cert : string option;
  key : string option;
  where : Unix.inet_addr;
  number : int;
  loud : bool;
}

let nothing =
  {
    folder = None;
    cert = None;
    key = None;
    where = Unix.inet_addr_loopback;
    number = 8080;
    loud = false;
  }

let is_digit c = c >= '0' && c <= '9'

let port_of_string s =
  match if String.for_all is_digit s then int_of_string_opt s else None with
  | Some n when n <= 65535 -> n
  | _ -> bad "%S is not a port (0 to 65535)" s

(* Names are not resolved: that would need the system's resolver, which a
   static executable may not have. *)
let address_of_string = function
  | "localhost" -> Unix.inet_addr_loopback
  | s -> (
      try Unix.inet_addr_of_string s
      with Failure _ -> bad "%S is not a numeric IPv4 or IPv6 address" s)

let set_folder partial folder =
  match partial.folder with
  | None -> { partial with folder = Some folder }
  | Some first -> bad "two folders given: %S and %S" first folder

let set partial option value =
  match option with
  | "-a" | "--address" -> { partial with where = address_of_string value }
  | "-p" | "--port" -> { partial with number = port_of_string value }
  | "--root" -> set_folder partial value
  | "--tls-cert" -> { partial with cert = Some value }
  | "--tls-key" -> { partial with key = Some value }
  | _ -> bad "unknown option %s" option

let takes_value = function
  | "-a" | "--address" | "-p" | "--port" | "--root" | "--tls-cert" | "--tls-key"
    ->
      true
  | _ -> false

(* ["--port=80"] is ["--port"] and ["80"]. *)
let split_equals argument =
  match String.index_opt argument '=' with
  | Some i when String.length argument > 2 && String.sub argument 0 2 = "--" ->
      Some
        ( String.sub argument 0 i,
          String.sub argument (i + 1) (String.length argument - i - 1) )
  | _ -> None

let finish partial =
  let tls =
    match (partial.cert, partial.key) with
    | Some cert, Some key -> Some (cert, key)
    | None, None -> None
    | Some _, None -> bad "--tls-cert needs --tls-key"
    | None, Some _ -> bad "--tls-key needs --tls-cert"
  in
  Serve
    {
      root = Option.value partial.folder ~default:".";
      address = partial.where;
      port = partial.number;
      tls;
      verbose = partial.loud;
    }

let rec scan partial = function
  | [] -> finish partial
  | ("-h" | "--help") :: _ -> Help
  | ("-V" | "--version") :: _ -> Version
  | ("-v" | "--verbose") :: rest -> scan { partial with loud = true } rest
  | "--" :: rest -> finish (List.fold_left set_folder partial rest)
  | option :: rest when takes_value option -> (
      match rest with
      | value :: rest -> scan (set partial option value) rest
      | [] -> bad "%s needs a value" option)
  | argument :: rest -> scan (scan_one partial argument) rest

and scan_one partial argument =
  match split_equals argument with
  | Some (option, value) -> set partial option value
  | None when String.length argument > 1 && argument.[0] = '-' ->
      bad "unknown option %s" argument
  | None -> set_folder partial argument

let parse arguments =
  match scan nothing arguments with
  | action -> Ok action
  | exception Bad message -> Error message
