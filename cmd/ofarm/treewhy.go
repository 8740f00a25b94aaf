package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/ofarm/ofarm/internal/lock"
)

// otherWays is how many ways to a package are told beside the shortest.
const otherWays = 10

// reason is why something is in a lock: an opam package, or a distro package of
// one target. One name can be both.
type reason struct {
	name   string
	opam   []opamReason
	distro []distroReason
}

// opamReason are the ways from a package up to the project.
type opamReason struct {
	node *lock.Node
	ways [][]*lock.Node
	more bool
}

// distroReason is why a target has a distro package.
type distroReason struct {
	target lock.TargetID
	// version is empty where the name is only that of a depext, which other
	// packages provide.
	version string
	base    bool
	depexts []depextReason
}

// depextReason is a depext that is the package or brings it, and who asks for
// it.
type depextReason struct {
	name   string
	askers []asker
}

// asker is an opam package or an opam file of the project, with a shortest way
// up from it.
type asker struct {
	node *lock.Node
	way  []*lock.Node
}

func (w *world) why(l *lock.File, ids []lock.TargetID, o treeOptions) error {
	r, err := findReason(l, ids, o.why)
	if err != nil {
		return err
	}
	if o.json {
		return w.printJSON(describeReason(r))
	}
	_, err = fmt.Fprint(w.Stdout, r.text(ids))
	return err
}

func findReason(l *lock.File, ids []lock.TargetID, name string) (reason, error) {
	r := reason{name: name}
	g := l.Graph(ids)
	for _, n := range slices.Concat(g.Roots, g.Packages) {
		if n.Name() == name || nodeID(n) == name {
			ways, more := g.Paths(n, otherWays)
			r.opam = append(r.opam, opamReason{n, ways, more})
		}
	}
	for _, id := range ids {
		t, _ := l.Target(id)
		if d, ok := findDistroReason(t, l.Graph([]lock.TargetID{id}), name); ok {
			r.distro = append(r.distro, d)
		}
	}
	if len(r.opam) == 0 && len(r.distro) == 0 {
		return r, unknownName(l, ids, g, name)
	}
	return r, nil
}

func findDistroReason(t lock.Target, g *lock.Graph, name string) (d distroReason, ok bool) {
	d.target = t.TargetID
	isIt := func(p lock.DistroPackage) bool { return p.Name == name }
	if i := slices.IndexFunc(t.Base, isIt); i >= 0 {
		d.base, d.version, ok = true, t.Base[i].Version, true
	}
	if i := slices.IndexFunc(t.Extra, isIt); i >= 0 {
		d.version, ok = t.Extra[i].Version, true
	}
	for _, e := range t.Depexts {
		if e.Name == name || slices.Contains(e.Needs, name) {
			ok = true
			d.depexts = append(d.depexts, depextReason{e.Name, askersOf(g, t.TargetID, e.Name)})
		}
	}
	return d, ok
}

// askersOf are those that ask for a depext on the target that a graph is of.
func askersOf(g *lock.Graph, id lock.TargetID, depext string) []asker {
	var out []asker
	for _, n := range slices.Concat(g.Roots, g.Packages) {
		asks := func(d lock.Depexts) bool { return d.Target == id && slices.Contains(d.Names, depext) }
		if !slices.ContainsFunc(n.Depexts(), asks) {
			continue
		}
		a := asker{node: n, way: []*lock.Node{n}}
		if ways, _ := g.Paths(n, 0); len(ways) > 0 {
			a.way = ways[0]
		}
		out = append(out, a)
	}
	return out
}

// unknownNameError says that nothing in a lock has a name.
type unknownNameError struct {
	name  string
	where []string // targets
	near  string   // what may be meant, or empty
}

func (e *unknownNameError) Error() string {
	return fmt.Sprintf("no opam package and no distro package %q is locked for %s", e.name, strings.Join(e.where, ", "))
}

func unknownName(l *lock.File, ids []lock.TargetID, g *lock.Graph, name string) error {
	var known []string
	for _, n := range slices.Concat(g.Roots, g.Packages) {
		known = append(known, n.Name())
	}
	var where []string
	for _, id := range ids {
		t, _ := l.Target(id)
		for _, p := range slices.Concat(t.Base, t.Extra) {
			known = append(known, p.Name)
		}
		where = append(where, folderOf(id))
	}
	return &unknownNameError{name, where, strings.Join(nearNames(name, known), `" or "`)}
}

// mostNear is how many names are offered for a mistyped one.
const mostNear = 3

// nearNames are the known names that are most like a mistyped one, the best
// first; a name that it is a part of comes last.
func nearNames(name string, known []string) []string {
	known = slices.Compact(slices.Sorted(slices.Values(known)))
	limit := min(3, 2+len(name)/4) // a short word is like too many
	distance := map[string]int{}
	var near []string
	for _, k := range known {
		d := levenshtein.Distance(name, k, nil)
		if d >= limit && len(name) >= 3 && strings.Contains(k, name) {
			d = limit + len(k)
		} else if d >= limit {
			continue
		}
		distance[k] = d
		near = append(near, k)
	}
	slices.SortStableFunc(near, func(a, b string) int { return distance[a] - distance[b] })
	return near[:min(mostNear, len(near))]
}

// text tells a reason to people: a way in one line, from the package up.
func (r reason) text(ids []lock.TargetID) string {
	var parts []string
	for _, o := range r.opam {
		parts = append(parts, o.text(ids))
	}
	for _, d := range r.distro {
		parts = append(parts, d.text(r.name))
	}
	return strings.Join(parts, "\n")
}

func (o opamReason) text(ids []lock.TargetID) string {
	var b strings.Builder
	fmt.Fprintln(&b, nodeText(o.node, ids))
	for _, way := range o.ways {
		if len(way) > 1 {
			fmt.Fprintf(&b, "  %s%s\n", arrow, wayText(way[1:]))
		} else {
			b.WriteString("  the project's own\n")
		}
	}
	if o.more {
		b.WriteString("  and more ways\n")
	}
	return b.String()
}

// arrow points from what depends to what is needed.
const arrow = "← "

func wayText(way []*lock.Node) string {
	var names []string
	for _, n := range way {
		names = append(names, nodeText(n, nil))
	}
	return strings.Join(names, " "+arrow)
}

func (d distroReason) text(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s\n", strings.TrimSpace(name+" "+d.version), folderOf(d.target))
	if d.base {
		b.WriteString("  of the base, which every step has\n")
	}
	for _, e := range d.depexts {
		as := "  a depext of "
		if e.name != name {
			as = "  with " + e.name + ", a depext of "
		}
		for _, a := range e.askers {
			fmt.Fprintf(&b, "%s%s\n", as, wayText(a.way))
		}
		if len(e.askers) == 0 {
			fmt.Fprintf(&b, "%sthe project or of ofarm.toml\n", as)
		}
	}
	return b.String()
}
