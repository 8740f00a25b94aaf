(* Tests of the parts, and of whole connections over a pair of sockets: no
   network is needed. *)

open Fserv
open Lwt.Syntax

let failures = ref 0

let check name ok =
  if not ok then (
    incr failures;
    Printf.printf "FAIL %s\n%!" name)

let check_string name ~want got =
  check (Printf.sprintf "%s: want %S, got %S" name want got) (want = got)

let contains text part =
  let length = String.length part in
  let rec at i =
    i + length <= String.length text
    && (String.sub text i length = part || at (i + 1))
  in
  at 0

let starts_with prefix text =
  String.length text >= String.length prefix
  && String.sub text 0 (String.length prefix) = prefix

(* {1 Parts} *)

let test_target () =
  let show target =
    match Target.parse target with
    | Ok t -> Target.print t
    | Error _ -> "refused"
  in
  let cases =
    [
      ("/", "/");
      ("/a/b", "/a/b");
      ("/a/b/?q=1", "/a/b/");
      ("//evil.example/x", "/evil.example/x");
      ("/a%20b", "/a%20b");
      ("/%c3%a9", "/%C3%A9");
      ("/a/./b//c", "/a/b/c");
      ("http://host:80/a", "/a");
      ("http://host", "/");
      ("/..", "refused");
      ("/a/../b", "refused");
      ("/%2e%2e/etc/passwd", "refused");
      ("/.%2E/x", "refused");
      ("/..%2f..%2fetc", "refused");
      ("/a%00b", "refused");
      ("/a%4", "refused");
      ("/a%zz", "refused");
      ("*", "refused");
      ("", "refused");
      ("/...", "/...");
    ]
  in
  List.iter
    (fun (target, want) ->
      check_string ("target " ^ target) ~want (show target))
    cases

let test_range () =
  let show value =
    match Range.parse ~size:10 value with
    | Whole -> "whole"
    | Unsatisfiable -> "unsatisfiable"
    | Part { first; last } -> Printf.sprintf "%d-%d" first last
  in
  let cases =
    [
      ("bytes=0-0", "0-0");
      ("bytes=2-5", "2-5");
      ("bytes=2-", "2-9");
      ("bytes=2-99", "2-9");
      ("bytes=-3", "7-9");
      ("bytes=-99", "0-9");
      ("Bytes=1-2", "1-2");
      ("bytes=10-", "unsatisfiable");
      ("bytes=-0", "unsatisfiable");
      ("bytes=99999999999999999999-", "unsatisfiable");
      ("bytes=0-99999999999999999999", "0-9");
      ("bytes=5-2", "whole");
      ("bytes=0-1,4-5", "whole");
      ("bytes=0x1-2", "whole");
      ("bytes=-", "whole");
      ("lines=1-2", "whole");
      ("", "whole");
    ]
  in
  List.iter
    (fun (value, want) -> check_string ("range " ^ value) ~want (show value))
    cases;
  check "range of an empty file"
    (Range.parse ~size:0 "bytes=-1" = Range.Unsatisfiable)

let test_date () =
  let want = "Sun, 06 Nov 1994 08:49:37 GMT" in
  check_string "date" ~want (Http_date.print 784111777);
  List.iter
    (fun seconds ->
      check
        (Printf.sprintf "date %d" seconds)
        (Http_date.parse (Http_date.print seconds) = Some seconds))
    [ 0; 951782400; 951868799; 1709164800; 4102444799; 784111777 ];
  List.iter
    (fun text -> check ("no date: " ^ text) (Http_date.parse text = None))
    [ ""; "yesterday"; "Sun, 06 Nov 1994"; want ^ "x"; "Sun, 06 Foo 1994 08:49:37 GMT" ]

let test_listing () =
  let entry name folder =
    { Listing.name; folder; size = 12; modified = 784111777 }
  in
  let page =
    Listing.page ~path:[ "a&b" ]
      [ entry "<script>\".txt" false; entry "zoo" true ]
  in
  check "listing escapes names" (contains page "&lt;script&gt;&quot;.txt");
  check "listing encodes links" (contains page "href=\"%3Cscript%3E%22.txt\"");
  check "listing escapes its title" (contains page "<title>/a&amp;b/</title>");
  check "listing has no raw markup" (not (contains page "<script>"));
  check "listing links folders" (contains page "href=\"zoo/\"")

let test_mime () =
  check_string "mime" ~want:"text/html; charset=utf-8" (Mime.of_name "A.HTML");
  check_string "mime" ~want:"application/octet-stream" (Mime.of_name "README")

let test_options () =
  let parse line = Options.parse (String.split_on_char ' ' line) in
  let refused line =
    check ("refused: " ^ line) (Result.is_error (parse line))
  in
  List.iter refused
    [
      "--port 65536"; "--port x"; "--port"; "--port -1"; "--prot 1"; "a b";
      "--tls-cert c"; "--tls-key k"; "--address example.org"; "--root a b";
      "--help=x";
    ];
  (match parse "-p 0 --address=::1 --tls-cert=c --tls-key k -v dir" with
  | Ok (Serve options) ->
      check "options"
        (options.port = 0 && options.root = "dir" && options.verbose
        && options.tls = Some ("c", "k")
        && options.address = Unix.inet6_addr_loopback)
  | _ -> check "options are read" false);
  check "help wins" (parse "--help --nonsense" = Ok Help);
  check "version" (parse "-V" = Ok Version)

(* {1 Connections} *)

let with_folder f =
  let root = Filename.temp_file "fserv" "" in
  Sys.remove root;
  Unix.mkdir root 0o700;
  let write name text =
    let channel = open_out_bin (Filename.concat root name) in
    output_string channel text;
    close_out channel
  in
  Unix.mkdir (Filename.concat root "sub") 0o700;
  write "hello.txt" "0123456789";
  write "big" (String.init 1_000_000 (fun i -> Char.chr (i mod 251)));
  Unix.symlink "/" (Filename.concat root "out");
  Unix.symlink "hello.txt" (Filename.concat root "in");
  Fun.protect
    (fun () -> f (Unix.realpath root))
    ~finally:(fun () ->
      List.iter
        (fun name -> Sys.remove (Filename.concat root name))
        [ "hello.txt"; "big"; "out"; "in" ];
      Unix.rmdir (Filename.concat root "sub");
      Unix.rmdir root)

(* Everything the server says to a client that sends [text] and closes its
   side. *)
let talk root text =
  let client, server = Lwt_unix.socketpair PF_UNIX SOCK_STREAM 0 in
  let stop, _ = Lwt.wait () in
  let serving = Server.serve_connection ~stop ~root (Lwt_ssl.plain server) in
  let* sent = Lwt_unix.write_string client text 0 (String.length text) in
  assert (sent = String.length text);
  Lwt_unix.shutdown client SHUTDOWN_SEND;
  let channel = Lwt_io.of_fd ~mode:Lwt_io.input client in
  let* answer = Lwt_io.read channel in
  let* () = serving in
  let* () = Lwt_io.close channel in
  Lwt.return answer

let get ?(meth = "GET") ?(headers = "") path =
  Printf.sprintf "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n" meth path headers

let body answer =
  let rec find i =
    if String.sub answer i 4 = "\r\n\r\n" then i + 4 else find (i + 1)
  in
  let start = find 0 in
  String.sub answer start (String.length answer - start)

let expect root name request parts =
  let* answer = talk root request in
  List.iter
    (fun part ->
      check (Printf.sprintf "%s: %S in %S" name part answer) (contains answer part))
    parts;
  Lwt.return answer

let ignore_answer promise = Lwt.map (fun (_ : string) -> ()) promise

let test_files root =
  let* answer =
    expect root "file" (get "/hello.txt")
      [ "HTTP/1.1 200 OK\r\n"; "Content-Type: text/plain"; "Content-Length: 10\r\n" ]
  in
  check_string "file's bytes" ~want:"0123456789" (body answer);
  let* answer = talk root (get "/big") in
  check "big file's length" (String.length (body answer) = 1_000_000);
  let* answer =
    expect root "head" (get ~meth:"HEAD" "/big") [ "Content-Length: 1000000\r\n" ]
  in
  check_string "head has no body" ~want:"" (body answer);
  let* answer =
    expect root "range"
      (get ~headers:"Range: bytes=2-5\r\n" "/hello.txt")
      [ "HTTP/1.1 206 "; "Content-Range: bytes 2-5/10\r\n" ]
  in
  check_string "range's bytes" ~want:"2345" (body answer);
  let* () =
    ignore_answer
      (expect root "range beyond the end"
         (get ~headers:"Range: bytes=10-\r\n" "/hello.txt")
         [ "HTTP/1.1 416 "; "Content-Range: bytes */10\r\n" ])
  in
  ignore_answer (expect root "link inside" (get "/in") [ " 200 "; "0123456789" ])

let test_refusals root =
  Lwt_list.iter_s
    (fun (request, parts) -> ignore_answer (expect root request request parts))
    [
      (get "/nothing", [ "HTTP/1.1 404 " ]);
      (get "/hello.txt/", [ "HTTP/1.1 404 " ]);
      (get "/out/etc/passwd", [ "HTTP/1.1 403 " ]);
      (get "/out", [ "HTTP/1.1 403 " ]);
      (get "/../x", [ "HTTP/1.1 400 " ]);
      (get "/%2e%2e/x", [ "HTTP/1.1 400 " ]);
      (get ~meth:"POST" "/hello.txt", [ "HTTP/1.1 405 "; "Allow: GET, HEAD\r\n" ]);
      ("GET / HTTP/1.1\r\n\r\n", [ "HTTP/1.1 400 " ]);
      ("GET / HTTP/2.0\r\n\r\n", [ "HTTP/1.1 505 " ]);
      ("nonsense\r\n\r\n", [ "HTTP/1.1 400 " ]);
      ( get ~headers:("X: " ^ String.make Connection.max_head 'x' ^ "\r\n") "/",
        [ "HTTP/1.1 431 " ] );
      (get "/sub", [ "HTTP/1.1 301 "; "Location: /sub/\r\n" ]);
      (get "/sub/", [ "HTTP/1.1 200 "; "../" ]);
      (get "/", [ "HTTP/1.1 200 "; "hello.txt"; "sub/" ]);
    ]

let test_conditions root =
  let stat = Unix.stat (Filename.concat root "hello.txt") in
  let date = Http_date.print (int_of_float stat.st_mtime) in
  let with_header header = get ~headers:(header ^ "\r\n") "/hello.txt" in
  Lwt_list.iter_s
    (fun (header, status) ->
      ignore_answer
        (expect root header (with_header header) [ "HTTP/1.1 " ^ status ]))
    [
      ("If-Modified-Since: " ^ date, "304");
      ("If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "200");
      ("If-None-Match: *", "304");
      ("If-None-Match: \"other\"", "200");
      ("If-Range: \"other\"\r\nRange: bytes=0-1", "200");
      ("If-Range: " ^ date ^ "\r\nRange: bytes=0-1", "206");
    ]

let count_answers answer =
  let rec count i n =
    if i + 9 > String.length answer then n
    else count (i + 1) (if String.sub answer i 9 = "HTTP/1.1 " then n + 1 else n)
  in
  count 0 0

let test_keep_alive root =
  let expect_count name request want =
    let* answer = talk root request in
    check
      (Printf.sprintf "%s: %d answers" name want)
      (count_answers answer = want && starts_with "HTTP/1.1 " answer);
    Lwt.return_unit
  in
  let one = get ~meth:"HEAD" "/hello.txt" in
  let* () = expect_count "pipelined" (one ^ "\r\n" ^ one ^ one) 3 in
  let* () =
    expect_count "closed"
      (get ~meth:"HEAD" ~headers:"Connection: Close\r\n" "/big" ^ one)
      1
  in
  let* () =
    expect_count "after a body"
      (get ~meth:"POST" ~headers:"Content-Length: 5\r\n" "/" ^ "12345" ^ one)
      1
  in
  expect_count "1.0" ("HEAD /big HTTP/1.0\r\n\r\n" ^ one) 1

let () =
  List.iter
    (fun test -> test ())
    [ test_target; test_range; test_date; test_listing; test_mime; test_options ];
  with_folder (fun root ->
      Lwt_main.run
        (Lwt_list.iter_s
           (fun test -> test root)
           [ test_files; test_refusals; test_conditions; test_keep_alive ]));
  if !failures > 0 then exit 1
