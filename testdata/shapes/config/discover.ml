(* Writes the linker flags with which a program that calls lgamma links. *)

module C = Configurator.V1

let program =
  "#include <math.h>\n\
   int main(int argc, char **argv) { (void)argv; return lgamma(argc) > 1000; }\n"

let () =
  C.main ~name:"shapes" (fun c ->
      if not (C.c_test c program ~link_flags:[ "-lm" ]) then
        C.die "lgamma doesn't link";
      C.Flags.write_sexp "c_library_flags.sexp" [ "-lm" ])
