package versions_test

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/resolve/versions"
	"github.com/ofarm/ofarm/internal/testworld/opamoracle"
)

// universe is a repository of the oracle's.
type universe struct{ opamoracle.Repository }

func (u universe) Versions(name string) ([]string, error) {
	all, err := u.Repository.Versions(name)
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(opam.CompareVersions(b, a), cmp.Compare(a, b)) })
	return all, err
}

func (u universe) OpamFile(name, version string) (*opam.File, error) {
	data, err := u.Repository.OpamFile(name, version)
	if err != nil {
		return nil, err
	}
	return opam.Parse(name+"."+version, data)
}

// solve answers a request of the oracle's; the solution is nil where there is
// none.
func solve(t *testing.T, r opamoracle.Request, repo opamoracle.Repository) (*versions.Solution, error) {
	t.Helper()
	var depends []string
	for _, q := range asked(t, r) {
		depends = append(depends, q.String())
	}
	if r.OCaml != "" {
		depends = append(depends, `"ocaml-base-compiler" {= "`+r.OCaml+`"}`)
	}
	root := parse(t, "depends: ["+strings.Join(depends, " ")+"]")
	env, err := r.Environment()
	if err != nil {
		t.Fatal(err)
	}
	tg := versions.Target{Name: r.Release, Variables: opam.BuildVariables()}
	for name, value := range env {
		tg.Variables[name] = opam.String(value)
	}
	req := versions.Request{
		Universe: universe{repo}, Targets: []versions.Target{tg},
		Roots: []versions.Package{{Name: "the-request", Version: "1", File: root}},
	}
	return versions.Solve(req)
}

// asked are the packages of a request, in its order.
func asked(t *testing.T, r opamoracle.Request) []opam.Requirement {
	t.Helper()
	var out []opam.Requirement
	for _, text := range r.Packages {
		q, err := opam.ParseAtom(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, q)
	}
	return out
}

// agreement counts how our answers compare with opam's.
type agreement struct{ same, newer, other, none int }

// compare holds our answer to a request against opam's: there is one if and only
// if opam has one, opam takes it as it is, and no package that was asked for, in
// their order, is older than opam's before one is newer.
func (a *agreement) compare(t *testing.T, o *opamoracle.Oracle, opams opamoracle.Answer, repo opamoracle.Repository) {
	t.Helper()
	sol, err := solve(t, opams.Request, repo)
	var none *versions.NoSolutionError
	switch {
	case errors.As(err, &none):
		if a.none++; opams.Solution != nil {
			t.Errorf("%s: opam has a solution; %v", opams.Request, err)
		}
		return
	case err != nil:
		t.Errorf("%s: %v", opams.Request, err)
		return
	case opams.Solution == nil:
		t.Errorf("%s: opam has no solution: %s", opams.Request, opams.Text)
	}
	ours := sol.Versions[0]
	env, err := opams.Environment()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Accepts(ours, opams.Atoms(), env, repo); err != nil {
		t.Errorf("%s: %v", opams.Request, err)
	}
	if maps.Equal(ours, opams.Solution) {
		a.same++
		return
	}
	direction := 0
	for _, q := range asked(t, opams.Request) {
		direction = cmp.Or(direction, opam.CompareVersions(ours[q.Name], opams.Solution[q.Name]))
	}
	switch {
	case direction > 0:
		a.newer++
	case direction == 0:
		a.other++
	case len(sol.Avoided) < avoidedIn(t, universe{repo}, opams.Solution):
		a.other++ // opam's takes more that is to be avoided
	default:
		t.Errorf("%s: opam's is newer: %q", opams.Request, opamoracle.Diff(ours, opams.Solution))
	}
	t.Logf("%s: %q", opams.Request, opamoracle.Diff(ours, opams.Solution))
}

// avoidedIn counts the packages of a set that are to be avoided.
func avoidedIn(t *testing.T, u universe, set map[string]string) int {
	t.Helper()
	n := 0
	for name, v := range set {
		f, err := u.OpamFile(name, v)
		if err != nil {
			t.Fatal(err)
		}
		if f.HasFlag("avoid-version") || f.HasFlag("deprecated") {
			n++
		}
	}
	return n
}

// sampled takes each n-th answer, or all if the long tests are asked for.
func sampled(n int, all []opamoracle.Answer) []opamoracle.Answer {
	if os.Getenv("OFARM_TEST_E2E") == "1" {
		return all
	}
	var some []opamoracle.Answer
	for i := n / 2; i < len(all); i += n {
		some = append(some, all[i])
	}
	return some
}

// TestResolvedE2E answers the requests of the test bed over what can be had
// there.
func TestResolvedE2E(t *testing.T) {
	o := opamoracle.New(t)
	testbed, dir := opamoracle.Testbed(t), t.TempDir()
	if err := opamoracle.Obtainable(dir, opamoracle.Whole(t), testbed); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(testbed, "resolved.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := opamoracle.ParseResolved(string(data))
	if err != nil {
		t.Fatal(err)
	}
	var a agreement
	for _, row := range sampled(5, rows) {
		a.compare(t, o, row, opamoracle.Folder(dir))
	}
	t.Logf("%+v", a)
}

// TestAnswersE2E answers requests for applications over the whole repository.
func TestAnswersE2E(t *testing.T) {
	o := opamoracle.New(t)
	answers, err := opamoracle.Answers()
	if err != nil {
		t.Fatal(err)
	}
	var a agreement
	whole := opamoracle.Whole(t)
	for _, row := range sampled(8, answers) {
		a.compare(t, o, row, whole)
	}
	t.Logf("%+v", a)
}
