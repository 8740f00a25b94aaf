package duneproject

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "record anew what the installed dune says, where a record is of its version")

// recorded reads testdata/recorded by file name: txtar archives with a
// dune-project, maybe templates, and the opam files that the dune of the
// comment's version made of them.
func recorded(t testing.TB) map[string]*txtar.Archive {
	names, err := filepath.Glob("testdata/recorded/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	all := map[string]*txtar.Archive{}
	for _, name := range names {
		if all[name], err = txtar.ParseFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestRecorded checks that what dune generated is up to date.
func TestRecorded(t *testing.T) {
	for name, a := range recorded(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			if *update {
				record(t, name, a)
			}
			compareRecord(t, a)
		})
	}
}

func compareRecord(t *testing.T, a *txtar.Archive) {
	f := parse(t, string(content(a, "dune-project")))
	if len(f.Notes) > 0 {
		t.Error(f.Notes)
	}
	if len(f.Generates()) == 0 {
		t.Fatal("nothing is generated")
	}
	for _, name := range f.Generates() {
		file := opamFile(t, name+".opam", content(a, name+".opam"))
		for _, d := range f.Differences(name, file, template(t, a, name)) {
			t.Error(d)
		}
	}
}

func content(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func template(t *testing.T, a *txtar.Archive, pkg string) *opam.File {
	t.Helper()
	name := pkg + ".opam.template"
	data := content(a, name)
	if data == nil {
		return nil
	}
	file, err := ParseTemplate(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func parse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse("dune-project", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func opamFile(t *testing.T, name string, data []byte) *opam.File {
	t.Helper()
	file, err := opam.Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// record runs the installed dune and writes its opam files into the archive.
func record(t *testing.T, name string, a *txtar.Archive) {
	version, err := exec.Command("dune", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(a.Comment) != "dune "+string(version) {
		return
	}
	var files []txtar.File
	for _, f := range a.Files {
		if !strings.HasSuffix(f.Name, ".opam") {
			files = append(files, f)
		}
	}
	for _, pkg := range parse(t, string(content(a, "dune-project"))).Generates() {
		files = append(files, txtar.File{Name: pkg + ".opam", Data: runDune(t, t.TempDir(), files, pkg)})
	}
	a.Files = files
	if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}
