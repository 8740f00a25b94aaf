package llb

import (
	"context"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/plan"
)

// The machine is looked at in the base, by rules that hold for steps too.
func TestMachine(t *testing.T) {
	for _, target := range []string{"debian-bookworm", "alpine-3.20"} {
		p := small(t, target)
		def, err := CompileMachine(context.Background(), p, images(p))
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(def); err != nil {
			t.Error(err)
		}
		text, err := Dump(def)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"exec in /, network NONE", "/ofarm/out: bind, output 0", "nproc >processors"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s: no %q in\n%s", target, part, text)
			}
		}
	}
	if _, err := CompileMachine(context.Background(), &plan.Plan{}, Images{}); err == nil {
		t.Error("no error for a plan without a root")
	}
}

// A root can be the result, and then no step is in the graph.
func TestCompileARoot(t *testing.T) {
	p := small(t, "debian-bookworm")
	for root, others := range map[string][]string{"base": {"libfoo-dev", "alpha", "app"}, "base+libfoo-dev": {"alpha", "app"}} {
		def, err := Compile(context.Background(), p, Options{Images: images(p), Root: root})
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(def); err != nil {
			t.Error(err)
		}
		text, err := Dump(def)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "configure root "+root) {
			t.Errorf("no root %s:\n%s", root, text)
		}
		for _, other := range others {
			if strings.Contains(text, other) {
				t.Errorf("%s is compiled for %s:\n%s", other, root, text)
			}
		}
	}
	_, err := Compile(context.Background(), p, Options{Images: images(p), Root: "basement"})
	if err == nil || err.Error() != `compiling: root "basement" is not in the plan` {
		t.Error(err)
	}
}
