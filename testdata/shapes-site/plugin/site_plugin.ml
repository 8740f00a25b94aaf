let () = Site_registry.plugged := succ
