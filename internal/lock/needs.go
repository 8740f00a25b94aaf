package lock

import "slices"

// This file reads and checks the lines that say what an opam package, or an
// opam file of the project, depends on.

// owner is what such a line belongs to, with the fields that it fills.
func (p *parser) owner() (name string, depends *[]string, depexts *[]Depexts) {
	p.src = nil
	if p.pkg != nil {
		return p.pkg.ID(), &p.pkg.Depends, &p.pkg.Depexts
	}
	return p.root.File, &p.root.Depends, &p.root.Depexts
}

func (p *parser) depends(w []string) {
	name, depends, _ := p.owner()
	p.once("depends of " + name)
	*depends = w
	p.namesSorted("depends", w)
}

func (p *parser) ownDepext(w []string) {
	name, _, depexts := p.owner()
	if len(w) < 3 {
		p.errorf("depext: want TARGET PLATFORM NAME…")
		return
	}
	d := Depexts{Target: TargetID{Name: w[0], Platform: w[1]}, Names: w[2:]}
	p.once("depext of " + name + " on " + d.Target.String())
	*depexts = append(*depexts, d)
	p.namesSorted("depext", d.Names)
}

func (p *parser) namesSorted(field string, names []string) {
	for i := 1; i < len(names); i++ {
		if names[i-1] >= names[i] {
			p.errorf("%s: the names are not sorted, each once", field)
			return
		}
	}
}

// checkNeeds looks for what is depended on and isn't in the lock.
func (p *parser) checkNeeds() {
	p.packages = map[string][]*Package{}
	for i := range p.file.Packages {
		pkg := &p.file.Packages[i]
		p.packages[pkg.Name] = append(p.packages[pkg.Name], pkg)
	}
	all := Package{}
	for _, r := range p.file.Projects {
		p.checkDepends(r.File, &all, r.Name(), r.Depends)
		p.checkOwnDepexts(r.File, &all, r.Depexts)
	}
	for i := range p.file.Packages {
		pkg := &p.file.Packages[i]
		p.checkDepends(pkg.ID(), pkg, pkg.Name, pkg.Depends)
		p.checkOwnDepexts(pkg.ID(), pkg, pkg.Depexts)
	}
}

// checkDepends checks the line of pkg, an empty one for the project's files.
func (p *parser) checkDepends(owner string, pkg *Package, name string, depends []string) {
	line := p.lines["depends of "+owner]
	for _, d := range depends {
		have, known := p.packages[d]
		shares := func(q *Package) bool { return pkg.shares(q) }
		switch {
		case d == name:
			p.errorAt(line, "%s: depends on itself", owner)
		case p.isProject(d):
		case !known:
			p.errorAt(line, "%s: depends on %q, which is not in the lock", owner, d)
		case !slices.ContainsFunc(have, shares):
			p.errorAt(line, "%s: depends on %q, which none of its targets has", owner, d)
		}
	}
}

func (p *parser) isProject(name string) bool {
	return slices.ContainsFunc(p.file.Projects, func(r Project) bool { return r.Name() == name })
}

func (p *parser) checkOwnDepexts(owner string, pkg *Package, depexts []Depexts) {
	for _, d := range depexts {
		line := p.lines["depext of "+owner+" on "+d.Target.String()]
		target, known := p.file.Target(d.Target)
		if !known || !pkg.isFor(d.Target) {
			p.errorAt(line, "%s: it has a depext on %q, which is not one of its targets", owner, d.Target.String())
			continue
		}
		for _, name := range d.Names {
			if !slices.ContainsFunc(target.Depexts, func(e Depext) bool { return e.Name == name }) {
				p.errorAt(line, "%s: its depext %q is not among those of %s", owner, name, d.Target)
			}
		}
	}
	ordered := func(a, b Depexts) int { return CompareTargetIDs(a.Target, b.Target) }
	if !slices.IsSortedFunc(depexts, ordered) {
		p.errorAt(p.lines["depext of "+owner+" on "+depexts[0].Target.String()], "%s: its depexts are not sorted", owner)
	}
}

// shares tells whether there is a target that has both packages.
func (p *Package) shares(q *Package) bool {
	return len(p.Only) == 0 || len(q.Only) == 0 ||
		slices.ContainsFunc(p.Only, func(id TargetID) bool { return slices.Contains(q.Only, id) })
}
