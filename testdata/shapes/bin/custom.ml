let () = Shape.greet "custom"
