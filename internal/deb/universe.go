package deb

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/agext/levenshtein"
)

// A Universe is what can be chosen: the packages of several archives for one
// architecture, with one candidate per name. It can serve many Select calls at
// once.
type Universe struct {
	arch       string
	archives   [][]Package
	candidates map[string]*Package
	providers  map[string][]provider
	mentions   func() map[string]int
}

// A provider is a candidate that provides another name.
type provider struct {
	pkg     *Package
	version string // of the provided name, "" if none is given
}

// Merge joins the Packages indexes of several archives. A name's candidate is
// its newest version; of equal versions that of the archive given first.
// Packages for another architecture than arch ("amd64") and "all" are left out.
func Merge(arch string, archives ...[]Package) (*Universe, error) {
	u := &Universe{arch: arch, archives: archives, candidates: make(map[string]*Package)}
	for _, archive := range archives {
		for i := range archive {
			p := &archive[i]
			if p.Architecture != arch && p.Architecture != "all" {
				continue
			}
			if c := u.candidates[p.Name]; c == nil || CompareVersions(p.Version, c.Version) > 0 {
				u.candidates[p.Name] = p
			}
		}
	}
	u.mentions = sync.OnceValue(u.countMentions)
	return u, u.indexProviders()
}

// indexProviders fills u.providers, each list in the order of the archives.
func (u *Universe) indexProviders() error {
	u.providers = make(map[string][]provider)
	for _, archive := range u.archives {
		for i := range archive {
			p := &archive[i]
			if p.Provides == "" || u.candidates[p.Name] != p {
				continue
			}
			provides, err := provided(p)
			if err != nil {
				return err
			}
			for _, r := range provides {
				u.providers[r.Name] = append(u.providers[r.Name], provider{p, r.Version})
			}
		}
	}
	return nil
}

// provided parses what p provides: names with either no version or an exact one.
func provided(p *Package) ([]Relation, error) {
	groups, err := p.Provides.Groups()
	if err != nil {
		return nil, fmt.Errorf("%v: Provides: %w", p, err)
	}
	var rs []Relation
	for _, g := range groups {
		if len(g) == 1 && (g[0].Op == "" || g[0].Op == "=") {
			rs = append(rs, g[0])
		}
	}
	return rs, nil
}

// Arch returns the architecture of the universe.
func (u *Universe) Arch() string { return u.arch }

// Candidate returns the package that would be chosen for a name, nil if no
// package has that name.
func (u *Universe) Candidate(name string) *Package { return u.candidates[name] }

// exact returns the package of that name and version, or one that has nothing
// else if no archive holds it.
func (u *Universe) exact(name, version string) *Package {
	for _, archive := range u.archives {
		for i := range archive {
			if p := &archive[i]; p.Name == name && p.Version == version {
				return p
			}
		}
	}
	return &Package{Name: name, Version: version, Architecture: u.arch}
}

// essential returns the names of all essential packages, sorted.
func (u *Universe) essential() []string {
	return u.names(func(p *Package) bool { return p.Essential })
}

// required returns the names of all packages of the priority required, sorted.
func (u *Universe) required() []string {
	return u.names(func(p *Package) bool { return p.Priority == "required" })
}

// names returns the sorted names of the candidates that keep says yes to.
func (u *Universe) names(keep func(*Package) bool) []string {
	var names []string
	for name, p := range u.candidates {
		if keep(p) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// solutions lists the candidates that fulfil r, best first.
func (u *Universe) solutions(r Relation) []*Package {
	var found []*Package
	if p := u.candidates[r.Name]; p != nil && r.Admits(p.Version) && u.qualified(p, r.Qualifier) {
		found = append(found, p)
	}
	for _, pr := range u.providers[r.Name] {
		if u.provides(pr.pkg, pr.version, r) && !slices.Contains(found, pr.pkg) {
			found = append(found, pr.pkg)
		}
	}
	slices.SortStableFunc(found, func(a, b *Package) int { return u.compareSolutions(r, a, b) })
	return found
}

// provides says whether p, which provides r's name in a version, fulfils r. A
// name provided without version fulfils no constraint on the version.
func (u *Universe) provides(p *Package, version string, r Relation) bool {
	if r.Op != "" && (version == "" || !r.Admits(version)) {
		return false
	}
	return u.qualified(p, r.Qualifier)
}

// qualified says whether p can stand for a name with an architecture qualifier.
func (u *Universe) qualified(p *Package, qualifier string) bool {
	switch qualifier {
	case "", u.arch:
		return true
	case "any":
		return p.MultiArch == "allowed"
	case "all":
		return p.Architecture == "all"
	}
	return false
}

// compareSolutions orders two packages that both fulfil r as apt does.
func (u *Universe) compareSolutions(r Relation, a, b *Package) int {
	return cmp.Or(
		preferTrue(a.Name == r.Name, b.Name == r.Name),
		preferTrue(a.Essential, b.Essential),
		preferTrue(a.Important, b.Important),
		cmp.Compare(priorityRank(a.Priority), priorityRank(b.Priority)),
		u.compareMentions(b.Name, a.Name),
	)
}

// compareMentions orders two names by where the indexes first mention them.
func (u *Universe) compareMentions(a, b string) int {
	if a == b {
		return 0
	}
	m := u.mentions()
	return cmp.Compare(m[a], m[b])
}

func preferTrue(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// priorityRank orders the values of the field Priority; unknown ones come last.
func priorityRank(p string) int {
	order := []string{"required", "important", "standard", "optional"}
	if i := slices.Index(order, p); i >= 0 {
		return i
	}
	return len(order)
}

// countMentions numbers the names in the order in which the indexes first
// mention them, as a package or in a relation. apt's numbers of packages come
// about in the same way.
func (u *Universe) countMentions() map[string]int {
	m := make(map[string]int, len(u.candidates))
	mention := func(name string) {
		if _, ok := m[name]; !ok {
			m[name] = len(m)
		}
	}
	for _, archive := range u.archives {
		for i := range archive {
			p := &archive[i]
			mention(p.Name)
			for _, field := range []Relations{
				p.PreDepends, p.Depends, p.Conflicts, p.Breaks, p.Recommends,
				p.Suggests, p.Replaces, p.Enhances, p.Provides,
			} {
				mentionAll(string(field), mention)
			}
		}
	}
	return m
}

// mentionAll calls mention for the names of a relation field that have no
// architecture qualifier (with one, they are other packages to apt).
func mentionAll(field string, mention func(string)) {
	for part := range strings.FieldsFuncSeq(field, func(c rune) bool { return c == ',' || c == '|' }) {
		name, _, _ := strings.Cut(strings.TrimSpace(part), "(")
		if name = strings.TrimSpace(name); name != "" && !strings.Contains(name, ":") {
			mention(name)
		}
	}
}

// near returns up to three names that look like name.
func (u *Universe) near(name string) []string {
	type scored struct {
		name string
		cost int
	}
	limit := 1 + len(name)/4
	var found []scored
	consider := func(n string) {
		if abs(len(n)-len(name)) > limit {
			return
		}
		if d := levenshtein.Distance(name, n, nil); d <= limit {
			found = append(found, scored{n, d})
		}
	}
	for n := range u.candidates {
		consider(n)
	}
	slices.SortFunc(found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(commonPrefix(b.name, name), commonPrefix(a.name, name)),
			strings.Compare(a.name, b.name))
	})
	names := make([]string, 0, 3)
	for _, s := range found[:min(3, len(found))] {
		names = append(names, s.name)
	}
	return names
}

// commonPrefix returns how many bytes a and b start with together.
func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

func abs(n int) int {
	return max(n, -n)
}
