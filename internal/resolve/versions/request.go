package versions

import (
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/opam"
)

// Universe gives the opam packages to choose from.
type Universe interface {
	// Versions lists a package's versions, newest first; none where there is no
	// such package.
	Versions(name string) ([]string, error)
	// OpamFile reads the opam file of a version.
	OpamFile(name, version string) (*opam.File, error)
}

// Request is what is to be solved.
type Request struct {
	Universe Universe
	// Roots are the project's own packages, which count as installed.
	Roots []Package
	// Pinned are packages that have one version, whatever the universe says.
	Pinned []Package
	// Constraints are further demands on packages.
	Constraints []Constraint
	// Targets are what to solve for.
	Targets []Target
}

// Package is an opam package that isn't of the universe.
type Package struct {
	Name, Version string
	File          *opam.File
	// Variables are global variables that only its own file sees, such as
	// with-test.
	Variables map[string]opam.Value
}

// Constraint is a demand that is in no opam file.
type Constraint struct {
	// Package is a package with the versions that it can have wherever it is
	// installed. One without versions is installed.
	Package opam.Requirement
	// By is who asks, as it is told to the user: "--ocaml", "ofarm.toml".
	By string
}

// adds tells whether the constraint brings its package in.
func (c Constraint) adds() bool { return c.Package.Versions.Op == opam.FormulaEmpty }

// Target is a target with opam's global variables there.
type Target struct {
	Name      string
	Variables map[string]opam.Value
	// Keep are versions that shall stay on it where they can, by name.
	Keep map[string]string
}

// Solution is what was chosen.
type Solution struct {
	// Versions are, for each target of the request in its order, the installed
	// packages by name, without the roots.
	Versions []map[string]string
	// Avoided are the packages, as NAME.VERSION and sorted, that are in it
	// although their files say avoid-version or deprecated.
	Avoided []string
	// Joint says that every package has the same version on all targets that
	// have it. Where false, no such solution exists.
	Joint bool
	// Stats says how much was read and asked.
	Stats Stats
}

// Stats counts what a solution took.
type Stats struct {
	// Packages and Versions were reached, Files read.
	Packages, Versions, Files int
	// Classes of targets were told apart.
	Classes int
	// Variables and Clauses made the question, asked Questions times.
	Variables, Clauses, Questions int
}

// avoided tells whether a version's flags say that it is not to be chosen
// without need.
func avoided(f *opam.File) bool { return f.HasFlag("avoid-version") || f.HasFlag("deprecated") }

// conjuncts are the parts of a requirement that must all hold.
func conjuncts(r opam.Requirement) []opam.Requirement {
	switch r.Op {
	case opam.FormulaEmpty:
		return nil
	case opam.FormulaAnd:
		var out []opam.Requirement
		for _, p := range r.Parts {
			out = append(out, conjuncts(p)...)
		}
		return out
	}
	return []opam.Requirement{r}
}

// mentions tells whether a file's demands depend on one of some variables.
func mentions(f *opam.File, names map[string]bool) bool {
	return len(names) > 0 && (filterMentions(f.Available, names) ||
		formulaMentions(f.Depends, names) || formulaMentions(f.Conflicts, names))
}

func formulaMentions(f opam.Formula, names map[string]bool) bool {
	return conditionMentions(f.When, names) ||
		slices.ContainsFunc(f.Parts, func(p opam.Formula) bool { return formulaMentions(p, names) })
}

func conditionMentions(c opam.Condition, names map[string]bool) bool {
	return filterMentions(c.Version, names) || filterMentions(c.Filter, names) ||
		slices.ContainsFunc(c.Parts, func(p opam.Condition) bool { return conditionMentions(p, names) })
}

func filterMentions(f *opam.Filter, names map[string]bool) bool {
	if f == nil {
		return false
	}
	if f.Op == opam.FilterText && strings.Contains(f.Text, "%{") {
		return true
	}
	for _, v := range f.Ref.Variables() {
		if names[v.Name] {
			return true
		}
	}
	return filterMentions(f.X, names) || filterMentions(f.Y, names)
}
