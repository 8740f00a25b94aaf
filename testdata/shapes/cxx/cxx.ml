let () = Printf.printf "cxx: %d then %d\n" (Shape_cxx.half 84) (Shape_cxx.half 1)
