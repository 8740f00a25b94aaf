external half : int -> int = "shape_half"
