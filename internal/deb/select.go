package deb

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Options says what Select has to choose.
type Options struct {
	Universe *Universe

	// Want lists the names of the packages to choose, in the order apt-get
	// install would get them. A name that only others provide stands for its
	// provider if there is exactly one.
	Want []string

	// Essential adds all packages marked Essential, Required those of the
	// priority required as well, as a root needs that starts from nothing.
	Essential bool
	Required  bool

	// Installed maps names to versions that are there already. They satisfy
	// and conflict as far as the universe knows them, and are never changed.
	Installed map[string]string
}

// A Selection is a closed set of packages: every dependency of each is
// satisfied by the set and what was installed before.
type Selection struct {
	Packages []Selected // sorted by name, without what was installed before
}

// A Selected is a chosen package and what it was chosen for.
type Selected struct {
	*Package
	By  string // the name of the package that wanted it, "" if it was named
	For string // By's relation it fulfils: "Depends: gcc-12 (>= 12.2.0-1~)"
}

// Find returns the chosen package of a name, nil if there is none.
func (s *Selection) Find(name string) *Selected {
	i, ok := slices.BinarySearchFunc(s.Packages, name, func(p Selected, n string) int { return strings.Compare(p.Name, n) })
	if !ok {
		return nil
	}
	return &s.Packages[i]
}

// Why returns the chain of reasons for a package: first the package that was
// named, then who depends on whom, down to name. It is nil for a name that
// wasn't chosen.
func (s *Selection) Why(name string) []Selected {
	var chain []Selected
	for p := s.Find(name); p != nil; p = s.Find(p.By) {
		chain = append(chain, *p)
	}
	slices.Reverse(chain)
	return chain
}

// Select chooses packages as the package comment says. The same options give
// the same selection. Errors are of type *UnknownPackageError,
// *UnmetError and *ConflictError, or about a malformed relation field.
func Select(o Options) (*Selection, error) {
	s := &selector{u: o.Universe, chosen: make(map[string]*choice)}
	for _, name := range slices.Sorted(maps.Keys(o.Installed)) {
		if err := s.addInstalled(name, o.Installed[name]); err != nil {
			return nil, err
		}
	}
	var want []string
	if o.Essential {
		want = append(want, o.Universe.essential()...)
	}
	if o.Required {
		want = append(want, o.Universe.required()...)
	}
	if err := s.named(append(want, o.Want...)); err != nil {
		return nil, err
	}
	return s.selection(), nil
}

// A choice is a package that was taken, or was there already.
type choice struct {
	Selected
	installed bool
	provides  []Relation
	against   []negative // its conflicts and breaks
}

// A negative is a relation with a package that must not be there.
type negative struct {
	Relation
	field string // "Conflicts" or "Breaks"
}

// A selector builds a selection. order is the chosen names in the order of
// choosing, so that a failed attempt can be taken back.
type selector struct {
	u      *Universe
	chosen map[string]*choice
	order  []string
}

// addInstalled takes note of a package that is there already.
func (s *selector) addInstalled(name, version string) error {
	c, err := newChoice(Selected{Package: s.u.exact(name, version)})
	if err != nil {
		return err
	}
	c.installed = true
	s.chosen[name] = c
	return nil
}

// named chooses the packages of a list, then what they depend on.
func (s *selector) named(want []string) error {
	var packages []*Package
	for _, name := range want {
		p, err := s.resolveName(name)
		if err != nil {
			return err
		}
		if p == nil || s.chosen[p.Name] != nil {
			continue
		}
		if err := s.take(Selected{Package: p}); err != nil {
			return err
		}
		packages = append(packages, p)
	}
	for _, p := range packages {
		if err := s.expand(p); err != nil {
			return err
		}
	}
	return nil
}

// resolveName returns the package that a name given by the user means, nil if
// the name is only provided, by one that was chosen already. A package of the
// name itself is meant even if another one that provides it is there.
func (s *selector) resolveName(name string) (*Package, error) {
	if p := s.u.Candidate(name); p != nil {
		return p, nil
	}
	if s.satisfied(Relation{Name: name}) {
		return nil, nil
	}
	found := s.u.solutions(Relation{Name: name})
	if len(found) == 1 {
		return found[0], nil
	}
	e := &UnknownPackageError{Name: name}
	for _, p := range found {
		e.Providers = append(e.Providers, p.Name)
	}
	slices.Sort(e.Providers)
	if len(found) == 0 {
		e.Near = s.u.near(name)
	}
	return nil, e
}

// choose takes a package with all it depends on, or leaves everything as it was
// and says why it can't be.
func (s *selector) choose(sel Selected) error {
	mark := len(s.order)
	err := s.take(sel)
	if err == nil {
		err = s.expand(sel.Package)
	}
	if err != nil {
		s.takeBack(mark)
	}
	return err
}

// take adds one package to the set unless it conflicts with it.
func (s *selector) take(sel Selected) error {
	c, err := newChoice(sel)
	if err != nil {
		return err
	}
	if err := s.conflict(c); err != nil {
		return err
	}
	s.chosen[sel.Name] = c
	s.order = append(s.order, sel.Name)
	return nil
}

// takeBack forgets all packages chosen since there were n.
func (s *selector) takeBack(n int) {
	for _, name := range s.order[n:] {
		delete(s.chosen, name)
	}
	s.order = s.order[:n]
}

// expand satisfies the dependencies of a chosen package.
func (s *selector) expand(p *Package) error {
	for _, f := range []struct {
		name string
		text Relations
	}{{"Pre-Depends", p.PreDepends}, {"Depends", p.Depends}} {
		groups, err := f.text.Groups()
		if err != nil {
			return fmt.Errorf("%v: %s: %w", p, f.name, err)
		}
		for _, g := range groups {
			if err := s.satisfy(p, f.name, g); err != nil {
				return err
			}
		}
	}
	return nil
}

// satisfy makes sure that one member of a group is fulfilled.
func (s *selector) satisfy(p *Package, field string, g Group) error {
	if slices.ContainsFunc(g, s.satisfied) {
		return nil
	}
	unmet := &UnmetError{Chain: s.chain(p.Name), Field: field, Group: g}
	for _, r := range g {
		for _, candidate := range s.u.solutions(r) {
			if unmet.tried(candidate) {
				continue
			}
			err := s.choose(Selected{Package: candidate, By: p.Name, For: field + ": " + g.String()})
			if err == nil {
				return nil
			}
			unmet.Tried = append(unmet.Tried, Attempt{candidate, err})
		}
	}
	if len(unmet.Tried) == 0 {
		unmet.explain(s.u)
	}
	return unmet
}

// satisfied says whether the set fulfils r.
func (s *selector) satisfied(r Relation) bool {
	if c := s.chosen[r.Name]; c != nil && r.Admits(c.Version) && s.u.qualified(c.Package, r.Qualifier) {
		return true
	}
	for _, pr := range s.u.providers[r.Name] {
		c := s.chosen[pr.pkg.Name]
		if c != nil && c.Package == pr.pkg && s.u.provides(pr.pkg, pr.version, r) {
			return true
		}
	}
	return false
}

// selection returns what was chosen.
func (s *selector) selection() *Selection {
	var out Selection
	for _, name := range slices.Sorted(maps.Keys(s.chosen)) {
		if c := s.chosen[name]; !c.installed {
			out.Packages = append(out.Packages, c.Selected)
		}
	}
	return &out
}

// chain returns the reasons for a chosen package, the named one first.
func (s *selector) chain(name string) []Selected {
	var chain []Selected
	for c := s.chosen[name]; c != nil; c = s.chosen[c.By] {
		chain = append(chain, c.Selected)
	}
	slices.Reverse(chain)
	return chain
}
