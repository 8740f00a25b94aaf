package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
)

const baseRoot = "base"

// askDepexts finds what each package asks of the distro, and checks that it is
// locked.
func (b *builder) askDepexts() {
	for _, p := range b.order {
		names, err := opam.SystemPackages(p.file.Depexts, b.filterEnv(p))
		if err != nil {
			b.fail(fmt.Errorf("%s: depexts: %w", p.id(), err))
			continue
		}
		if p.locked == nil {
			names = append(names, b.in.Settings.DistroPackages...)
		}
		for _, n := range names {
			if _, ok := b.depext(n); !ok {
				b.entry(p, "the distro package %q that it needs is not locked", n)
			}
		}
		p.depexts = names
	}
	b.checkAsked()
}

// checkAsked tells of locked depexts that the project doesn't need.
func (b *builder) checkAsked() {
	if len(b.in.Project.Packages) == 0 {
		return
	}
	for _, d := range b.target.Depexts {
		if !slices.ContainsFunc(b.order, func(p *pkg) bool { return slices.Contains(p.depexts, d.Name) }) {
			b.fail(&EntryError{Target: b.in.Target, Package: "depext " + d.Name, Text: "it is locked, and nothing needs it"})
		}
	}
}

func (b *builder) depext(name string) (lock.Depext, bool) {
	i := slices.IndexFunc(b.target.Depexts, func(d lock.Depext) bool { return d.Name == name })
	if i < 0 {
		return lock.Depext{}, false
	}
	return b.target.Depexts[i], true
}

// rootOf lists the depexts in a package's closure that bring something beyond
// the base.
func (b *builder) rootOf(p *pkg) []string {
	var all []string
	for _, name := range append([]string{p.name}, p.closure...) {
		for _, n := range b.packages[name].depexts {
			if d, _ := b.depext(n); len(d.Needs) > 0 {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func rootName(depexts []string) string {
	return strings.Join(append([]string{baseRoot}, depexts...), "+")
}

// addRoots adds the base and each root that a step needs.
func (b *builder) addRoots() {
	b.plan.Roots = []Root{{Name: baseRoot, Packages: b.target.Base}}
	for _, p := range b.order {
		if p.works() {
			b.addRoot(b.rootOf(p))
		}
	}
	b.addRoot(b.projectRoot())
	rest := b.plan.Roots[1:]
	slices.SortFunc(rest, func(x, y Root) int { return cmp.Compare(x.Name, y.Name) })
}

func (b *builder) addRoot(depexts []string) {
	name := rootName(depexts)
	if _, ok := b.plan.Root(name); ok {
		return
	}
	r := Root{Name: name, Depexts: depexts}
	for _, e := range b.target.Extra {
		if b.brings(depexts, e.Name) {
			r.Packages = append(r.Packages, e)
		}
	}
	b.plan.Roots = append(b.plan.Roots, r)
}

func (b *builder) brings(depexts []string, extra string) bool {
	return slices.ContainsFunc(depexts, func(name string) bool {
		d, _ := b.depext(name)
		return slices.Contains(d.Needs, extra)
	})
}

func (b *builder) ownPackages() []*pkg {
	var out []*pkg
	for _, p := range b.order {
		if p.locked == nil {
			out = append(out, p)
		}
	}
	return out
}

// projectRoot is the depexts of the project's step, which builds all of the
// project's packages.
func (b *builder) projectRoot() []string {
	var all []string
	for _, p := range b.ownPackages() {
		all = append(all, b.rootOf(p)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
