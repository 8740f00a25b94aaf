package versions_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/resolve/versions"
)

// TestKeep: a solution that is to stay does, whatever it is; and what one
// package needs for moving moves with it.
func TestKeep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := drawUniverse(rt, t)
		root := parse(t, drawFile(rt, letters, true))
		tg := target("alpine")
		all := solutions(t, m, root, tg)
		if len(all) == 0 {
			return
		}
		keep := rapid.SampledFrom(all).Draw(rt, "keep")
		tg.Keep = keep
		sol, err := versions.Solve(versions.Request{
			Universe: m, Roots: []versions.Package{{Name: "root", Version: "dev", File: root}}, Targets: []versions.Target{tg},
		})
		if err != nil {
			rt.Fatal(err)
		}
		if hasAvoided(m, keep) {
			return
		}
		for name, v := range sol.Versions[0] {
			if w, ok := keep[name]; ok && v != w {
				rt.Fatalf("%s was %s, is %s: %v", name, w, v, sol.Versions[0])
			}
		}
	})
}

// TestKeepOthers: with one package free to move, the others stay unless it
// can't be otherwise.
func TestKeepOthers(t *testing.T) {
	t.Parallel()
	m := made{
		"a": {"1": parse(t, `depends: ["c"]`), "2": parse(t, `depends: ["c"]`)},
		"b": {"1": parse(t, `depends: ["c" {< "2"}]`), "2": parse(t, "")},
		"c": {"1": parse(t, ""), "2": parse(t, "")},
	}
	root := parse(t, `depends: ["a" "b" "c"]`)
	tg := target("debian")
	tg.Keep = map[string]string{"b": "1", "c": "1"}
	sol, err := versions.Solve(versions.Request{
		Universe: m, Roots: []versions.Package{{Name: "root", Version: "dev", File: root}}, Targets: []versions.Target{tg},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := (map[string]string{"a": "2", "b": "1", "c": "1"}); !maps.Equal(sol.Versions[0], want) {
		t.Errorf("got %v, want %v", sol.Versions[0], want)
	}
}

// TestNoSolution: the reasons are a chain from the project to what can't be.
func TestNoSolution(t *testing.T) {
	t.Parallel()
	m := made{
		"ocaml":  {"4.13.1": parse(t, ""), "4.14.2": parse(t, ""), "5.3.0": parse(t, "")},
		"lwt":    {"5.9.1": parse(t, `depends: ["ocaml" {>= "4.14"} "dune"]`), "5.6.1": parse(t, `depends: ["ocaml"]`)},
		"dune":   {"3": parse(t, "")},
		"only":   {"1": parse(t, `available: os-distribution = "debian"`)},
		"needs":  {"1": parse(t, `depends: ["gone"]`), "2": parse(t, `depends: ["gone"]`)},
		"high":   {"1": parse(t, `depends: ["dune" {>= "4"}]`)},
		"left":   {"1": parse(t, `conflicts: ["right" {>= "2"}]`)},
		"right":  {"2": parse(t, "")},
		"class1": {"1": parse(t, `conflict-class: "k"`)},
		"class2": {"1": parse(t, `conflict-class: "k"`)},
		"step":   {"1": parse(t, `depends: ["lwt" {>= "5.9"}]`), "2": parse(t, `depends: ["lwt" {>= "5.9"}]`)},
	}
	for name, tt := range map[string]struct {
		depends, ocaml string
		want           []string
	}{
		"compiler": {`"lwt" {>= "5.9"}`, "4.13.1", []string{
			"app.opam asks for lwt >= 5.9", "lwt 5.9.1 needs ocaml >= 4.14", "--ocaml asks for ocaml = 4.13.1"}},
		"far away": {`"step"`, "4.13.1", []string{
			"app.opam asks for step", "all versions of step need lwt >= 5.9", "lwt 5.9.1 needs ocaml >= 4.14", "--ocaml asks for ocaml = 4.13.1"}},
		"no package":    {`"needs"`, "", []string{"app.opam asks for needs", "all versions of needs need gone (there is no package gone)"}},
		"no version":    {`"high"`, "", []string{"app.opam asks for high", "high 1 needs dune >= 4 (there is no such version of dune, the newest is 3)"}},
		"itself":        {`"nosuch" {>= "1"}`, "", []string{"app.opam asks for nosuch >= 1 (there is no package nosuch)"}},
		"not available": {`"only"`, "", []string{"app.opam asks for only", `only.1 is not available on alpine (available: os-distribution = "debian")`}},
		"conflict":      {`"left" "right"`, "", []string{"app.opam asks for left", "app.opam asks for right", "left 1 conflicts with right >= 2"}},
		"class": {`"class1" "class2"`, "", []string{
			"app.opam asks for class1", "app.opam asks for class2", "only one of class1, class2 can be installed (conflict class k)"}},
		"two demands": {`"ocaml" {< "5"}`, "5.3.0", []string{"app.opam asks for ocaml < 5", "--ocaml asks for ocaml = 5.3.0"}},
	} {
		req := versions.Request{
			Universe: m, Targets: []versions.Target{target("alpine")},
			Roots: []versions.Package{{Name: "app", Version: "dev", File: parse(t, "depends: ["+tt.depends+"]")}},
		}
		if tt.ocaml != "" {
			r, err := opam.OCaml(tt.ocaml)
			if err != nil {
				t.Fatal(err)
			}
			req.Constraints = []versions.Constraint{{Package: r, By: "--ocaml"}}
		}
		_, err := versions.Solve(req)
		none, ok := err.(*versions.NoSolutionError)
		if !ok {
			t.Errorf("%s: got %v, want a NoSolutionError", name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, none.Chain); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
