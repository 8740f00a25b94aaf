package main

import (
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/targets"
)

// treeJSON is what ofarm tree --json prints: a graph, since a package can stand
// in many places of a tree. Packages are named NAME.VERSION, the project's opam
// files by their file. Lists have the lock's order.
type treeJSON struct {
	Targets  []string       `json:"targets"`
	Projects []treeNodeJSON `json:"projects"`
	Packages []treeNodeJSON `json:"packages"`
}

// treeNodeJSON is an opam package or an opam file of the project. Targets are
// those of treeJSON that have it.
type treeNodeJSON struct {
	ID      string        `json:"id"`
	Name    string        `json:"name"`
	Version string        `json:"version,omitempty"`
	Targets []string      `json:"targets"`
	Depends []string      `json:"depends"`
	Depexts []depextsJSON `json:"depexts"`
}

type depextsJSON struct {
	Target string   `json:"target"`
	Names  []string `json:"names"`
}

// nodeID is NAME.VERSION, or a file of the project.
func nodeID(n *lock.Node) string {
	if n.Project != nil {
		return n.Project.File
	}
	return n.Package.ID()
}

func nodeIDs(list []*lock.Node) []string {
	out := []string{}
	for _, n := range list {
		out = append(out, nodeID(n))
	}
	return out
}

func folderOf(id lock.TargetID) string { return targets.Folder(id.Name, targets.Platform(id.Platform)) }

func describeTree(g *lock.Graph, ids []lock.TargetID) treeJSON {
	out := treeJSON{Projects: []treeNodeJSON{}, Packages: []treeNodeJSON{}}
	for _, id := range ids {
		out.Targets = append(out.Targets, folderOf(id))
	}
	for _, n := range g.Roots {
		out.Projects = append(out.Projects, describeNode(n, ids))
	}
	for _, n := range g.Packages {
		out.Packages = append(out.Packages, describeNode(n, ids))
	}
	return out
}

func describeNode(n *lock.Node, ids []lock.TargetID) treeNodeJSON {
	out := treeNodeJSON{
		ID: nodeID(n), Name: n.Name(), Targets: packageTargets(n, ids),
		Depends: nodeIDs(n.Depends), Depexts: []depextsJSON{},
	}
	if n.Package != nil {
		out.Version = n.Package.Version
	}
	for _, id := range ids {
		for _, d := range n.Depexts() {
			if d.Target == id {
				out.Depexts = append(out.Depexts, depextsJSON{folderOf(id), d.Names})
			}
		}
	}
	return out
}

// whyJSON is what ofarm tree --why --json prints.
type whyJSON struct {
	Name   string          `json:"name"`
	Opam   []opamWhyJSON   `json:"opam"`
	Distro []distroWhyJSON `json:"distro"`
}

// opamWhyJSON are the ways from an opam package to the project: each begins
// with the package. More tells that there are others.
type opamWhyJSON struct {
	ID   string     `json:"id"`
	Ways [][]string `json:"ways"`
	More bool       `json:"more"`
}

// distroWhyJSON is why a target has a distro package. Base tells that every
// step has it.
type distroWhyJSON struct {
	Target  string          `json:"target"`
	Version string          `json:"version,omitempty"`
	Base    bool            `json:"base"`
	Depexts []depextWhyJSON `json:"depexts"`
}

// depextWhyJSON is a depext that brings a distro package. AskedBy is empty
// where the project asks for it, or ofarm.toml.
type depextWhyJSON struct {
	Depext  string   `json:"depext"`
	AskedBy []string `json:"asked_by"`
}

func describeReason(r reason) whyJSON {
	out := whyJSON{Name: r.name, Opam: []opamWhyJSON{}, Distro: []distroWhyJSON{}}
	for _, o := range r.opam {
		ways := [][]string{}
		for _, way := range o.ways {
			ways = append(ways, nodeIDs(way))
		}
		out.Opam = append(out.Opam, opamWhyJSON{nodeID(o.node), ways, o.more})
	}
	for _, d := range r.distro {
		t := distroWhyJSON{Target: folderOf(d.target), Version: d.version, Base: d.base, Depexts: []depextWhyJSON{}}
		for _, e := range d.depexts {
			by := []string{}
			for _, a := range e.askers {
				by = append(by, nodeID(a.node))
			}
			t.Depexts = append(t.Depexts, depextWhyJSON{e.name, by})
		}
		out.Distro = append(out.Distro, t)
	}
	return out
}
