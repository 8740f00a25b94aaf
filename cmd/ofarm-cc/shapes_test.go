package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/link"
)

// tool runs a program in the site as a shell would, with the shim on PATH.
func (s *site) tool(name string, args ...string) (string, error) {
	s.t.Helper()
	if _, err := os.Stat(s.path("bin", name)); err == nil {
		name = s.path("bin", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = append(append(os.Environ(), "OFARM_LINK_MODE=", "LC_ALL=C"), s.env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *site) must(name string, args ...string) string {
	s.t.Helper()
	out, err := s.tool(name, args...)
	if err != nil {
		s.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return out
}

func needOCaml(t *testing.T) {
	t.Helper()
	needGCC(t)
	if _, err := exec.LookPath("ocamlopt"); err != nil {
		t.Skip("ocamlopt is not installed")
	}
}

// TestCPlusPlus links C++ through gcc, as OCaml does with -cclib -lstdc++, and
// through g++.
func TestCPlusPlus(t *testing.T) {
	t.Parallel()
	needGCC(t)
	s := newSite(t)
	s.write("stub.cc", "#include <string>\n#include <stdexcept>\nextern \"C\" int stub(int n) {\n"+
		"  try { return std::stoi(n > 9 ? \"x\" : \"0\"); } catch (std::invalid_argument &) { return 1; } }\n", 0o666)
	s.write("main.c", "int stub(int);\nint main(void) { return stub(1) + !stub(10); }\n", 0o666)
	if out, err := s.tool("g++", "-c", "stub.cc"); err != nil {
		if exec.Command("g++", "-fsyntax-only", "-x", "c++", os.DevNull).Run() != nil {
			t.Skip("g++ is not installed")
		}
		t.Fatalf("g++: %v\n%s", err, out)
	}
	s.must("gcc", "-c", "main.c")
	for _, mode := range []link.Mode{link.Static, link.MostlyStatic, link.Dynamic} {
		s.setenv("OFARM_LINK_MODE", string(mode))
		s.must("gcc", "-o", "main", "main.o", "stub.o", "-lstdc++")
		s.must(s.path("main"))
		s.must("g++", "-o", "main++", "main.o", "stub.o")
		s.must(s.path("main++"))
		if mode != link.Dynamic {
			checkNeeded(t, s.path("main"))
			checkNeeded(t, s.path("main++"))
		}
	}
}

// TestPlugins loads a plugin into a native program: static refuses, and the
// other modes work. In bytecode a plugin needs no dlopen.
func TestPlugins(t *testing.T) {
	t.Parallel()
	needOCaml(t)
	s := newSite(t)
	s.installAs(nativeCompiler(t))
	s.write("host.ml", "let () = Dynlink.loadfile Sys.argv.(1)\n", 0o666)
	s.write("plugin.ml", "let () = print_endline \"plugged in\"\n", 0o666)
	s.must("ocamlopt", "-shared", "-o", "plugin.cmxs", "plugin.ml")
	s.must("ocamlc", "-c", "plugin.ml")
	native := []string{"-I", "+dynlink", "dynlink.cmxa", "host.ml", "-o", "host"}
	for _, mode := range []link.Mode{link.MostlyStatic, link.Dynamic} {
		s.setenv("OFARM_LINK_MODE", string(mode))
		s.must("ocamlopt", native...)
		if out := s.must(s.path("host"), "plugin.cmxs"); out != "plugged in\n" {
			t.Errorf("%s: it says %q", mode, out)
		}
	}
	checkNeeded(t, s.path("host"))
	s.setenv("OFARM_LINK_MODE", "static")
	if out, err := s.tool("ocamlopt", native...); err == nil || !strings.Contains(out, "ofarm-cc: error: \"host\" has OCaml's Dynlink in it") ||
		!strings.Contains(out, "ofarm-cc: hint: build it for a glibc target (mostly-static)") {
		t.Errorf("static: %v\n%s", err, out)
	}
	s.must("ocamlc", "-custom", "-I", "+dynlink", "dynlink.cma", "host.ml", "-o", "host.bc")
	if out := s.must(s.path("host.bc"), "plugin.cmo"); out != "plugged in\n" {
		t.Errorf("bytecode: it says %q", out)
	}
}

// TestRecordSaysWhoRefers links a stub library that calls libc, twice: the
// records are the same, to the byte.
func TestRecordSaysWhoRefers(t *testing.T) {
	t.Parallel()
	needOCaml(t)
	s := newSite(t)
	s.installAs(nativeCompiler(t))
	s.setenv("OFARM_LINK_MODE", "mostly-static")
	s.write("mine_stubs.c", "#include <math.h>\n#include <caml/alloc.h>\nvalue mine(value v) { return caml_copy_double(lgamma(Double_val(v))); }\n", 0o666)
	s.write("mine.ml", "external mine : float -> float = \"mine\"\n", 0o666)
	s.write("t.ml", "let () = assert (Mine.mine 1. = 0.)\n", 0o666)
	s.must("ocamlopt", "-c", "mine_stubs.c", "mine.ml", "t.ml")
	s.must("ar", "rcs", "libmine_stubs.a", "mine_stubs.o")
	s.must("ocamlopt", "-a", "-cclib", "-lmine_stubs", "mine.cmx", "-o", "mine.cmxa")
	var records [2][]byte
	for i := range records {
		s.must("ocamlopt", "-I", ".", "mine.cmxa", "t.cmx", "-o", "t.exe")
		s.must(s.path("t.exe"))
		files, err := filepath.Glob(s.path("records", "*.json"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		if records[i], err = os.ReadFile(files[0]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(records[0], records[1]) {
		t.Errorf("the records differ:\n%s", cmp.Diff(string(records[0]), string(records[1])))
	}
	r := s.records()[0]
	i := slices.IndexFunc(r.Undefined, func(u link.Undefined) bool { return u.Symbol == "lgamma" })
	if i < 0 {
		t.Fatalf("no lgamma in %v", r.Undefined)
	}
	if from := r.Undefined[i].From; len(from) != 1 || !strings.HasSuffix(from[0], "libmine_stubs.a(mine_stubs.o)") {
		t.Errorf("lgamma is from %q", from)
	}
	i = slices.IndexFunc(r.Inputs, func(in link.Input) bool { return in.Name == "mine_stubs" })
	if i < 0 || r.Inputs[i].Library != "mine.cmxa" || r.Inputs[i].Kind != link.KindStubs {
		t.Errorf("inputs %+v", r.Inputs)
	}
	if len(r.Notes) > 0 || r.Content == "" {
		t.Errorf("notes %q, content %q", r.Notes, r.Content)
	}
}

// TestUnknownMapFlags has a linker that knows no cross reference: the link
// works, without a word, and the record says what is missing.
func TestUnknownMapFlags(t *testing.T) {
	t.Parallel()
	needGCC(t)
	s := newSite(t)
	s.mkdir("real")
	s.mkdir("tmp")
	s.setenv("TMPDIR", s.path("tmp"))
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Fatal(err)
	}
	s.write("real/gcc", "#!/bin/sh\nfor a; do [ \"$a\" != -Wl,--cref ] || { echo 'unknown option' >&2; exit 1; }; done\nexec "+gcc+" \"$@\"\n", 0o777)
	s.setenv("PATH", s.path("bin")+":"+s.path("real")+":"+os.Getenv("PATH"))
	s.setenv("OFARM_LINK_MODE", "dynamic")
	if code, out, stderr := s.run("gcc", "main.c", "-o", "main"); code != 0 || out+stderr != "" {
		t.Fatalf("exit code %d, %s%s", code, out, stderr)
	}
	r := s.records()[0]
	if len(r.Undefined) == 0 || len(r.Undefined[0].From) != 0 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "didn't take -Map and --cref") {
		t.Errorf("undefined %v, notes %q", r.Undefined, r.Notes)
	}
	if left, err := os.ReadDir(s.path("tmp")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestWarningsAreHeard links with a warning of the linker's.
func TestWarningsAreHeard(t *testing.T) {
	t.Parallel()
	needGCC(t)
	s := newSite(t)
	s.setenv("OFARM_LINK_MODE", "dynamic")
	if code, _, stderr := s.run("gcc", "main.c", "-o", "main", "-Wl,-z,nosuchkeyword"); code != 0 || !strings.Contains(stderr, "nosuchkeyword") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
	if code, _, stderr := s.run("gcc", "main.c", "-o", "main", "nosuch.o"); code == 0 || strings.Count(stderr, "nosuch.o") == 0 ||
		strings.Count(stderr, "\n") > 3 {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}
