open Lwt.Syntax

let status_of_error = function
  | Unix.ENOENT | Unix.ENOTDIR | Unix.ELOOP | Unix.ENAMETOOLONG -> 404
  | Unix.EACCES | Unix.EPERM -> 403
  | _ -> 500

let is_inside ~root path =
  let folder = if root = "/" then root else root ^ "/" in
  let length = String.length folder in
  path = root
  || (String.length path >= length && String.sub path 0 length = folder)

(* O_NONBLOCK: opening a named pipe must not wait for its writer. *)
let open_file path =
  Lwt_unix.openfile path Unix.[ O_RDONLY; O_NONBLOCK; O_CLOEXEC ] 0

let etag (stat : Unix.stats) =
  Printf.sprintf "\"%x-%x\"" (int_of_float stat.st_mtime) stat.st_size

let modified (stat : Unix.stats) = int_of_float stat.st_mtime

(* RFC 9110, 13.2.2: a tag, when there is one, decides alone. *)
let is_fresh request stat =
  match Request.header request "if-none-match" with
  | Some "*" -> true
  | Some tags ->
      let strong tag =
        let tag = String.trim tag in
        if String.length tag > 2 && String.sub tag 0 2 = "W/" then
          String.sub tag 2 (String.length tag - 2)
        else tag
      in
      List.exists
        (fun tag -> strong tag = etag stat)
        (String.split_on_char ',' tags)
  | None -> (
      match Request.header request "if-modified-since" with
      | None -> false
      | Some date -> (
          match Http_date.parse date with
          | Some since -> modified stat <= since
          | None -> false))

(* A range counts only if the file is still the one the client has a part of. *)
let range_of request (stat : Unix.stats) =
  let still_the_same =
    match Request.header request "if-range" with
    | None -> true
    | Some tag when tag <> "" && tag.[0] = '"' -> tag = etag stat
    | Some date -> Http_date.parse date = Some (modified stat)
  in
  match Request.header request "range" with
  | Some value when still_the_same && request.meth = "GET" ->
      Range.parse ~size:stat.st_size value
  | _ -> Range.Whole

let file_headers name stat =
  [
    ("Content-Type", Mime.of_name name);
    ("X-Content-Type-Options", "nosniff");
    ("Last-Modified", Http_date.print (modified stat));
    ("ETag", etag stat);
    ("Accept-Ranges", "bytes");
  ]

(* Gives the open file to the response, or closes it. *)
let respond_file request ~name file (stat : Unix.stats) : Response.t Lwt.t =
  let headers = file_headers name stat in
  let size = stat.st_size in
  let without_file response =
    let* () = Lwt_unix.close file in
    Lwt.return response
  in
  if is_fresh request stat then
    without_file { Response.status = 304; headers; body = Nothing }
  else
    match range_of request stat with
    | Unsatisfiable ->
        let headers = [ ("Content-Range", Printf.sprintf "bytes */%d" size) ] in
        without_file (Response.error ~headers 416)
    | Whole ->
        let body = Response.File { file; offset = 0; length = size } in
        Lwt.return { Response.status = 200; headers; body }
    | Part { first; last } ->
        let range = Printf.sprintf "bytes %d-%d/%d" first last size in
        let headers = headers @ [ ("Content-Range", range) ] in
        let length = last - first + 1 in
        let body = Response.File { file; offset = first; length } in
        Lwt.return { Response.status = 206; headers; body }

(* What can't be looked at, and what is neither file nor folder, isn't shown. *)
let entry_of folder name =
  let shown (stat : Unix.stats) =
    let entry =
      {
        Listing.name;
        folder = stat.st_kind = Unix.S_DIR;
        size = stat.st_size;
        modified = modified stat;
      }
    in
    match stat.st_kind with S_DIR | S_REG -> Some entry | _ -> None
  in
  Lwt.catch
    (fun () -> Lwt.map shown (Lwt_unix.stat (Filename.concat folder name)))
    (function Unix.Unix_error _ -> Lwt.return_none | e -> Lwt.fail e)

let respond_folder (target : Target.t) folder : Response.t Lwt.t =
  if not target.folder then
    let location = Target.print { target with folder = true } in
    Lwt.return (Response.error ~headers:[ ("Location", location) ] 301)
  else
    let* names = Lwt_stream.to_list (Lwt_unix.files_of_directory folder) in
    let names = List.filter (fun name -> name <> "." && name <> "..") names in
    let* entries = Lwt_list.filter_map_s (entry_of folder) names in
    let headers =
      [
        ("Content-Type", "text/html; charset=utf-8");
        ("Cache-Control", "no-cache");
      ]
    in
    let page = Listing.page ~path:target.segments entries in
    Lwt.return { Response.status = 200; headers; body = Text page }

let respond_path ~root request (target : Target.t) =
  let path =
    Unix.realpath (List.fold_left Filename.concat root target.segments)
  in
  if not (is_inside ~root path) then Lwt.return (Response.error 403)
  else
    let* file = open_file path in
    let* stat = Lwt_unix.fstat file in
    match stat.st_kind with
    | S_REG when target.folder ->
        let* () = Lwt_unix.close file in
        Lwt.return (Response.error 404)
    | S_REG -> respond_file request ~name:(Filename.basename path) file stat
    | S_DIR ->
        let* () = Lwt_unix.close file in
        respond_folder target path
    | _ ->
        let* () = Lwt_unix.close file in
        Lwt.return (Response.error 403)

let respond ~root (request : Request.t) =
  match (request.meth, Target.parse request.target) with
  | ("GET" | "HEAD"), Ok target ->
      Lwt.catch
        (fun () -> respond_path ~root request target)
        (function
          | Unix.Unix_error (error, _, _) ->
              Lwt.return (Response.error (status_of_error error))
          | _ -> Lwt.return (Response.error 500))
  | ("GET" | "HEAD"), Error _ -> Lwt.return (Response.error 400)
  | _ -> Lwt.return (Response.error ~headers:[ ("Allow", "GET, HEAD") ] 405)
