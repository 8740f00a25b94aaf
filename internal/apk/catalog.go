package apk

import (
	"cmp"
	"slices"
	"strings"
)

// A choice is a package that may be chosen.
type choice struct {
	Package
	repository int  // -1 for what is kept
	hopeless   bool // something that it needs is nowhere
}

// A provider is a choice under one of the names it provides.
type provider struct {
	*choice
	version string // of the name; empty for a virtual
}

// A catalog is what can be chosen: the part of the repositories that the wanted names reach.
type catalog struct {
	all       map[string][]provider // every name's providers, by their names
	names     []string              // those reached, in the order of discovery
	reached   map[string]bool
	seen      map[*choice]bool
	choices   []*choice // those reached, in the order in which install_if is looked at
	kept      []*choice
	installIf map[string][]*choice // by the names in their conditions
	depth     map[string]int       // the longest chain of dependencies below a name
}

func newCatalog(opt SelectOptions, want []Dependency) *catalog {
	c := &catalog{
		all: map[string][]provider{}, reached: map[string]bool{}, seen: map[*choice]bool{},
		installIf: map[string][]*choice{}, depth: map[string]int{},
	}
	have := map[string]bool{}
	for _, p := range opt.Keep {
		c.kept = append(c.kept, c.add(p, -1))
		have[p.ID()] = true
	}
	slices.SortFunc(c.kept, func(a, b *choice) int { return comparePackages(a.Package, b.Package) })
	for i, index := range opt.Repositories {
		for _, p := range index.Packages {
			if !have[p.ID()] {
				have[p.ID()] = true
				c.add(p, i)
			}
		}
	}
	for _, list := range c.all {
		slices.SortFunc(list, func(a, b provider) int { return comparePackages(a.Package, b.Package) })
	}
	c.discover(want)
	slices.SortFunc(c.choices, installIfOrder)
	c.markHopeless()
	return c
}

func (c *catalog) add(p Package, repository int) *choice {
	ch := &choice{Package: p, repository: repository}
	for _, as := range ch.provided() {
		c.all[as.Name] = append(c.all[as.Name], provider{ch, as.Version})
	}
	for _, d := range p.InstallIf {
		c.installIf[d.Name] = append(c.installIf[d.Name], ch)
	}
	return ch
}

// provided lists the names the package answers to, its own first.
func (ch *choice) provided() []Dependency {
	return append([]Dependency{{Name: ch.Name, Op: "=", Version: ch.Version}}, ch.Provides...)
}

func (ch *choice) provides(name string) bool {
	return slices.ContainsFunc(ch.provided(), func(as Dependency) bool { return as.Name == name })
}

// meets reports whether the package fits a dependency under one of its names.
func (ch *choice) meets(d Dependency) bool {
	return slices.ContainsFunc(ch.provided(), func(as Dependency) bool {
		return as.Name == d.Name && provider{ch, as.Version}.admits(d)
	})
}

// admits reports whether the provider fits a dependency on its name, leaving Conflict aside.
func (p provider) admits(d Dependency) bool {
	return d.admits(p.version, p.Checksum.String())
}

// discover finds what the wanted names and the kept packages reach.
func (c *catalog) discover(want []Dependency) {
	for _, d := range want {
		c.reach(d.Name)
	}
	for _, k := range c.kept {
		c.reach(k.Name)
	}
	for i := 0; i < len(c.names); i++ {
		name := c.names[i]
		for _, p := range c.all[name] {
			c.see(p.choice)
		}
		for _, ch := range c.installIf[name] {
			c.see(ch)
		}
	}
}

func (c *catalog) reach(name string) {
	if !c.reached[name] {
		c.reached[name] = true
		c.names = append(c.names, name)
	}
}

func (c *catalog) see(ch *choice) {
	if c.seen[ch] {
		return
	}
	c.seen[ch] = true
	c.choices = append(c.choices, ch)
	for _, d := range ch.provided() {
		c.reach(d.Name)
	}
	for _, d := range ch.Depends {
		c.reach(d.Name)
	}
}

// installIfOrder puts what comes along unless something is there behind what comes along in any case.
func installIfOrder(a, b *choice) int {
	return cmp.Or(a.conflicts()-b.conflicts(), comparePackages(a.Package, b.Package))
}

// conflicts counts the conditions of install_if that something is not there.
func (ch *choice) conflicts() int {
	n := 0
	for _, d := range ch.InstallIf {
		if d.Conflict {
			n++
		}
	}
	return n
}

// markHopeless finds the choices that need what no choice provides, and those that need only such.
func (c *catalog) markHopeless() {
	for changed := true; changed; {
		changed = false
		for _, ch := range c.choices {
			if _, bad := c.unmet(ch); bad && !ch.hopeless {
				ch.hopeless, changed = true, true
			}
		}
	}
}

// unmet gives the choice's first dependency that no hopeful choice meets, or that the choice is itself in the way of.
func (c *catalog) unmet(ch *choice) (Dependency, bool) {
	for _, d := range ch.Depends {
		if !d.Conflict && (!c.canMeet(d) || ch.provides(d.Name) && !ch.meets(d)) {
			return d, true
		}
	}
	return Dependency{}, false
}

func (c *catalog) canMeet(d Dependency) bool {
	return slices.ContainsFunc(c.all[d.Name], func(p provider) bool { return !p.hopeless && p.admits(d) })
}

// depthOf is the length of the longest chain of dependencies below a name; a cycle ends it.
func (c *catalog) depthOf(name string) int {
	if d, ok := c.depth[name]; ok {
		return d
	}
	c.depth[name] = 0
	depth := 0
	for _, p := range c.all[name] {
		for _, d := range p.Depends {
			if !d.Conflict {
				depth = max(depth, 1+c.depthOf(d.Name))
			}
		}
	}
	c.depth[name] = depth
	return depth
}

// better orders the providers of one name, the one apk prefers first. Like apk's, this is no total order where some
// provide the name with a version and some without: what is sorted has to be in a fixed order before.
func better(a, b provider) int {
	kept := cmp.Compare(min(a.repository, 0), min(b.repository, 0))
	return cmp.Or(kept, newer(a, b), cmp.Compare(b.ProviderPriority, a.ProviderPriority),
		cmp.Compare(a.repository, b.repository), strings.Compare(a.ID(), b.ID()))
}

// newer compares the versions of the name, then of the package, where both have such.
func newer(a, b provider) int {
	if a.version != "" && b.version != "" {
		if v := CompareVersions(b.version, a.version); v != 0 {
			return v
		}
	}
	if a.Name == b.Name {
		return CompareVersions(b.Version, a.Version)
	}
	return 0
}
