package daemontest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hello writes its version, fails, crashes or goes on, as its name says.
const hello = `#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
  const char *name = strrchr(argv[0], '/') + 1;
  if (strcmp(name, "hangs") == 0)
    for (;;) pause();
  if (strcmp(name, "crashes") == 0)
    *(volatile int *)8 = 1;
  if (strcmp(name, "refuses") == 0) {
    fprintf(stderr, "refuses: unknown option %s\n", argv[1]);
    return 2;
  }
  printf("hello 1.0 %s\n", argc > 1 ? argv[1] : "");
  return 0;
}
`

// calls calls a function that is in no library of the root.
const calls = `int missing_call(void);
int main(void) { return missing_call(); }
`

// workshop makes executables in a folder.
type workshop struct {
	t   *testing.T
	dir string
}

func (w workshop) write(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w workshop) gcc(args ...string) {
	w.t.Helper()
	w.run("gcc", args...)
}

func (w workshop) run(program string, args ...string) {
	w.t.Helper()
	c := exec.Command(program, args...)
	c.Dir = w.dir
	if out, err := c.CombinedOutput(); err != nil {
		w.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

// stub makes a library with missing_call, by another name than the one that
// executables then ask for.
func (w workshop) stub(file, soname string, more ...string) {
	w.t.Helper()
	w.gcc(append([]string{"-shared", "-fPIC", "-nostdlib", "-o", file, "-Wl,-soname," + soname, "stub.c"}, more...)...)
}

// programs makes all executables, in the folder that is returned.
func (w workshop) programs() string {
	w.t.Helper()
	w.write("hello.c", hello)
	w.write("calls.c", calls)
	w.write("stub.c", "int missing_call(void) { return 0; }\n")
	versions := w.write("versions", "GLIBC_2.99 { global: missing_call; local: *; };\n")
	out := filepath.Join(w.dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"runs", "crashes", "hangs", "refuses"} {
		w.gcc("-static", "-o", "out/"+name, "hello.c")
	}
	w.gcc("-o", "out/dynamic", "hello.c")
	w.gcc("-o", "out/no-loader", "hello.c", "-Wl,--dynamic-linker=/lib64/ld-other.so.2")
	w.stub("new.so", "libm.so.6", "-Wl,--version-script="+versions)
	w.gcc("-o", "out/newer", "calls.c", "./new.so")
	w.stub("gone.so", "libgone.so.3")
	w.gcc("-o", "out/lacks-library", "calls.c", "./gone.so")
	// Of the name of a library that is there and hasn't the symbol.
	w.stub("other.so", "libm.so.6")
	w.gcc("-o", "out/lacks-symbol", "calls.c", "./other.so", "-Wl,-z,now")
	return out
}
