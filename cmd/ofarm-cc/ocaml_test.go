package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/link"
)

// TestOCaml links the three kinds of executable that OCaml makes, with stub
// libraries and threads, through the shim, in every mode.
func TestOCaml(t *testing.T) {
	t.Parallel()
	needOCaml(t)
	for _, mode := range []link.Mode{link.Static, link.MostlyStatic, link.Dynamic} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.setenv("OFARM_LINK_MODE", string(mode))
			s.installAs(nativeCompiler(t))
			s.linkKinds(mode)
			if got := recordedOutputs(s.records()); !cmp.Equal(got, []string{"complete", "custom", "native"}) {
				t.Errorf("records of %q", got)
			}
		})
	}
}

// linkKinds links and runs a program as native code and in the two ways of
// putting bytecode and its runtime into one file.
func (s *site) linkKinds(mode link.Mode) {
	s.write("t.ml", `let () =
  Thread.join (Thread.create (fun () ->
    assert (Str.string_match (Str.regexp "a+") "aaa" 0);
    print_endline (Unix.inet_addr_loopback |> Unix.string_of_inet_addr)) ())
`, 0o666)
	for _, tt := range []struct{ name, tool, suffix, flag string }{
		{"native", "ocamlopt", ".cmxa", "-g"},
		{"custom", "ocamlc", ".cma", "-custom"},
		{"complete", "ocamlc", ".cma", "-output-complete-exe"},
	} {
		s.must(tt.tool, "-I", "+unix", "-I", "+str", "-I", "+threads", "unix"+tt.suffix, "threads"+tt.suffix,
			"str"+tt.suffix, tt.flag, "t.ml", "-o", tt.name)
		if out := s.must(s.path(tt.name)); out != "127.0.0.1\n" {
			s.t.Errorf("%s says %q", tt.name, out)
		}
		if mode != link.Dynamic {
			checkNeeded(s.t, s.path(tt.name))
		}
		if mode == link.Static && len(needed(s.t, s.path(tt.name))) > 0 {
			s.t.Errorf("%s isn't static", tt.name)
		}
	}
}

func nativeCompiler(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("ocamlopt", "-config-var", "native_c_compiler").Output()
	if err != nil {
		t.Skip("ocamlopt doesn't say which compiler it calls")
	}
	name, _, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	return name
}

// installAs puts the shim in bin under one more name.
func (s *site) installAs(name string) {
	s.t.Helper()
	if err := os.Symlink(shim, s.path("bin", name)); err != nil && !os.IsExist(err) {
		s.t.Fatal(err)
	}
}

// needed lists the shared libraries that an executable asks for.
func needed(t *testing.T, path string) []string {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	return libraries
}

// checkNeeded wants nothing but libc's own family.
func checkNeeded(t *testing.T, path string) {
	t.Helper()
	libc := []string{"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "ld-linux-x86-64.so.2"}
	for _, n := range needed(t, path) {
		if !slices.Contains(libc, n) {
			t.Errorf("%s needs %s", path, n)
		}
	}
}

func recordedOutputs(all []*link.Record) []string {
	var out []string
	for _, r := range all {
		if r.Status == 0 {
			out = append(out, r.Output)
		}
	}
	slices.Sort(out)
	return out
}
