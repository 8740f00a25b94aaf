let say name =
  Printf.printf "%s of make, pid %s\n" name
    (if Unix.getpid () > 0 then "ok" else "wrong")
