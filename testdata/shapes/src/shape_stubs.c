#include <math.h>

#include <caml/alloc.h>
#include <caml/mlvalues.h>

value shape_lgamma(value x) { return caml_copy_double(lgamma(Double_val(x))); }
