let () = Greeting.say "second"
