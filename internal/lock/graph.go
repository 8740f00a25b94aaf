package lock

import (
	"cmp"
	"container/heap"
	"slices"
)

// Graph is what the project and the opam packages of some targets need of each
// other, as the lock says.
type Graph struct {
	// Roots are the project's opam files, in the lock's order.
	Roots []*Node
	// Packages are the opam packages that one of the targets has, in the lock's
	// order. One name can have several versions, for different targets.
	Packages []*Node
}

// Node is an opam package of the lock or an opam file of the project.
type Node struct {
	// Package is nil for the project's files, and Project for all others.
	Package *Package
	Project *Project
	// Depends are what it needs, and DependedOn what needs it: both with the
	// project's files first, and in the lock's order. There can be cycles.
	Depends, DependedOn []*Node
}

// Name is the opam package's name.
func (n *Node) Name() string {
	if n.Project != nil {
		return n.Project.Name()
	}
	return n.Package.Name
}

func (n *Node) depends() []string {
	if n.Project != nil {
		return n.Project.Depends
	}
	return n.Package.Depends
}

// Depexts are the distro packages that its opam file asks for.
func (n *Node) Depexts() []Depexts {
	if n.Project != nil {
		return n.Project.Depexts
	}
	return n.Package.Depexts
}

// HasDepends tells whether the lock says what packages depend on. Locks of
// early versions of ofarm don't; one without opam packages has nothing to say.
func (f *File) HasDepends() bool {
	return len(f.Packages) == 0 ||
		slices.ContainsFunc(f.Projects, func(p Project) bool { return len(p.Depends) > 0 }) ||
		slices.ContainsFunc(f.Packages, func(p Package) bool { return len(p.Depends) > 0 })
}

// Graph makes the graph of the packages that at least one of some targets has.
func (f *File) Graph(targets []TargetID) *Graph {
	g := &Graph{}
	named := map[string][]*Node{}
	add := func(list *[]*Node, n *Node) {
		*list = append(*list, n)
		named[n.Name()] = append(named[n.Name()], n)
	}
	for i := range f.Projects {
		add(&g.Roots, &Node{Project: &f.Projects[i]})
	}
	for i := range f.Packages {
		if p := &f.Packages[i]; slices.ContainsFunc(targets, p.isFor) {
			add(&g.Packages, &Node{Package: p})
		}
	}
	for _, n := range slices.Concat(g.Roots, g.Packages) {
		n.connect(named, targets)
	}
	return g
}

// connect draws the edges from a node.
func (n *Node) connect(named map[string][]*Node, targets []TargetID) {
	for _, name := range n.depends() {
		for _, d := range named[name] {
			if d.meets(n, targets) {
				n.Depends = append(n.Depends, d)
				d.DependedOn = append(d.DependedOn, n)
			}
		}
	}
}

// meets tells whether two nodes are both there on one of some targets.
func (n *Node) meets(other *Node, targets []TargetID) bool {
	return slices.ContainsFunc(targets, func(id TargetID) bool { return n.isFor(id) && other.isFor(id) })
}

func (n *Node) isFor(id TargetID) bool { return n.Package == nil || n.Package.isFor(id) }

// Find lists the nodes of a name.
func (g *Graph) Find(name string) []*Node {
	var out []*Node
	for _, n := range slices.Concat(g.Roots, g.Packages) {
		if n.Name() == name {
			out = append(out, n)
		}
	}
	return out
}

// mostSteps is how long Paths looks for ways. Packages that need each other in
// circles could keep it busy for ever.
const mostSteps = 20_000

// Paths lists ways from a node up to the roots: all shortest ones, and then at
// most others longer ones. Each begins with the node, ends with the first root
// above it and has no node twice. Ways are sorted by length, then by the lock's
// order. more tells whether there are others still.
func (g *Graph) Paths(from *Node, others int) (paths [][]*Node, more bool) {
	q := g.waysFrom(from)
	if q == nil {
		return nil, false
	}
	shortest, longer := q.height[from], 0
	for steps := 0; q.Len() > 0; steps++ {
		w := heap.Pop(q).(way)
		isPath, isLonger := w.last().Project != nil, w.least > shortest
		if steps > mostSteps || isPath && isLonger && longer == others {
			return paths, true
		}
		if isPath {
			paths = append(paths, w.nodes)
		}
		if isPath && isLonger {
			longer++
		}
		q.goOn(w)
	}
	return paths, false
}

// waysFrom is the search of Paths before its first step; nil where no way leads
// to a root.
func (g *Graph) waysFrom(from *Node) *ways {
	q := &ways{height: g.heights(), order: map[*Node]int{}}
	if _, ok := q.height[from]; !ok {
		return nil
	}
	for i, n := range slices.Concat(g.Roots, g.Packages) {
		q.order[n] = i
	}
	q.list = []way{{[]*Node{from}, q.height[from]}}
	return q
}

// goOn puts the ways that are one step longer into the heap.
func (q *ways) goOn(w way) {
	if len(w.nodes) > 1 && w.last().Project != nil {
		return
	}
	for _, n := range w.last().DependedOn {
		if h, ok := q.height[n]; ok && !slices.Contains(w.nodes, n) {
			heap.Push(q, way{append(slices.Clone(w.nodes), n), len(w.nodes) + h})
		}
	}
}

// heights are the lengths of the shortest ways from each node to a root, in
// edges; nodes from which there is none are left out.
func (g *Graph) heights() map[*Node]int {
	height := map[*Node]int{}
	for _, r := range g.Roots {
		height[r] = 0
	}
	for queue := slices.Clone(g.Roots); len(queue) > 0; queue = queue[1:] {
		for _, d := range queue[0].Depends {
			if _, ok := height[d]; !ok {
				height[d] = height[queue[0]] + 1
				queue = append(queue, d)
			}
		}
	}
	return height
}

// way is the beginning of a way to a root that has at least so many edges.
type way struct {
	nodes []*Node
	least int
}

func (w way) last() *Node { return w.nodes[len(w.nodes)-1] }

// ways is a heap of them, the shortest first.
type ways struct {
	height, order map[*Node]int
	list          []way
}

func (q *ways) Len() int      { return len(q.list) }
func (q *ways) Swap(i, j int) { q.list[i], q.list[j] = q.list[j], q.list[i] }
func (q *ways) Push(x any)    { q.list = append(q.list, x.(way)) }

func (q *ways) Pop() any {
	last := q.list[len(q.list)-1]
	q.list = q.list[:len(q.list)-1]
	return last
}

func (q *ways) Less(i, j int) bool {
	a, b := q.list[i], q.list[j]
	return cmp.Or(cmp.Compare(a.least, b.least), slices.CompareFunc(a.nodes, b.nodes,
		func(m, n *Node) int { return cmp.Compare(q.order[m], q.order[n]) })) < 0
}
