package plan_test

import (
	"slices"
	"testing"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/plan/plantest"
)

// TestWithTest: what a lock has for the project's tests is there for the
// project's step, and for no other; tests aren't run.
func TestWithTest(t *testing.T) {
	files := map[string]string{
		"a.1": head + `depends: ["b" {with-test}] build: ["make" "check" {with-test}]`,
		"c.1": head + `build: ["make"]`,
	}
	in := plantest.World(t, "debian-bookworm", files)
	project := head + `depends: ["a" "c" {with-test}] build: ["dune" "build" "@runtest" {with-test}]`
	in.Project.Packages = []plan.ProjectPackage{plantest.Project(t, "app.opam", []byte(project))}
	if _, err := plan.New(in); err == nil {
		t.Error("c is locked, nothing needs it, and there is no error")
	}
	in.Lock.Options.WithTest = true
	p := plantest.New(t, in)
	last := p.Steps[len(p.Steps)-1]
	if !slices.Contains(last.Deps, "c.1") || !slices.Contains(last.Deps, "a.1") {
		t.Errorf("the project's step sees %q", last.Deps)
	}
	for _, step := range p.Steps {
		for _, part := range step.Parts {
			for _, c := range part.Build {
				if len(c) != 2 && step.Project || len(c) != 1 && !step.Project {
					t.Errorf("%s runs %v", step.Name, c)
				}
			}
		}
	}
}

// TestDemanded: what was asked for by name is there for the project's step,
// though no opam file names it.
func TestDemanded(t *testing.T) {
	in := plantest.World(t, "debian-bookworm", map[string]string{"tool.1": head + `build: ["make"]`})
	project := head + `build: ["make"]`
	in.Project.Packages = []plan.ProjectPackage{plantest.Project(t, "app.opam", []byte(project))}
	in.Lock.Projects = []lock.Project{{File: "app.opam", Depends: []string{"tool"}}}
	p := plantest.New(t, in)
	if last := p.Steps[len(p.Steps)-1]; !slices.Equal(last.Deps, []string{"tool.1"}) {
		t.Errorf("the project's step sees %q", last.Deps)
	}
}
