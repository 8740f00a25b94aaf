package duneproject

import (
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/opam"
)

// maxVariables is how many variables two conditions may have together to be
// compared; with more they count as the same.
const maxVariables = 10

// outcome is what a condition makes of a package at one version.
type outcome uint8

const (
	dropped outcome = iota // by a filter: the package doesn't count
	refused                // by a version constraint
	admitted
)

// world is one choice of all that two conditions depend on: their filters and
// the constraints by variables, each true or false, and a version.
type world struct {
	names    []string // of the variables
	values   uint     // a bit for each
	versions []string // in constraints, ascending, each once

	// at is the version: 2i+1 for versions[i], even between them.
	at int
}

// equivalent says whether two conditions mean the same. The values of
// variables are taken to be independent of one another.
func equivalent(x, y opam.Expr) bool {
	w := &world{}
	w.gather(x)
	w.gather(y)
	w.sort()
	if len(w.names) > maxVariables {
		return true
	}
	for w.values = 0; w.values < 1<<len(w.names); w.values++ {
		for w.at = 0; w.at <= 2*len(w.versions); w.at++ {
			if w.eval(x, false) != w.eval(y, false) {
				return false
			}
		}
	}
	return true
}

func (w *world) sort() {
	slices.Sort(w.names)
	w.names = slices.Compact(w.names)
	slices.SortFunc(w.versions, opam.CompareVersions)
	w.versions = slices.CompactFunc(w.versions, func(a, b string) bool { return opam.CompareVersions(a, b) == 0 })
}

// gather notes the variables and versions of a condition.
func (w *world) gather(e opam.Expr) {
	switch e := e.(type) {
	case *opam.GroupExpr:
		for _, item := range e.Items {
			w.gather(item)
		}
		return
	case *opam.BoolLit:
		return
	case *opam.BinaryExpr:
		if e.Op == "&" || e.Op == "|" {
			w.gather(e.X)
			w.gather(e.Y)
			return
		}
	case *opam.PrefixExpr:
		if e.Op == "!" {
			w.gather(e.X)
			return
		}
		if v, ok := e.X.(*opam.StringLit); ok && e.Op != "?" {
			w.versions = append(w.versions, v.Value)
			return
		}
	}
	name, _ := variable(e)
	w.names = append(w.names, name)
}

// variable gives a name to what is true or false by itself, and whether e is
// its opposite: x != "a" is the opposite of x = "a".
func variable(e opam.Expr) (name string, not bool) {
	switch x := e.(type) {
	case *opam.BinaryExpr:
		op, not := positive(x.Op)
		return string(opam.AppendExpr(nil, &opam.BinaryExpr{Op: op, X: x.X, Y: x.Y})), not
	case *opam.PrefixExpr:
		op, not := positive(x.Op)
		return string(opam.AppendExpr(nil, &opam.PrefixExpr{Op: op, X: x.X})), not
	}
	return string(opam.AppendExpr(nil, e)), false
}

// positive gives the operator of which op is the opposite, or op itself.
func positive(op string) (positive string, not bool) {
	switch op {
	case "!=":
		return "=", true
	case "<=":
		return ">", true
	case "<":
		return ">=", true
	}
	return op, false
}

// eval evaluates a condition, or with not its opposite, as opam does: filters
// that are false vanish from alternatives, and with them what they are joined
// to by "&".
func (w *world) eval(e opam.Expr, not bool) outcome {
	switch e := e.(type) {
	case *opam.GroupExpr:
		return w.join("&", e.Items, not)
	case *opam.BoolLit:
		return w.filter(e.Value != not)
	case *opam.BinaryExpr:
		if e.Op == "&" || e.Op == "|" {
			return w.join(e.Op, []opam.Expr{e.X, e.Y}, not)
		}
	case *opam.PrefixExpr:
		if e.Op == "!" {
			return w.eval(e.X, !not)
		}
		if e.Op != "?" {
			return w.constraint(e, not)
		}
	}
	name, opposite := variable(e)
	return w.filter(w.is(name) != (opposite != not))
}

func (w *world) filter(holds bool) outcome {
	if holds {
		return admitted
	}
	return dropped
}

func (w *world) is(name string) bool {
	i, _ := slices.BinarySearch(w.names, name)
	return w.values>>i&1 == 1
}

func (w *world) join(op string, items []opam.Expr, not bool) outcome {
	all := op == "&" != not
	var results []outcome
	for _, item := range items {
		results = append(results, w.eval(item, not))
	}
	switch {
	case all && len(results) == 0:
		return admitted
	case all:
		return slices.Min(results)
	case len(results) == 0:
		return dropped
	}
	return slices.Max(results)
}

// constraint evaluates a constraint on the package's version.
func (w *world) constraint(e *opam.PrefixExpr, not bool) outcome {
	op, opposite := positive(e.Op)
	var holds bool
	if v, ok := e.X.(*opam.StringLit); ok {
		i, _ := slices.BinarySearchFunc(w.versions, v.Value, opam.CompareVersions)
		there := 2*i + 1
		holds = strings.Contains(op, "=") && w.at == there || strings.Contains(op, ">") && w.at > there
	} else {
		name, _ := variable(e)
		holds = w.is(name)
	}
	if holds != (opposite != not) {
		return admitted
	}
	return refused
}
