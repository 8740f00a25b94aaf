package deb

import (
	"fmt"
	"slices"
	"strings"
)

// newChoice parses the fields of a package that say what it can't live with.
func newChoice(sel Selected) (*choice, error) {
	provides, err := provided(sel.Package)
	if err != nil {
		return nil, err
	}
	c := &choice{Selected: sel, provides: provides}
	for _, f := range []struct {
		name string
		text Relations
	}{{"Conflicts", sel.Conflicts}, {"Breaks", sel.Breaks}} {
		groups, err := f.text.Groups()
		if err != nil {
			return nil, fmt.Errorf("%v: %s: %w", sel.Package, f.name, err)
		}
		for _, g := range groups {
			for _, r := range g {
				c.against = append(c.against, negative{r, f.name})
			}
		}
	}
	return c, nil
}

// excludes returns the relation of c that forbids other, nil if there is none.
// A package never forbids itself.
func (c *choice) excludes(other *choice) *negative {
	for i := range c.against {
		n := &c.against[i]
		if n.Qualifier != "" && n.Qualifier != "any" && n.Qualifier != other.Architecture {
			continue
		}
		if n.Name == other.Name && n.Admits(other.Version) {
			return n
		}
		for _, p := range other.provides {
			if n.Name == p.Name && (n.Op == "" || p.Version != "" && n.Admits(p.Version)) {
				return n
			}
		}
	}
	return nil
}

// conflict returns a *ConflictError if c can't be in one set with what is
// chosen.
func (s *selector) conflict(c *choice) error {
	if was := s.chosen[c.Name]; was != nil {
		return fmt.Errorf("%v is needed, but %v is installed", c.Package, was.Package)
	}
	for _, name := range s.names() {
		other := s.chosen[name]
		chain, otherChain := append(s.chain(c.By), c.Selected), s.chain(name)
		if n := c.excludes(other); n != nil {
			return &ConflictError{Chain: chain, Field: n.field, Relation: n.Relation, Other: otherChain}
		}
		if n := other.excludes(c); n != nil {
			return &ConflictError{Chain: otherChain, Field: n.field, Relation: n.Relation, Other: chain}
		}
	}
	return nil
}

// names lists the set: first what was installed, then in the order of choosing.
func (s *selector) names() []string {
	var names []string
	for name, c := range s.chosen {
		if c.installed {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return append(names, s.order...)
}

// An UnknownPackageError says that no package has a name that was wanted.
type UnknownPackageError struct {
	Name      string
	Near      []string // names that look like it, the nearest first
	Providers []string // packages that provide it, if it is virtual
}

func (e *UnknownPackageError) Error() string {
	if len(e.Providers) > 0 {
		return fmt.Sprintf("package %q is virtual: choose one of its providers: %s", e.Name, strings.Join(e.Providers, ", "))
	}
	if len(e.Near) > 0 {
		return fmt.Sprintf("no package %q: did you mean %s?", e.Name, strings.Join(e.Near, ", "))
	}
	return fmt.Sprintf("no package %q", e.Name)
}

// An UnmetError says that a dependency can't be satisfied.
type UnmetError struct {
	Chain []Selected // who wanted whom, down to the package with the dependency
	Field string     // "Depends" or "Pre-Depends"
	Group Group
	Tried []Attempt // the candidates, and why none can be had
	Found string    // why there is no candidate, if there is none
}

// An Attempt is a candidate that can't be had.
type Attempt struct {
	Package *Package
	Err     error
}

func (e *UnmetError) Error() string {
	if len(e.Tried) == 1 {
		return e.Tried[0].Err.Error()
	}
	msg := fmt.Sprintf("%s, which %s %s: ", chainText(e.Chain), verb(e.Field), e.Group)
	if len(e.Tried) == 0 {
		return msg + e.Found
	}
	var reasons []string
	for _, a := range e.Tried {
		reasons = append(reasons, fmt.Sprintf("not %v: %v", a.Package, a.Err))
	}
	return msg + strings.Join(reasons, "; ")
}

// Unwrap returns the errors of the candidates.
func (e *UnmetError) Unwrap() []error {
	var errs []error
	for _, a := range e.Tried {
		errs = append(errs, a.Err)
	}
	return errs
}

// tried says whether a candidate was rejected already.
func (e *UnmetError) tried(p *Package) bool {
	return slices.ContainsFunc(e.Tried, func(a Attempt) bool { return a.Package == p })
}

// explain fills in why no member of the group has a candidate.
func (e *UnmetError) explain(u *Universe) {
	var reasons []string
	for _, r := range e.Group {
		if p := u.Candidate(r.Name); p != nil {
			reasons = append(reasons, fmt.Sprintf("%q is there in version %s only", r.Name, p.Version))
		} else {
			reasons = append(reasons, fmt.Sprintf("there is no package %q", r.Name))
		}
	}
	e.Found = strings.Join(reasons, "; ")
}

// A ConflictError says that two packages of the set can't be together.
type ConflictError struct {
	Chain    []Selected // who wanted whom, down to the package that objects
	Field    string     // "Conflicts" or "Breaks"
	Relation Relation
	Other    []Selected // likewise for the package it objects to
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s, which %s %v: %s", chainText(e.Chain), verb(e.Field), e.Relation, chainText(e.Other))
}

// chainText says a chain of reasons in words.
func chainText(chain []Selected) string {
	if len(chain) == 0 {
		return "nobody"
	}
	s := chain[0].Package.String()
	for i, c := range chain[1:] {
		if i > 0 {
			s += ", which"
		}
		field, _, _ := strings.Cut(c.For, ":")
		s += fmt.Sprintf(" %s %v", verb(field), c.Package)
	}
	return s
}

// verb is the field of a relation as a sentence says it.
func verb(field string) string {
	switch field {
	case "Pre-Depends":
		return "pre-depends on"
	case "Conflicts":
		return "conflicts with"
	case "Breaks":
		return "breaks"
	}
	return "depends on"
}
