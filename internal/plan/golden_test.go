package plan_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/plan/plantest"
	"github.com/ofarm/ofarm/targets"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got), -update writes it anew:\n%s", path, diff)
	}
}

// TestGoldenPlan is the whole plan of an example for one target, as text.
func TestGoldenPlan(t *testing.T) {
	p := plantest.New(t, plantest.Example(t, "fserv", "debian-bullseye"))
	golden(t, "fserv-debian-bullseye.plan", planText(p))
}

func planText(p *plan.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "target %s %s, epoch %d\n", p.Release.Name, p.Platform, p.Epoch)
	for _, r := range p.Roots {
		fmt.Fprintf(&b, "root %s:", r.Name)
		for _, f := range r.Packages {
			fmt.Fprintf(&b, " %s", f.Name)
		}
		b.WriteString("\n")
	}
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "\nstep %s on %s in %s\n  deps %s\n", s.Name, s.Root, s.Dir, strings.Join(s.Deps, " "))
		if s.Source != nil && s.Source.Archive != nil {
			fmt.Fprintf(&b, "  source %s\n", s.Source.Archive.URLs[0])
		}
		for _, v := range s.Env {
			fmt.Fprintf(&b, "  env %s=%s\n", v.Name, v.Value)
		}
		for _, part := range s.Parts {
			partText(&b, part)
		}
		if s.Project {
			fmt.Fprintf(&b, "  export %q strip %v link %s\n", s.Export, s.Strip, s.Link)
		}
	}
	return b.String()
}

func partText(b *strings.Builder, p plan.Part) {
	fmt.Fprintf(b, "  part %s.%s patches %q substs %q %q\n", p.Package, p.Version, p.Patches, p.SubstsFirst, p.Substs)
	for _, c := range p.Build {
		fmt.Fprintf(b, "    build %q\n", c)
	}
	for _, c := range p.Install {
		fmt.Fprintf(b, "    install %q\n", c)
	}
}

// TestSettings is what ofarm.toml changes in the project's step.
func TestSettings(t *testing.T) {
	in := plantest.World(t, "debian-bookworm", map[string]string{"c.1": head + `build: ["make"]`})
	in.Project.Packages = []plan.ProjectPackage{
		own("app", head+`depends: ["c" "lib"] build: ["dune" "build"]`),
		own("lib", head+`build: ["ocamlfind"] install: ["install-lib"]`),
	}
	in.Settings = plan.Settings{
		Link: targets.Project, NoStrip: true, Export: []string{"share/*"},
		Build: [][]string{{"make", "all"}}, Install: [][]string{{"make", "install"}},
	}
	s, ok := plantest.New(t, in).Step("lib")
	if !ok {
		t.Fatal("no step of the project, named for the first package in order")
	}
	if s.Strip || s.Export[0] != "share/*" || s.Link != targets.Project {
		t.Errorf("got %+v", s)
	}
	var got strings.Builder
	for _, part := range s.Parts {
		partText(&got, part)
	}
	want := "  part lib.dev patches [] substs [] []\n    build [\"make\" \"all\"]\n" +
		"  part app.dev patches [] substs [] []\n    install [\"make\" \"install\"]\n"
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, v := range s.Env {
		if v.Name == "LINKING_MODE" && v.Value != "mostly-static" {
			t.Errorf("LINKING_MODE=%s", v.Value)
		}
		if v.Name == "PATH" && strings.Contains(v.Value, plan.ShimDir) {
			t.Errorf("the shim is on PATH of a project that links itself: %s", v.Value)
		}
	}
}
