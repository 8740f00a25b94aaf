package opamrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
)

// openFolders opens folders beside a project.
func openFolders(t testing.TB, contents ...map[string]string) *Set {
	t.Helper()
	o := options(t)
	var specs []Spec
	for i, files := range contents {
		name := fmt.Sprintf("r%d", i)
		write(t, filepath.Join(o.Dir, "..", name), files)
		specs = append(specs, Spec{Name: name, URL: "../" + name})
	}
	s, err := Open(context.Background(), specs, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOverlay(t *testing.T) {
	s := openFolders(t, repo("first", "a.1.0", "b.1"), repo("second", "a.1.0", "a.2.0", "a.2.0~beta1", "c.1"))
	if got, _ := s.Versions("a"); !slices.Equal(got, []string{"2.0", "2.0~beta1", "1.0"}) {
		t.Errorf("versions of a: %q", got)
	}
	for id, want := range map[string]string{"a.1.0": "r0 first", "a.2.0": "r1 second", "b.1": "r0 first", "c.1": "r1 second"} {
		name, version, _ := strings.Cut(id, ".")
		p, err := s.Package(name, version)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Repository + " " + synopsis(p.File); got != want {
			t.Errorf("%s is from %s, want %s", id, got, want)
		}
		if f, err := s.OpamFile(name, version); err != nil || f != p.File {
			t.Errorf("%s is read twice: %v", id, err)
		}
	}
	want := []lock.Repository{{Name: "r0", URL: "../r0"}, {Name: "r1", URL: "../r1"}}
	if diff := cmp.Diff(want, s.Repositories()); diff != "" {
		t.Errorf("repositories (-want +got):\n%s", diff)
	}
	if names, err := s.Names(); err != nil || !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Errorf("names: %q, %v", names, err)
	}
}

func synopsis(f *opam.File) string {
	s := string(f.Append(nil))
	_, s, _ = strings.Cut(s, "synopsis: \"")
	s, _, _ = strings.Cut(s, `"`)
	return s
}

// TestOverlayProperty holds the union and the precedence against a simple
// model, over both layouts.
func TestOverlayProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ids := rapid.SliceOfN(rapid.SampledFrom([]string{"a.1", "a.1.0", "a.2", "a.10", "a.2~rc", "b.1", "b.v2", "a-b.1", "a.0-1"}), 0, 6)
		model := map[string]string{}
		var contents []map[string]string
		for i := range rapid.IntRange(1, 3).Draw(rt, "repositories") {
			from := fmt.Sprintf("r%d", i)
			files := map[string]string{"packages/README": "no package"}
			for _, id := range ids.Draw(rt, from) {
				name, _, _ := strings.Cut(id, ".")
				if rapid.Bool().Draw(rt, "flat") {
					name = "."
				}
				files[filepath.Join("packages", name, id, "opam")] = opamFile(from)
				if model[id] == "" {
					model[id] = from
				}
			}
			contents = append(contents, files)
		}
		s := openFolders(t, contents...)
		checkModel(rt, s, model)
	})
}

func checkModel(t *rapid.T, s *Set, model map[string]string) {
	want := map[string][]string{}
	for id, from := range model {
		name, version, _ := strings.Cut(id, ".")
		want[name] = append(want[name], version)
		p, err := s.Package(name, version)
		if err != nil || p.Repository != from {
			t.Fatalf("%s: %+v, %v; want it from %s", id, p, err, from)
		}
	}
	for _, name := range []string{"a", "b", "a-b", "none"} {
		got, err := s.Versions(name)
		slices.SortFunc(want[name], func(a, b string) int { return opam.CompareVersions(b, a) })
		if err != nil || !slices.Equal(got, want[name]) {
			t.Fatalf("versions of %s: %q, %v; want %q", name, got, err, want[name])
		}
	}
}

func TestEqualVersions(t *testing.T) {
	s := openFolders(t, repo("first", "a.1.0-0"), repo("second", "a.1.0", "a.1.00"))
	if got, _ := s.Versions("a"); !slices.Equal(got, []string{"1.0-0"}) {
		t.Errorf("versions: %q", got)
	}
}

func TestMissing(t *testing.T) {
	files := repo("r", "a.1", "a.2")
	files["packages/a/a.3/files/x"] = "no opam file"
	files["packages/a/b.4/opam"] = opamFile("another name")
	files["packages/a/a.5"] = "a file"
	files["packages/a/a.6/opam/x"] = "a folder"
	s := openFolders(t, files)
	if got, _ := s.Versions("a"); !slices.Equal(got, []string{"2", "1"}) {
		t.Errorf("versions: %q", got)
	}
	for _, test := range [][3]string{
		{"a", "3", `no opam repository has version "3" of a; the newest is "2"`},
		{"x", "1", `no opam repository has a package "x"`},
		{"../a", "1", `no opam repository has a package "../a"`},
		{"a", "1/../a.2", `no opam repository has version "1/../a.2" of a; the newest is "2"`},
	} {
		_, err := s.Package(test[0], test[1])
		var missing *MissingError
		if !errors.As(err, &missing) || err.Error() != test[2] {
			t.Errorf("%q: got %v, want %s", test[:2], err, test[2])
		}
	}
}

func TestMistakes(t *testing.T) {
	files := repo("r")
	files["packages/a/a.1/opam"] = "opam-version: \"2.0\"\ndepends: [\n"
	s := openFolders(t, files)
	_, err := s.OpamFile("a", "1")
	if mistakes := opam.Mistakes(err); len(mistakes) == 0 || !strings.Contains(err.Error(), filepath.Join("a.1", "opam")+":") {
		t.Errorf("got %v", err)
	}
}

func TestFiles(t *testing.T) {
	files := repo("r", "a.1", "b.1")
	files["packages/a/a.1/files/fix.patch"] = "fix"
	s := openFolders(t, files)
	a, err := s.Package("a", "1")
	if err != nil {
		t.Fatal(err)
	}
	if data, err := fs.ReadFile(a.Files(), "fix.patch"); err != nil || string(data) != "fix" {
		t.Errorf("got %q, %v", data, err)
	}
	b, err := s.Package("b", "1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadDir(b.Files(), "."); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a package without files: %v", err)
	}
	if string(b.Data) != opamFile("r") {
		t.Errorf("data: %q", b.Data)
	}
}

func TestConcurrentReading(t *testing.T) {
	s := openFolders(t, repo("r", "a.1", "a.2", "b.1"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[*opam.File]bool{}
	for range 16 {
		wg.Go(func() {
			versions, err := s.Versions("a")
			if err != nil || len(versions) != 2 {
				t.Errorf("versions: %q, %v", versions, err)
			}
			versions[0] = "changed"
			f, err := s.OpamFile("a", "2")
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[f] = true
		})
	}
	wg.Wait()
	if len(seen) != 1 {
		t.Errorf("the file was parsed %d times", len(seen))
	}
}
