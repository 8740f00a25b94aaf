let () = Greeting.say "first"
