package apk

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// SelectOptions say what is chosen from.
type SelectOptions struct {
	Repositories []*Index  // of two packages of one name and version the first repository's is taken
	Want         []string  // NAME, NAME=1.2-r0, NAME>=1, NAME~1.2, a provided name (cmd:gcc), or !NAME
	Keep         []Package // installed already: they stay, and are in the selection
}

// A Selection is a closed set of packages without conflicts.
type Selection struct {
	Packages []Selected // in the order of their names
}

// Selected is one chosen package.
type Selected struct {
	Package
	Repository int    // index into SelectOptions.Repositories; -1 for what was kept
	Reason     Reason // why it is there
}

// A Reason is the first thing that made Select take a package.
type Reason struct {
	By        string // the name of the package that asked; empty if the package was wanted or kept
	For       string // what was asked for, such as so:libz.so.1; empty if the package was kept
	InstallIf bool   // it came because its install_if was met; By is the first package that meets it
}

// Select chooses the packages that are wanted and everything they need, as apk add into a root with the kept packages
// would. The answer depends on the options alone. Errors are [NotFoundError], [AmbiguousError], [ConflictError], or
// name the wanted word that is none.
func Select(opt SelectOptions) (*Selection, error) {
	want, err := parseWant(opt.Want)
	if err != nil {
		return nil, err
	}
	c := newCatalog(opt, want)
	if err := c.explainHopeless(want); err != nil {
		return nil, err
	}
	r := newResolver(c)
	if err := r.start(want); err != nil {
		return nil, err
	}
	if err := r.resolve(); err != nil {
		return nil, err
	}
	return r.selection(), nil
}

// parseWant reads the wanted words, sorted, so that their order doesn't matter.
func parseWant(words []string) ([]Dependency, error) {
	words = slices.Clone(words)
	sort.Strings(words)
	var out []Dependency
	for _, w := range slices.Compact(words) {
		d, err := ParseDependency(w)
		if err != nil {
			return nil, fmt.Errorf("wanted package: %w", err)
		}
		out = append(out, d)
	}
	return out, nil
}

// Find gives the selected package of a name.
func (s *Selection) Find(name string) (Selected, bool) {
	i, ok := slices.BinarySearchFunc(s.Packages, name, func(p Selected, name string) int {
		return strings.Compare(p.Name, name)
	})
	if !ok {
		return Selected{}, false
	}
	return s.Packages[i], true
}

// Chain tells why a package is there: the names from the wanted package down to it. It is empty if the selection
// doesn't have the package.
func (s *Selection) Chain(name string) []string {
	var out []string
	for p, ok := s.Find(name); ok && !slices.Contains(out, p.Name); p, ok = s.Find(p.Reason.By) {
		out = append(out, p.Name)
	}
	slices.Reverse(out)
	return out
}
