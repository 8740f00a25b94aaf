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
// libraries and threads, through the shim.
func TestOCaml(t *testing.T) {
	t.Parallel()
	needGCC(t)
	if _, err := exec.LookPath("ocamlopt"); err != nil {
		t.Skip("ocamlopt is not installed")
	}
	s := newSite(t)
	s.setenv("OFARM_LINK_MODE", "mostly-static")
	s.installAs(nativeCompiler(t))
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
		cmd := exec.Command(tt.tool, "-I", "+unix", "-I", "+str", "-I", "+threads", "unix"+tt.suffix, "threads"+tt.suffix,
			"str"+tt.suffix, tt.flag, "t.ml", "-o", tt.name)
		cmd.Dir, cmd.Env = s.dir, append(os.Environ(), s.env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", tt.name, err, out)
		}
		if out, err := exec.Command(s.path(tt.name)).Output(); err != nil || string(out) != "127.0.0.1\n" {
			t.Errorf("%s says %q, %v", tt.name, out, err)
		}
		checkNeeded(t, s.path(tt.name))
	}
	if got := recordedOutputs(s.records()); !cmp.Equal(got, []string{"complete", "custom", "native"}) {
		t.Errorf("records of %q", got)
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

func checkNeeded(t *testing.T, path string) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	needed, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	libc := []string{"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"}
	for _, n := range needed {
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
