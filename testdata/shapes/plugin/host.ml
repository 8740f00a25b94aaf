(* Loads the plugin that lies beside it. *)

let () =
  let plugin =
    Filename.concat (Filename.dirname Sys.executable_name) "shape_plugin.cmxs"
  in
  match Dynlink.loadfile plugin with
  | () -> Printf.printf "plugin: %d\n" (!Shape_registry.plugged 82)
  | exception Dynlink.Error e ->
      prerr_endline (Dynlink.error_message e);
      exit 1
