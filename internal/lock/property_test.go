package lock

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// someFile draws a lock from few values, so that two of them are often alike.
func someFile(t *rapid.T) *File {
	f := &File{
		Epoch: rapid.Int64Range(0, 1).Draw(t, "epoch"),
		Options: Options{
			OCaml:       rapid.SampledFrom([]string{"", "5.3.0"}).Draw(t, "ocaml"),
			WithTest:    rapid.Bool().Draw(t, "with-test"),
			WithDoc:     rapid.Bool().Draw(t, "with-doc"),
			Constraints: some(t, "a<2", "a>=1", "b"),
		},
		Repositories: []Repository{{Name: "main", URL: rapid.SampledFrom([]string{"../one", "../two"}).Draw(t, "repository")}},
	}
	if rapid.Bool().Draw(t, "overlay") {
		f.Repositories = append(f.Repositories, Repository{Name: "over", URL: "https://example.org/r.tar", SHA256: someHash(t)})
	}
	if rapid.Bool().Draw(t, "git") {
		f.Repositories = append(f.Repositories, Repository{
			Name: "git", URL: "git+https://example.org/r#" + strings.Repeat("0", 40),
			Ref: rapid.SampledFrom([]string{"", "main", "a/b"}).Draw(t, "ref"),
		})
	}
	if rapid.Bool().Draw(t, "swap") {
		slices.Reverse(f.Repositories)
	}
	for _, name := range some(t, "alpine-3.20", "debian-trixie") {
		f.Targets = append(f.Targets, someTarget(t, name))
	}
	for _, name := range some(t, "busybox", "debian-trixie") {
		root := someTarget(t, name)
		root.Extra, root.Depexts = nil, nil
		f.Roots = append(f.Roots, root)
	}
	for _, id := range some(t, "a.1", "a.2", "b.1") {
		f.Packages = append(f.Packages, somePackage(t, f, id))
	}
	for _, name := range some(t, "x.opam", "y.opam") {
		f.Projects = append(f.Projects, Project{File: name, SHA256: someHash(t)})
	}
	addDepends(t, f)
	return f
}

// some draws a part of a sorted list.
func some(t *rapid.T, all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return rapid.Bool().Draw(t, "without "+s) })
}

func someHash(t *rapid.T) string {
	return strings.Repeat(rapid.SampledFrom([]string{"0", "1"}).Draw(t, "digit"), 64)
}

func someInput(t *rapid.T) Input { return Input{someHash(t), rapid.Int64Range(0, 1).Draw(t, "size")} }

func someTarget(t *rapid.T, name string) Target {
	out := Target{
		TargetID: TargetID{name, "linux/amd64"},
		Archives: []Archive{{"main", "suite", "component", rapid.SampledFrom([]string{"-", "20250809T120000Z"}).Draw(t, "timestamp"), someHash(t)}},
	}
	extra := map[string]bool{}
	for _, d := range some(t, "d", "e") {
		needs := some(t, "p", "q")
		out.Depexts = append(out.Depexts, Depext{d, needs})
		for _, n := range needs {
			extra[n] = true
		}
	}
	for _, n := range []string{"p", "q"} {
		p := DistroPackage{n, rapid.SampledFrom([]string{"1", "2"}).Draw(t, "version"), "amd64", someInput(t), "main", "pool/p"}
		if extra[n] {
			out.Extra = append(out.Extra, p)
		} else if rapid.Bool().Draw(t, "base") {
			out.Base = append(out.Base, p)
		}
	}
	return out
}

func somePackage(t *rapid.T, f *File, id string) Package {
	name, version, _ := strings.Cut(id, ".")
	p := Package{Name: name, Version: version, Repository: rapid.SampledFrom(f.Repositories).Draw(t, "from").Name, OpamFile: someInput(t)}
	if rapid.Bool().Draw(t, "source") {
		p.Source = &Source{Input: someInput(t), URLs: []string{rapid.SampledFrom([]string{"http://a/", "http://b/", "git+https://c#" + strings.Repeat("0", 40)}).Draw(t, "url")}}
	}
	if p.Source != nil && rapid.Bool().Draw(t, "in source") {
		p.Repository, p.OpamPath = "", rapid.SampledFrom([]string{"opam", "opam/opam"}).Draw(t, "path")
	}
	for _, n := range some(t, "file") {
		if p.InSource() {
			continue
		}
		p.ExtraFiles = append(p.ExtraFiles, NamedInput{n, someInput(t)})
	}
	for _, target := range f.Targets {
		if rapid.Bool().Draw(t, "only") {
			p.Only = append(p.Only, target.TargetID)
		}
	}
	for _, target := range f.Targets {
		if names := slices.DeleteFunc(some(t, "d", "e"), func(n string) bool {
			return !slices.ContainsFunc(target.Depexts, func(d Depext) bool { return d.Name == n })
		}); p.isFor(target.TargetID) && len(names) > 0 {
			p.Depexts = append(p.Depexts, Depexts{target.TargetID, names})
		}
	}
	return p
}

// addDepends draws what depends on what is there.
func addDepends(t *rapid.T, f *File) {
	var names []string
	for i := range f.Packages {
		names = append(names, f.Packages[i].Name)
		for j := range f.Packages {
			p, q := &f.Packages[i], &f.Packages[j]
			if p.Name != q.Name && p.shares(q) && rapid.Bool().Draw(t, "depends") {
				p.Depends = append(p.Depends, q.Name)
			}
		}
		f.Packages[i].Depends = slices.Compact(f.Packages[i].Depends)
	}
	for i := range f.Projects {
		f.Projects[i].Depends = some(t, slices.Compact(slices.Clone(names))...)
	}
}

func TestParseIsInverseOfAppend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := someFile(t)
		text := f.Append(nil)
		got, err := Parse("ofarm.lock", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(f, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Parse(Append) (-want +got):\n%s", diff)
		}
	})
}

// TestDiffMissesNothing: changes are empty only where the bytes are the same,
// and the way back has as many as the way there.
func TestDiffMissesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old := someFile(t)
		new := someFile(t)
		if rapid.Bool().Draw(t, "alike") {
			new = someChange(t, old)
		}
		there, back := Diff(old, new), Diff(new, old)
		if same := bytes.Equal(old.Append(nil), new.Append(nil)); there.Empty() != same {
			t.Errorf("the locks are the same: %v; the changes: %+v\n%s\n%s", same, there, old.Append(nil), new.Append(nil))
		}
		if len(there.Packages) != len(back.Packages) || len(there.Targets) != len(back.Targets) || there.Empty() != back.Empty() {
			t.Errorf("there: %+v\nback: %+v", there, back)
		}
	})
}

// someChange changes one part of a lock.
func someChange(t *rapid.T, f *File) *File {
	g := *f
	other := someFile(t)
	switch rapid.IntRange(0, 5).Draw(t, "part") {
	case 0:
		g.Epoch = other.Epoch
	case 1:
		g.Options = other.Options
	case 2:
		g.Repositories = other.Repositories
	case 3:
		g.Projects = other.Projects
	case 4:
		g.Packages = other.Packages
	case 5:
		g.Targets = other.Targets
	}
	return &g
}
