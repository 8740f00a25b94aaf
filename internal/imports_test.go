package internal_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write imports.txt anew")

const module = "github.com/ofarm/ofarm/"

// TestImports holds the edges between the project's packages (those of tests
// aside) against imports.txt: a new edge is a decision, and a line of its own
// in a review.
func TestImports(t *testing.T) {
	got := edges(t)
	if *update {
		if err := os.WriteFile("imports.txt", []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile("imports.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if !slices.IsSorted(want) {
		t.Error("imports.txt is not sorted")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("imports (-imports.txt +code), -update writes the file anew:\n%s", diff)
	}
}

// edges lists every direct import of one of the module's packages by another,
// as "importer -> imported", sorted.
func edges(t *testing.T) []string {
	t.Helper()
	c := exec.Command("go", "list", "-f", `{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}`, "./...")
	c.Dir = ".."
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []string
	for line := range strings.Lines(string(out)) {
		from, to, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && strings.HasPrefix(to, module) {
			list = append(list, strings.TrimPrefix(from, module)+" -> "+strings.TrimPrefix(to, module))
		}
	}
	slices.Sort(list)
	return list
}

// settings is the one package that leaves may import: it reads files in TOML, and
// imports none itself.
const settings = "internal/tomlfile"

// leaves import no other package of the project.
var leaves = []string{
	"internal/apk", "internal/aptsources", "internal/audit", "internal/deb", "internal/input",
	"internal/lock", "internal/oci", "internal/opam", "internal/release", "targets", settings,
}

// TestLeaves are the rules that no edit of imports.txt may change unseen.
func TestLeaves(t *testing.T) {
	for _, e := range edges(t) {
		from, to, _ := strings.Cut(e, " -> ")
		if slices.Contains(leaves, from) && to != settings {
			t.Errorf("%s is a leaf and imports %s", from, to)
		}
		if strings.HasPrefix(to, "cmd/") {
			t.Errorf("%s imports the command %s", from, to)
		}
	}
}

// TestBuildKitsImporters holds the rule of who knows BuildKit's client: solve
// alone. Definitions are made in llb; solve and the commands pass them on.
func TestBuildKitsImporters(t *testing.T) {
	rules := map[string][]string{
		"github.com/moby/buildkit/client":     {"internal/solve"},
		"github.com/moby/buildkit/client/llb": {"llb", "internal/solve", "cmd/ofarm"},
	}
	c := exec.Command("go", "list", "-f", `{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}`, "./...")
	c.Dir = ".."
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		allowed, ruled := rules[to]
		if ruled && !slices.Contains(allowed, strings.TrimPrefix(from, module)) {
			t.Errorf("%s imports %s, which only %q may", from, to, allowed)
		}
	}
}

// scripts are all shell scripts of the repository.
func scripts(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "bin" || d.Name() == "dist"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".sh") || path == filepath.Join("..", ".ci", "run"):
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("no scripts")
	}
	return list
}

func TestScriptsAreFormatted(t *testing.T) {
	out, err := exec.Command("go", append([]string{"tool", "shfmt", "-d"}, scripts(t)...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("shfmt: %v\n%s", err, out)
	}
}

func TestScriptsAreClean(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("shellcheck is not installed")
	}
	out, err := exec.Command("shellcheck", scripts(t)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("shellcheck: %v\n%s", err, out)
	}
}
