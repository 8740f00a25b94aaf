open Lwt.Syntax

type body =
  | Nothing
  | Text of string
  | File of { file : Lwt_unix.file_descr; offset : int; length : int }

type t = { status : int; headers : (string * string) list; body : body }

let reason = function
  | 200 -> "OK"
  | 206 -> "Partial Content"
  | 301 -> "Moved Permanently"
  | 304 -> "Not Modified"
  | 400 -> "Bad Request"
  | 403 -> "Forbidden"
  | 404 -> "Not Found"
  | 405 -> "Method Not Allowed"
  | 408 -> "Request Timeout"
  | 416 -> "Range Not Satisfiable"
  | 431 -> "Request Header Fields Too Large"
  | 500 -> "Internal Server Error"
  | 505 -> "HTTP Version Not Supported"
  | _ -> "Unknown"

let error ?(headers = []) status =
  {
    status;
    headers = ("Content-Type", "text/plain; charset=utf-8") :: headers;
    body = Text (Printf.sprintf "%d %s\n" status (reason status));
  }

(* 304 has no body, and no length of one either. *)
let length_header t =
  match t.body with
  | Nothing when t.status = 304 -> []
  | Nothing -> [ ("Content-Length", "0") ]
  | Text text -> [ ("Content-Length", string_of_int (String.length text)) ]
  | File { length; _ } -> [ ("Content-Length", string_of_int length) ]

let head ~keep_alive t =
  let headers =
    [ ("Server", "fserv"); ("Date", Http_date.print (int_of_float (Unix.time ()))) ]
    @ t.headers @ length_header t
    @ [ ("Connection", if keep_alive then "keep-alive" else "close") ]
  in
  let out = Buffer.create 512 in
  Printf.bprintf out "HTTP/1.1 %d %s\r\n" t.status (reason t.status);
  List.iter (fun (name, value) -> Printf.bprintf out "%s: %s\r\n" name value) headers;
  Buffer.add_string out "\r\n";
  Buffer.contents out

let send_body connection = function
  | Nothing -> Lwt.return_unit
  | Text text -> Connection.write connection text
  | File { file; offset; length } ->
      Connection.write_file connection file ~offset ~length

let finish = function
  | File { file; _ } -> Lwt_unix.close file
  | Nothing | Text _ -> Lwt.return_unit

let send connection ~head_only ~keep_alive t =
  Lwt.finalize
    (fun () ->
      let* () = Connection.write connection (head ~keep_alive t) in
      if head_only then Lwt.return_unit else send_body connection t.body)
    (fun () -> finish t.body)
