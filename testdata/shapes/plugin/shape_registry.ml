let plugged : (int -> int) ref = ref (fun _ -> 0)
let half = Shape_cxx.half
