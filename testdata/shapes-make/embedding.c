/* A program in C that has OCaml in it. */
#define CAML_NAME_SPACE
#include <caml/callback.h>
#include <caml/mlvalues.h>

int main(int argc, char **argv) {
  (void)argc;
  caml_startup(argv);
  caml_callback(*caml_named_value("greet"), Val_unit);
  caml_shutdown();
  return 0;
}
