package versions_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/resolve/versions"
)

// made is a small universe: opam files by package and version.
type made map[string]map[string]*opam.File

func (m made) Versions(name string) ([]string, error) {
	return slices.SortedFunc(maps.Keys(m[name]), func(a, b string) int { return opam.CompareVersions(b, a) }), nil
}

func (m made) OpamFile(name, version string) (*opam.File, error) {
	if f, ok := m[name][version]; ok {
		return f, nil
	}
	return nil, errors.New("no such version")
}

func parse(t testing.TB, text string) *opam.File {
	t.Helper()
	f, err := opam.Parse("opam", []byte("opam-version: \"2.0\"\n"+text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return f
}

// target is a target whose os-distribution is its name.
func target(name string) versions.Target {
	vars := opam.BuildVariables()
	vars["os"], vars["os-distribution"] = opam.String("linux"), opam.String(name)
	return versions.Target{Name: name, Variables: vars}
}

func drawAtom(t *rapid.T, names []string) string {
	atom := `"` + rapid.SampledFrom(names).Draw(t, "name") + `"`
	var conditions []string
	if rapid.Bool().Draw(t, "bounded") {
		rel := rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">="}).Draw(t, "rel")
		conditions = append(conditions, rel+` "`+rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "bound")+`"`)
	}
	if rapid.IntRange(0, 5).Draw(t, "filtered") == 0 {
		conditions = append(conditions, `os-distribution = "alpine"`)
	}
	if len(conditions) == 0 {
		return atom
	}
	return atom + " {" + strings.Join(conditions, " & ") + "}"
}

func drawFormula(t *rapid.T, names []string) string {
	a := drawAtom(t, names)
	switch rapid.IntRange(0, 5).Draw(t, "shape") {
	case 0:
		return "(" + a + " | " + drawAtom(t, names) + ")"
	case 1:
		return "(" + a + " | " + drawAtom(t, names) + " & " + drawAtom(t, names) + ")"
	}
	return a
}

func drawFile(t *rapid.T, names []string, root bool) string {
	var b strings.Builder
	most := 2
	if root {
		most = 3
	}
	depends := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return drawFormula(t, names) }), 0, most).Draw(t, "depends")
	fmt.Fprintf(&b, "depends: [%s]\n", strings.Join(depends, "\n"))
	if root {
		return b.String()
	}
	switch rapid.IntRange(0, 12).Draw(t, "extra") {
	case 0, 1:
		fmt.Fprintf(&b, "conflicts: [%s]\n", drawAtom(t, names))
	case 2, 3:
		b.WriteString("conflict-class: \"c\"\n")
	case 4:
		b.WriteString("available: os-distribution = \"debian\"\n")
	case 5:
		b.WriteString("flags: avoid-version\n")
	}
	return b.String()
}

var letters = []string{"a", "b", "c", "d", "e"}

func drawUniverse(t *rapid.T, tb testing.TB) made {
	m := made{}
	for _, name := range letters {
		m[name] = map[string]*opam.File{}
		for v := range rapid.IntRange(0, 3).Draw(t, "versions") {
			m[name][fmt.Sprint(v+1)] = parse(tb, drawFile(t, letters, false))
		}
	}
	return m
}

// fits tells whether a set of packages is a solution, from the definition alone.
func fits(tb testing.TB, m made, root *opam.File, installed map[string]string, tg versions.Target) bool {
	eval := func(f opam.Formula) opam.Requirement {
		r, err := f.Eval(opam.Scope{Globals: tg.Variables})
		if err != nil {
			tb.Fatal(err)
		}
		return r
	}
	if !eval(root.Depends).Satisfied(installed) {
		return false
	}
	classes := map[string]int{}
	for name, v := range installed {
		f := m[name][v]
		ok, err := f.Available.True(opam.Scope{Globals: tg.Variables})
		if err != nil {
			tb.Fatal(err)
		}
		if !ok || !eval(f.Depends).Satisfied(installed) {
			return false
		}
		for _, other := range eval(f.Conflicts).Present(installed) {
			if other != name {
				return false
			}
		}
		for _, c := range f.ConflictClass {
			if classes[c]++; classes[c] > 1 {
				return false
			}
		}
	}
	return true
}

// every calls visit with every set of packages of a universe, until it returns
// false.
func every(m made, names []string, visit func(map[string]string) bool) bool {
	if len(names) == 0 {
		return visit(map[string]string{})
	}
	own, _ := m.Versions(names[0])
	for _, v := range append([]string{""}, own...) {
		if !every(m, names[1:], func(set map[string]string) bool {
			if v != "" {
				set[names[0]] = v
			}
			return visit(set)
		}) {
			return false
		}
	}
	return true
}

func solutions(tb testing.TB, m made, root *opam.File, tg versions.Target) []map[string]string {
	var out []map[string]string
	every(m, letters, func(set map[string]string) bool {
		if fits(tb, m, root, set, tg) {
			out = append(out, set)
		}
		return true
	})
	return out
}

// hasAvoided counts the packages of a set that are to be avoided.
func hasAvoided(m made, set map[string]string) bool {
	for name, v := range set {
		if m[name][v].HasFlag("avoid-version") {
			return true
		}
	}
	return false
}

func agree(a, b map[string]string) bool {
	for name, v := range a {
		if w, ok := b[name]; ok && v != w {
			return false
		}
	}
	return true
}

// TestSolve holds what is chosen against all sets that there are.
func TestSolve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := drawUniverse(rt, t)
		root := parse(t, drawFile(rt, letters, true))
		tgs := []versions.Target{target("alpine"), target("debian")}
		req := versions.Request{Universe: m, Roots: []versions.Package{{Name: "root", Version: "dev", File: root}}, Targets: tgs}
		there := m // what a solution may have
		name := rapid.SampledFrom(letters).Draw(rt, "name")
		switch rapid.IntRange(0, 3).Draw(rt, "constrained") {
		case 0:
			more := parse(t, fmt.Sprintf("depends: [%q]", name)).Depends
			req.Constraints = constraint(t, name)
			req.Roots[0].File = &opam.File{Depends: root.Depends}
			root.Depends = opam.Formula{Op: opam.FormulaAnd, Parts: []opam.Formula{root.Depends, more}}
		case 1:
			bound := rapid.SampledFrom([]string{"1", "2", "3"}).Draw(rt, "bound")
			req.Constraints = constraint(t, name+">="+bound)
			there = maps.Clone(m)
			there[name] = maps.Clone(m[name])
			maps.DeleteFunc(there[name], func(v string, _ *opam.File) bool { return opam.CompareVersions(v, bound) < 0 })
		}
		sol, err := versions.Solve(req)
		all := [][]map[string]string{solutions(t, there, root, tgs[0]), solutions(t, there, root, tgs[1])}
		var none *versions.NoSolutionError
		if errors.As(err, &none) {
			checkNone(rt, none, tgs, all)
			return
		}
		if err != nil {
			rt.Fatal(err)
		}
		checkBest(rt, m, root, sol, all)
		again, err := versions.Solve(req)
		if err != nil || !cmp.Equal(sol, again) {
			rt.Fatalf("not the same the second time: %v, %v", again, err)
		}
	})
}

func constraint(t *testing.T, text string) []versions.Constraint {
	t.Helper()
	r, err := opam.ParseAtom(text)
	if err != nil {
		t.Fatal(err)
	}
	return []versions.Constraint{{Package: r, By: "--opam"}}
}

func checkNone(rt *rapid.T, none *versions.NoSolutionError, tgs []versions.Target, all [][]map[string]string) {
	i := slices.IndexFunc(tgs, func(tg versions.Target) bool { return tg.Name == none.Target })
	if len(all[i]) > 0 {
		rt.Fatalf("%v, but there is %v", none, all[i][0])
	}
	if len(none.Chain) == 0 {
		rt.Fatal("no reason given")
	}
}

func checkBest(rt *rapid.T, m made, root *opam.File, sol *versions.Solution, all [][]map[string]string) {
	joint, clean := false, false
	for _, a := range all[0] {
		for _, b := range all[1] {
			if agree(a, b) {
				joint = true
				clean = clean || !hasAvoided(m, a) && !hasAvoided(m, b)
			}
		}
	}
	if sol.Joint != joint {
		rt.Fatalf("joint is %v, want %v", sol.Joint, joint)
	}
	for i, got := range sol.Versions {
		if !slices.ContainsFunc(all[i], func(s map[string]string) bool { return maps.Equal(s, got) }) {
			rt.Fatalf("%v is no solution", got)
		}
		checkNeeded(rt, m, root, got, all[i])
		if joint && clean && hasAvoided(m, got) {
			rt.Fatalf("%v has avoided versions, and %v, without need", got, sol.Avoided)
		}
	}
	if joint && !agree(sol.Versions[0], sol.Versions[1]) {
		rt.Fatalf("%v differ", sol.Versions)
	}
	if joint && clean {
		checkFirst(rt, m, root, sol, all)
	}
}

// checkNeeded: no package is there that nothing asks for.
func checkNeeded(rt *rapid.T, m made, root *opam.File, got map[string]string, all []map[string]string) {
	for name := range got {
		named := func(f *opam.File) bool { return slices.Contains(f.Depends.Packages(), name) }
		needed := named(root)
		for other, v := range got {
			needed = needed || named(m[other][v])
		}
		if !needed {
			rt.Fatalf("%s of %v is not needed", name, got)
		}
	}
}

// checkFirst: the first dependency, where it is a package on both targets, has
// the newest version of all solutions.
func checkFirst(rt *rapid.T, m made, root *opam.File, sol *versions.Solution, all [][]map[string]string) {
	name := ""
	for i, tg := range []string{"alpine", "debian"} {
		r, err := root.Depends.Eval(opam.Scope{Globals: target(tg).Variables})
		if err != nil {
			rt.Fatal(err)
		}
		if r.Op == opam.FormulaAnd {
			r = r.Parts[0]
		}
		if r.Op != opam.FormulaAtom || i > 0 && r.Name != name {
			return
		}
		name = r.Name
	}
	best := ""
	for _, a := range all[0] {
		for _, b := range all[1] {
			if agree(a, b) && !hasAvoided(m, a) && !hasAvoided(m, b) && opam.CompareVersions(a[name], best) > 0 {
				best = a[name]
			}
		}
	}
	if got := sol.Versions[0][name]; got != best {
		rt.Fatalf("%s is %s, could be %s", name, got, best)
	}
}
