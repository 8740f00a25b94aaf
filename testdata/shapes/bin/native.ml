let () = Shape.greet SHAPE 
