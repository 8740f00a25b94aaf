package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
)

// link finds each package's dependencies among the others.
func (b *builder) link() {
	installed := map[string]string{}
	for _, p := range b.packages {
		installed[p.name] = p.version
	}
	for _, p := range b.sorted() {
		deps, err := p.file.Dependencies(b.filterEnv(p), installed)
		if err != nil {
			b.fail(fmt.Errorf("%s: depends: %w", p.id(), err))
			continue
		}
		for _, d := range deps.Before {
			p.before = append(p.before, d.Name)
		}
		p.post = deps.Post
		b.addDemanded(p, deps)
		for _, m := range deps.Missing {
			b.entry(p, "it needs %s, which the lock does not have", m)
		}
	}
}

// addDemanded adds what the lock has for a package of the project's that its
// opam file doesn't name: it was asked for when the lock was made.
func (b *builder) addDemanded(p *pkg, deps opam.Dependencies) {
	if p.locked != nil {
		return
	}
	i := slices.IndexFunc(b.in.Lock.Projects, func(l lock.Project) bool { return l.Name() == p.name })
	if i < 0 {
		return
	}
	for _, name := range b.in.Lock.Projects[i].Depends {
		_, there := b.packages[name]
		if there && !slices.Contains(p.before, name) && !slices.Contains(deps.Post, name) {
			p.before = append(p.before, name)
		}
	}
	slices.Sort(p.before)
}

// filterEnv is the environment of a package's formulas. The project's own see
// what the lock was made with; its commands don't: what its tests need is there,
// and they aren't run.
func (b *builder) filterEnv(p *pkg) opam.Env {
	return opam.EnvFunc(func(v opam.Variable) (opam.Value, bool) {
		if v.Package != "" && v.Package != "_" {
			return opam.Value{}, false
		}
		switch v.Name {
		case "name":
			return opam.String(p.name), true
		case "version":
			return opam.String(p.version), true
		case "with-test":
			return opam.Bool(p.locked == nil && b.in.Lock.Options.WithTest), true
		case "with-doc":
			return opam.Bool(p.locked == nil && b.in.Lock.Options.WithDoc), true
		}
		value, ok := b.vars[v.Name]
		return value, ok
	})
}

// checkNeeded tells of locked packages that the project doesn't need.
func (b *builder) checkNeeded() {
	if len(b.in.Project.Packages) == 0 {
		return
	}
	for _, own := range b.in.Project.Packages {
		b.mark(b.packages[own.Name])
	}
	for _, p := range b.sorted() {
		if !p.needed {
			b.entry(p, "it is locked, and nothing needs it")
		}
	}
}

func (b *builder) mark(p *pkg) {
	if p.needed {
		return
	}
	p.needed = true
	for _, name := range slices.Concat(p.before, p.post) {
		b.mark(b.packages[name])
	}
}

// sort puts the packages into topological order, equal ranks by name, the
// project's last.
func (b *builder) sort() {
	done := map[string]bool{}
	waiting := b.sorted()
	for len(waiting) > 0 {
		ready, rest := partition(waiting, done)
		if len(ready) == 0 {
			b.entry(rest[0], "its dependencies go round in a circle: %s", strings.Join(b.circle(rest[0], done), " needs "))
			return
		}
		for _, p := range ready {
			done[p.name] = true
		}
		b.order = append(b.order, ready...)
		waiting = rest
	}
	slices.SortStableFunc(b.order, func(x, y *pkg) int { return cmp.Compare(own(x), own(y)) })
}

func own(p *pkg) int {
	if p.locked == nil {
		return 1
	}
	return 0
}

func partition(waiting []*pkg, done map[string]bool) (ready, rest []*pkg) {
	for _, p := range waiting {
		if slices.ContainsFunc(p.before, func(d string) bool { return !done[d] }) {
			rest = append(rest, p)
		} else {
			ready = append(ready, p)
		}
	}
	return ready, rest
}

// circle walks from a package that can't be ordered to a dependency that can't
// either, until it meets a package again.
func (b *builder) circle(p *pkg, done map[string]bool) []string {
	var path []string
	for !slices.Contains(path, p.name) {
		path = append(path, p.name)
		i := slices.IndexFunc(p.before, func(d string) bool { return !done[d] })
		p = b.packages[p.before[i]]
	}
	return append(path[slices.Index(path, p.name):], p.name)
}

// close computes closures in the order of the plan.
func (b *builder) close() {
	for _, p := range b.order {
		all := slices.Clone(p.before)
		for _, d := range p.before {
			all = append(all, b.packages[d].closure...)
		}
		slices.Sort(all)
		p.closure = slices.Compact(all)
	}
}

// checkOwn tells of locked packages that need one of the project's: those are
// built last, all in one step.
func (b *builder) checkOwn() {
	for _, p := range b.order {
		for _, name := range p.before {
			if p.locked != nil && b.packages[name].locked == nil {
				b.entry(p, "it needs %s, which is a package of the project itself", name)
			}
		}
	}
}
