let () = Greeting.say "complete"
