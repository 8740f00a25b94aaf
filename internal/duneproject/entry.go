package duneproject

import "github.com/ofarm/ofarm/internal/opam"

// entry is one element of an opam file's depends, depopts or conflicts.
type entry struct {
	name string // "" for what isn't a single package: alternatives
	when *opam.GroupExpr
	text string // as opam writes it, without an empty condition
}

// entries lists the elements of a field whose list is joined by op.
func entries(e opam.Expr, op string) []entry {
	switch e := e.(type) {
	case nil:
		return nil
	case *opam.ListExpr:
		return allEntries(e.Items, op)
	case *opam.GroupExpr:
		return allEntries(e.Items, op)
	case *opam.BinaryExpr:
		if e.Op == op {
			return allEntries([]opam.Expr{e.X, e.Y}, op)
		}
	case *opam.StringLit:
		return []entry{newEntry(e, nil)}
	case *opam.OptionExpr:
		if name, ok := e.X.(*opam.StringLit); ok {
			return []entry{newEntry(name, e.Args)}
		}
	}
	return []entry{{text: string(opam.AppendExpr(nil, e))}}
}

func allEntries(items []opam.Expr, op string) []entry {
	var list []entry
	for _, item := range items {
		list = append(list, entries(item, op)...)
	}
	return list
}

func newEntry(name *opam.StringLit, args []opam.Expr) entry {
	var e opam.Expr = name
	if len(args) > 0 {
		e = &opam.OptionExpr{X: name, Args: args}
	}
	return entry{name.Value, &opam.GroupExpr{Items: args}, string(opam.AppendExpr(nil, e))}
}

// same says whether two entries ask for the same.
func (e entry) same(x entry) bool {
	return e.name == x.name && (e.text == x.text || e.name != "" && equivalent(e.when, x.when))
}
