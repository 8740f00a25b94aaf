let () = Callback.register "greet" (fun () -> Greeting.say "embedded")
