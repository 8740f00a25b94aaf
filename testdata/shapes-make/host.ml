(* Loads the plugin that lies beside it. *)

let () =
  let folder = Filename.dirname Sys.executable_name in
  Dynlink.loadfile (Filename.concat folder "make_plugin.cmo")
