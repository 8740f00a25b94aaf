#include <iostream>
#include <sstream>
#include <stdexcept>

#define CAML_NAME_SPACE
extern "C" {
#include <caml/mlvalues.h>
}

namespace {
long half(long n) {
  if (n % 2 != 0) throw std::domain_error("odd");
  return n / 2;
}
}  // namespace

extern "C" value shape_half(value n) {
  try {
    return Val_long(half(Long_val(n)));
  } catch (const std::exception &e) {
    std::ostringstream text;
    text << "caught " << e.what();
    std::cout << text.str() << ", " << std::flush;
    return Val_long(-1);
  }
}
