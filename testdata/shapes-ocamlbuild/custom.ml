let () = Greeting.say "custom"
