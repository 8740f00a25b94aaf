external lgamma : float -> float = "shape_lgamma"

let from_thread () =
  let got = ref 0 in
  Thread.join (Thread.create (fun () -> got := 42) ());
  !got

let greet name =
  Printf.printf "%s: %.0f from C, %d from a thread, pid %s\n" name
    (exp (lgamma 5.))
    (from_thread ())
    (if Unix.getpid () > 0 then "ok" else "wrong")
