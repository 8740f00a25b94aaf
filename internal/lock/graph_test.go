package lock

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fileOf makes a lock with one target of lines such as "x: a b" for a project's
// file x and "a.1: b" for a package.
func fileOf(lines ...string) *File {
	f := &File{Targets: []Target{{TargetID: TargetID{"t", "p"}}}}
	for _, l := range lines {
		id, depends, _ := strings.Cut(l, ":")
		name, version, isPackage := strings.Cut(id, ".")
		if !isPackage {
			f.Projects = append(f.Projects, Project{File: name + ".opam", Depends: strings.Fields(depends)})
			continue
		}
		f.Packages = append(f.Packages, Package{Name: name, Version: version, Depends: strings.Fields(depends)})
	}
	return f
}

func TestPaths(t *testing.T) {
	tests := map[string]struct {
		lines  []string
		others int
		want   string
	}{
		"direct":            {[]string{"x: a", "a.1:"}, 10, "a<x"},
		"two shortest":      {[]string{"x: b c", "a.1:", "b.1: a", "c.1: a"}, 0, "a<b<x a<c<x"},
		"shortest first":    {[]string{"x: a b", "a.1:", "b.1: a"}, 10, "a<x a<b<x"},
		"more":              {[]string{"x: a b", "a.1:", "b.1: a"}, 0, "a<x …"},
		"circle":            {[]string{"x: b", "a.1: b", "b.1: a"}, 10, "a<b<x"},
		"circle and no way": {[]string{"x: a", "a.1: b", "b.1: a c", "c.1: b"}, 0, "a<x"},
		"unreachable":       {[]string{"x: b", "a.1:", "b.1:"}, 10, ""},
		"root itself":       {[]string{"a: b", "y: a", "z: y", "b.1:"}, 10, "a a<y"},
		"root on root":      {[]string{"x: a", "y: x", "a.1:"}, 10, "a<x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := fileOf(tt.lines...)
			g := f.Graph([]TargetID{{"t", "p"}})
			paths, more := g.Paths(g.Find("a")[0], tt.others)
			if diff := cmp.Diff(tt.want, spellPaths(paths, more)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func spellPaths(paths [][]*Node, more bool) string {
	var list []string
	for _, p := range paths {
		var names []string
		for _, n := range p {
			names = append(names, n.Name())
		}
		list = append(list, strings.Join(names, "<"))
	}
	if more {
		list = append(list, "…")
	}
	return strings.Join(list, " ")
}

// TestPathsEnd: a graph with more ways than can be listed, where everything
// also needs everything after it in circles.
func TestPathsEnd(t *testing.T) {
	lines := []string{"x: p00"}
	for i := range 40 {
		line := fmt.Sprintf("p%02d.1:", i)
		for j := range 40 {
			if j != i {
				line += fmt.Sprintf(" p%02d", j)
			}
		}
		lines = append(lines, line)
	}
	g := fileOf(lines...).Graph([]TargetID{{"t", "p"}})
	paths, more := g.Paths(g.Find("p39")[0], 10)
	if len(paths) != 11 || !more {
		t.Errorf("%d paths, more: %v; want 11 and more", len(paths), more)
	}
}

func TestGraphOfTargets(t *testing.T) {
	f, err := Parse("ofarm.lock", whole(t))
	if err != nil {
		t.Fatal(err)
	}
	if !f.HasDepends() {
		t.Error("the lock says what depends on what")
	}
	old, _ := Parse("ofarm.lock", small(t))
	if old.HasDepends() {
		t.Error("the old lock doesn't say what depends on what")
	}
	g := f.Graph([]TargetID{{"alpine-3.20", "linux/amd64"}})
	if len(g.Find("conf-libev")) != 0 || len(g.Find("dune")) != 1 {
		t.Errorf("alpine has %d packages, want dune alone", len(g.Packages))
	}
	if got := g.Roots[0].Depends; len(got) != 1 || got[0].Name() != "dune" {
		t.Errorf("fserv depends on %d packages, want dune alone", len(got))
	}
}
