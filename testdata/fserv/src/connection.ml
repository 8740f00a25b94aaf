open Lwt.Syntax

type t = {
  socket : Lwt_ssl.socket;
  buffer : Bytes.t;  (** what was read and not yet used is at its beginning *)
  mutable filled : int;
}

type head = Head of string | Too_large | Closed

exception Cut_short

let max_head = 16 * 1024
let chunk_size = 64 * 1024
let write_seconds = 60.
let goodbye_seconds = 1.
let make socket = { socket; buffer = Bytes.create max_head; filled = 0 }

let drop t count =
  Bytes.blit t.buffer count t.buffer 0 (t.filled - count);
  t.filled <- t.filled - count

(* A client may send an empty line before a request (RFC 9112, 2.2). *)
let rec drop_empty_lines t =
  if t.filled > 0 && Bytes.get t.buffer 0 = '\n' then (
    drop t 1;
    drop_empty_lines t)
  else if t.filled > 1 && Bytes.sub_string t.buffer 0 2 = "\r\n" then (
    drop t 2;
    drop_empty_lines t)

(* Where the head ends and how long its end is. *)
let end_of_head t =
  let at i = if i < t.filled then Bytes.get t.buffer i else '\000' in
  let rec find i =
    if i >= t.filled then None
    else if at i <> '\n' then find (i + 1)
    else if at (i + 1) = '\n' then Some (i, 2)
    else if at (i + 1) = '\r' && at (i + 2) = '\n' then Some (i, 3)
    else find (i + 1)
  in
  find 0

let take_head t stop ending =
  let stop' =
    if stop > 0 && Bytes.get t.buffer (stop - 1) = '\r' then stop - 1 else stop
  in
  let head = Bytes.sub_string t.buffer 0 stop' in
  drop t (stop + ending);
  Head head

let rec read_head t =
  drop_empty_lines t;
  match end_of_head t with
  | Some (stop, ending) -> Lwt.return (take_head t stop ending)
  | None when t.filled = max_head -> Lwt.return Too_large
  | None ->
      let* count =
        Lwt_ssl.read t.socket t.buffer t.filled (max_head - t.filled)
      in
      if count = 0 then Lwt.return Closed
      else (
        t.filled <- t.filled + count;
        read_head t)

let rec write_bytes t bytes offset length =
  if length = 0 then Lwt.return_unit
  else
    let* count =
      Lwt_unix.with_timeout write_seconds (fun () ->
          Lwt_ssl.write_bytes t.socket bytes offset length)
    in
    write_bytes t bytes (offset + count) (length - count)

let write t text =
  write_bytes t (Lwt_bytes.of_string text) 0 (String.length text)

let write_file t file ~offset ~length =
  let chunk = Lwt_bytes.create (min chunk_size (max length 1)) in
  let rec go left =
    if left = 0 then Lwt.return_unit
    else
      let* count =
        Lwt_bytes.read file chunk 0 (min left (Lwt_bytes.length chunk))
      in
      if count = 0 then Lwt.fail Cut_short
      else
        let* () = write_bytes t chunk 0 count in
        go (left - count)
  in
  let* _ = Lwt_unix.lseek file offset Unix.SEEK_SET in
  go length

let rec drain t =
  let* count = Lwt_ssl.read t.socket t.buffer 0 max_head in
  if count = 0 then Lwt.return_unit else drain t

let say_goodbye t =
  let* () = Lwt_ssl.ssl_shutdown t.socket in
  Lwt_ssl.shutdown t.socket Unix.SHUTDOWN_SEND;
  drain t

let quietly f = Lwt.catch f (fun _ -> Lwt.return_unit)

let close t =
  let* () =
    quietly (fun () ->
        Lwt_unix.with_timeout goodbye_seconds (fun () -> say_goodbye t))
  in
  quietly (fun () -> Lwt_ssl.close t.socket)
