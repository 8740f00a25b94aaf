let say name =
  Printf.printf "%s of topkg, pid %s\n" name
    (if Unix.getpid () > 0 then "ok" else "wrong")
