package opam

// FormulaOp is the kind of a formula.
type FormulaOp uint8

// The kinds of formulas.
const (
	FormulaEmpty FormulaOp = iota // holds always
	FormulaAtom                   // one package or one condition
	FormulaAnd                    // all Parts
	FormulaOr                     // one of the Parts
)

// Formula is a formula over packages as a file has it, with conditions that
// still hold variables: depends, depopts, conflicts.
type Formula struct {
	At   Position
	Op   FormulaOp
	Name string    // of an atom
	When Condition // of an atom
	// Parts are two or more.
	Parts []Formula
}

// Condition is what stands between the braces after a package: a formula over
// version constraints and filters.
type Condition struct {
	Op FormulaOp

	// Rel and Version are an atom's version constraint.
	Rel     string // = != < <= > >=
	Version *Filter

	// Filter is an atom's filter, where Rel is "".
	Filter *Filter

	Parts []Condition
}

// formula reads a formula; op joins the elements of its list.
func (d *decoder) formula(e Expr, op FormulaOp) Formula {
	return d.formulaList(nested(e, 1), op)
}

func (d *decoder) formulaList(items []Expr, op FormulaOp) Formula {
	var parts []Formula
	for _, item := range items {
		parts = append(parts, d.formulaPart(item, op))
	}
	return joinFormulas(op, parts)
}

// joinFormulas joins the parts that aren't empty.
func joinFormulas(op FormulaOp, parts []Formula) Formula {
	var list []Formula
	for _, p := range parts {
		switch p.Op {
		case FormulaEmpty:
		case op:
			list = append(list, p.Parts...)
		default:
			list = append(list, p)
		}
	}
	switch len(list) {
	case 0:
		return Formula{}
	case 1:
		return list[0]
	}
	return Formula{At: list[0].At, Op: op, Parts: list}
}

func (d *decoder) formulaPart(e Expr, op FormulaOp) Formula {
	switch e := e.(type) {
	case *GroupExpr:
		return d.formulaList(e.Items, op)
	case *BinaryExpr:
		switch e.Op {
		case "&", "|":
			return joinFormulas(logicalOp(e.Op), []Formula{d.formulaPart(e.X, op), d.formulaPart(e.Y, op)})
		}
		d.errs.add(e.At, "%q can't stand between packages; a version constraint goes in braces after the package", e.Op)
		return Formula{}
	}
	x, opts := splitOption(e)
	return Formula{At: x.Pos(), Op: FormulaAtom, Name: d.packageName(x), When: d.condition(opts)}
}

func (d *decoder) condition(args []Expr) Condition {
	var parts []Condition
	for _, a := range args {
		parts = append(parts, d.conditionPart(a, false))
	}
	return joinConditions(FormulaAnd, parts)
}

func joinConditions(op FormulaOp, parts []Condition) Condition {
	var list []Condition
	for _, p := range parts {
		switch p.Op {
		case FormulaEmpty:
		case op:
			list = append(list, p.Parts...)
		default:
			list = append(list, p)
		}
	}
	switch len(list) {
	case 0:
		return Condition{}
	case 1:
		return list[0]
	}
	return Condition{Op: op, Parts: list}
}

// negated is the operator that holds where rel doesn't.
func negated(rel string) string {
	switch rel {
	case "=":
		return "!="
	case "!=":
		return "="
	case "<":
		return ">="
	case "<=":
		return ">"
	case ">":
		return "<="
	}
	return "<"
}

// conditionPart reads one condition; with not it reads its opposite.
func (d *decoder) conditionPart(e Expr, not bool) Condition {
	switch e := e.(type) {
	case *GroupExpr:
		var parts []Condition
		for _, item := range e.Items {
			parts = append(parts, d.conditionPart(item, not))
		}
		return joinConditions(flip(FormulaAnd, not), parts)
	case *PrefixExpr:
		switch e.Op {
		case "!":
			return d.conditionPart(e.X, !not)
		case "?":
		default:
			return d.constraint(e, not)
		}
	case *BinaryExpr:
		switch e.Op {
		case "&", "|":
			parts := []Condition{d.conditionPart(e.X, not), d.conditionPart(e.Y, not)}
			return joinConditions(flip(logicalOp(e.Op), not), parts)
		}
	}
	f := d.filter(e)
	if not {
		f = &Filter{At: f.At, Op: FilterNot, X: f}
	}
	return Condition{Op: FormulaAtom, Filter: f}
}

func logicalOp(op string) FormulaOp {
	if op == "|" {
		return FormulaOr
	}
	return FormulaAnd
}

func flip(op FormulaOp, not bool) FormulaOp {
	switch {
	case !not:
		return op
	case op == FormulaAnd:
		return FormulaOr
	}
	return FormulaAnd
}

func (d *decoder) constraint(e *PrefixExpr, not bool) Condition {
	c := Condition{Op: FormulaAtom, Rel: e.Op}
	if not {
		c.Rel = negated(e.Op)
	}
	switch e.X.(type) {
	case *StringLit, *Ident:
		c.Version = d.filter(e.X)
	default:
		d.errs.add(e.X.Pos(), "expected a version in quotes, or a variable")
	}
	return c
}

// Packages lists the packages that the formula names, in its order, each once.
func (f Formula) Packages() []string {
	var names []string
	seen := map[string]bool{}
	f.walk(func(atom Formula) {
		if !seen[atom.Name] {
			seen[atom.Name] = true
			names = append(names, atom.Name)
		}
	})
	return names
}

func (f Formula) walk(visit func(atom Formula)) {
	if f.Op == FormulaAtom {
		visit(f)
	}
	for _, p := range f.Parts {
		p.walk(visit)
	}
}

// Eval replaces the variables: packages whose filters are false go away, and
// so do alternatives and conjunctions of nothing; version constraints get
// their versions. A filter that isn't true is false, undefined included, and
// so are post, build, with-test, with-doc, with-dev-setup and dev where env
// leaves them undefined. A constraint whose version is undefined is dropped,
// as opam does. The one error is a [*RunTimeError].
func (f Formula) Eval(env Env) (Requirement, error) {
	if f.Op == FormulaAtom {
		versions, holds, err := f.When.eval(env)
		if err != nil || !holds {
			return Requirement{}, err
		}
		return Requirement{Op: FormulaAtom, Name: f.Name, Versions: versions}, nil
	}
	r := Requirement{Op: f.Op}
	for _, p := range f.Parts {
		q, err := p.Eval(env)
		if err != nil {
			return Requirement{}, err
		}
		if q.Op != FormulaEmpty {
			r.Parts = append(r.Parts, q)
		}
	}
	switch len(r.Parts) {
	case 0:
		return Requirement{}, nil
	case 1:
		return r.Parts[0], nil
	}
	return r, nil
}

// eval gives the version constraints that are left when the filters are
// decided, and whether the package counts at all.
func (c Condition) eval(env Env) (v Versions, holds bool, err error) {
	switch c.Op {
	case FormulaEmpty:
		return Versions{}, true, nil
	case FormulaAtom:
		return c.evalAtom(env)
	}
	v.Op = c.Op
	for _, p := range c.Parts {
		q, ok, err := p.eval(env)
		switch {
		case err != nil:
			return Versions{}, false, err
		case c.Op == FormulaAnd && !ok:
			return Versions{}, false, nil
		case c.Op == FormulaOr && ok && q.Op == FormulaEmpty:
			return Versions{}, true, nil
		case ok && q.Op != FormulaEmpty:
			v.Parts = append(v.Parts, q)
		}
	}
	switch len(v.Parts) {
	case 0:
		return Versions{}, c.Op == FormulaAnd, nil
	case 1:
		return v.Parts[0], true, nil
	}
	return v, true, nil
}

func (c Condition) evalAtom(env Env) (v Versions, holds bool, err error) {
	if c.Rel == "" {
		holds, err = c.Filter.True(env)
		return Versions{}, holds, err
	}
	x, err := c.Version.Eval(env)
	if err != nil || !x.Defined() {
		return Versions{}, true, err
	}
	return Versions{Op: FormulaAtom, Rel: c.Rel, Version: x.Text()}, true, nil
}
