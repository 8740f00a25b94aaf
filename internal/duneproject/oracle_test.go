package duneproject

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"
)

// TestDune lets the installed dune generate opam files from random
// dune-projects: they must be up to date, and no longer be so with a
// dependency more.
func TestDune(t *testing.T) {
	if _, err := exec.LookPath("dune"); err != nil {
		t.Skip(err)
	}
	if testing.Short() {
		t.Skip("starts dune a hundred times")
	}
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := drawProject(t, "2.1", "2.5", "2.6", "2.7", "2.9")
		if rapid.Bool().Draw(t, "menhir") {
			text += "(using menhir 1.0)\n"
		}
		file, err := opam.Parse("p.opam", runDune(t, dir, []txtar.File{{Name: "dune-project", Data: []byte(text)}}, "p"))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse("dune-project", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Notes) > 0 {
			t.Errorf("%v\n%s", f.Notes, text)
		}
		for _, d := range f.Differences("p", file, nil) {
			t.Errorf("%s\n%s", d, text)
		}
		p := &f.Packages[0]
		p.Depopts = append(p.Depopts, Dependency{Name: "new"})
		if got := f.Differences("p", file, nil); len(got) != 1 {
			t.Errorf("%v, want one difference", got)
		}
	})
}

// runDune gives the opam file of a package that the installed dune makes.
func runDune(t rapid.TB, dir string, files []txtar.File, pkg string) []byte {
	t.Helper()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	made := filepath.Join(dir, "_build/default", pkg+".opam")
	if err := os.RemoveAll(made); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("dune", "build", "--root=.", "./"+pkg+".opam")
	c.Dir = dir
	// dune 3.23 and later fail, because the file should be promoted: that is
	// no matter here.
	out, err := c.CombinedOutput()
	data, readErr := os.ReadFile(made)
	if readErr != nil {
		t.Fatalf("dune build: %v\n%s\n%s", err, out, files[0].Data)
	}
	return data
}
