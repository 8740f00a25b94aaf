let () = Shape.greet "complete"
