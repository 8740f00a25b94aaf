let () = Shape.greet "second"
