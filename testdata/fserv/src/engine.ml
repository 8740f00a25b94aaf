let name () = if Lwt_sys.have `libev then "libev" else "select"

let use_libev () =
  if Lwt_sys.have `libev then (
    Lwt_engine.set (new Lwt_engine.libev ());
    Ok ())
  else Error "this fserv's Lwt was built without libev"
