package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/plan/plantest"
)

// drawn is a world as rapid drew it: package i needs only packages below i.
type drawn struct {
	files map[string]string
	// before has what each package needs before it is built, works those that
	// have something to run, asks the depext of each.
	before map[string][]string
	works  map[string]bool
	asks   map[string]string
}

func id(i int) string { return fmt.Sprintf("p%02d.%d", i*7%23, i) }

func name(id string) string { n, _, _ := strings.Cut(id, "."); return n }

func drawWorld(t *rapid.T) drawn {
	w := drawn{map[string]string{}, map[string][]string{}, map[string]bool{}, map[string]string{}}
	n := rapid.IntRange(1, 20).Draw(t, "packages")
	for i := range n {
		var depends, depopts []string
		for j := range i {
			switch rapid.IntRange(0, 8).Draw(t, "edge") {
			case 0:
				depends = append(depends, fmt.Sprintf("%q", name(id(j))))
			case 1:
				depends = append(depends, fmt.Sprintf("%q {build}", name(id(j))))
			case 2:
				depopts = append(depopts, fmt.Sprintf("%q", name(id(j))))
			case 3:
				depends = append(depends, fmt.Sprintf("%q {post}", name(id(j))))
				continue
			default:
				continue
			}
			w.before[id(i)] = append(w.before[id(i)], id(j))
		}
		text := head + fmt.Sprintf("depends: [%s]\ndepopts: [%s]\n", strings.Join(depends, " "), strings.Join(depopts, " "))
		if rapid.Bool().Draw(t, "works") {
			w.works[id(i)] = true
			text += `build: ["make" "-j%{jobs}%"]` + "\n"
		}
		if rapid.IntRange(0, 3).Draw(t, "asks") == 0 {
			w.asks[id(i)] = fmt.Sprintf("lib%d-dev", i%5)
			text += fmt.Sprintf("depexts: [%q]\n", w.asks[id(i)])
		}
		w.files[id(i)] = text
	}
	return w
}

// closure is everything that a package needs, by a plain search.
func (w drawn) closure(of string) map[string]bool {
	all := map[string]bool{}
	for _, d := range w.before[of] {
		all[d] = true
		maps.Copy(all, w.closure(d))
	}
	return all
}

func TestPlanOfAnyWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		in := plantest.World(t, "debian-bookworm", w.files)
		p := plantest.New(t, in)
		checkSteps(t, w, p)
		shuffled := in
		shuffled.Lock = shuffle(t, in.Lock)
		if diff := cmp.Diff(p, plantest.New(t, shuffled)); diff != "" {
			t.Fatalf("a shuffled lock gives another plan:\n%s", diff)
		}
	})
}

func checkSteps(t *rapid.T, w drawn, p *plan.Plan) {
	done := map[string]bool{}
	for _, s := range p.Steps {
		var deps, depexts []string
		for d := range w.closure(s.Name) {
			if w.works[d] {
				deps = append(deps, d)
			}
			depexts = append(depexts, w.asks[d])
		}
		slices.Sort(deps)
		if diff := cmp.Diff(deps, s.Deps); diff != "" {
			t.Fatalf("%s: closure (-want +got):\n%s", s.Name, diff)
		}
		for _, d := range s.Deps {
			if !done[d] {
				t.Fatalf("%s stands before its dependency %s", s.Name, d)
			}
		}
		done[s.Name] = true
		checkRoot(t, p, s, append(depexts, w.asks[s.Name]))
	}
	if len(done) != len(w.works) {
		t.Fatalf("%d steps, want %d", len(done), len(w.works))
	}
}

func checkRoot(t *rapid.T, p *plan.Plan, s plan.Step, depexts []string) {
	slices.Sort(depexts)
	depexts = slices.DeleteFunc(slices.Compact(depexts), func(d string) bool { return d == "" })
	r, ok := p.Root(s.Root)
	if !ok || !slices.Equal(r.Depexts, depexts) {
		t.Fatalf("%s: root %q with %q, want %q", s.Name, s.Root, r.Depexts, depexts)
	}
	if len(depexts) > 0 && len(r.Packages) != len(depexts) {
		t.Fatalf("%s: root %q has %d packages, want %d", s.Name, s.Root, len(r.Packages), len(depexts))
	}
}

func shuffle(t *rapid.T, l *lock.File) *lock.File {
	out := *l
	out.Packages = rapid.Permutation(l.Packages).Draw(t, "order")
	return &out
}
