let () =
  Sites.Plugins.Plugins.load_all ();
  Printf.printf "site: %d\n" (!Site_registry.plugged 41)
