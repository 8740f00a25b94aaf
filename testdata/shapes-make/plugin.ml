let () = print_endline "plugin in bytecode"
