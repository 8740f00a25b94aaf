package opam

import "fmt"

// FilterOp is the kind of a filter.
type FilterOp uint8

// The kinds of filters.
const (
	FilterText    FilterOp = iota // Text, with its variables replaced
	FilterBool                    // Bool
	FilterRef                     // Ref
	FilterCompare                 // X Rel Y, by the version order
	FilterAnd                     // X & Y
	FilterOr                      // X | Y
	FilterNot                     // !X
	FilterDefined                 // ?X
)

// Filter is a condition on variables: the { … } after commands, arguments,
// patches and depexts, and the field available. Evaluation is three-valued: an
// undefined variable makes everything undefined that needs its value. A nil
// Filter is true.
type Filter struct {
	At   Position
	Op   FilterOp
	Text string
	Bool bool
	Ref  Ref
	Rel  string // = != < <= > >=
	X, Y *Filter
}

// filterOf reads the contents of { … }: one expression or none.
func (d *decoder) filterOf(args []Expr) *Filter {
	switch len(args) {
	case 0:
		return nil
	case 1:
		return d.filter(args[0])
	}
	d.errs.add(args[1].Pos(), "expected a single filter: \"&\" or \"|\" is missing")
	return nil
}

func (d *decoder) filter(e Expr) *Filter {
	f := &Filter{At: e.Pos()}
	switch e := e.(type) {
	case *StringLit:
		f.Text = e.Value
	case *IntLit:
		f.Text = fmt.Sprint(e.Value)
	case *BoolLit:
		f.Op, f.Bool = FilterBool, e.Value
	case *Ident:
		f.Op, f.Ref = FilterRef, parseRef(e.Name, false)
	case *GroupExpr:
		if len(e.Items) == 1 {
			return d.filter(e.Items[0])
		}
		d.errs.add(e.At, "expected a single filter between the parentheses")
	case *PrefixExpr:
		f.Op, f.X = FilterNot, d.filter(e.X)
		switch e.Op {
		case "?":
			f.Op = FilterDefined
		case "!":
		default:
			d.errs.add(e.At, "%q has nothing on its left", e.Op)
		}
	case *BinaryExpr:
		d.binaryFilter(f, e)
	default:
		d.errs.add(e.Pos(), "expected a filter")
	}
	return f
}

func (d *decoder) binaryFilter(f *Filter, e *BinaryExpr) {
	f.Op, f.Rel, f.X, f.Y = FilterCompare, e.Op, d.filter(e.X), d.filter(e.Y)
	switch e.Op {
	case "&":
		f.Op, f.Rel = FilterAnd, ""
	case "|":
		f.Op, f.Rel = FilterOr, ""
	case "=", "!=", "<", "<=", ">", ">=":
	default:
		d.errs.add(e.At, "%q is no operator of filters", e.Op)
	}
}

// Eval gives the filter's value: a bool, a string, or undefined. The one error
// is a [*RunTimeError].
func (f *Filter) Eval(env Env) (Value, error) {
	switch {
	case f == nil:
		return Bool(true), nil
	case f.Op == FilterText:
		s, err := ExpandString(f.Text, env)
		return String(s), err
	case f.Op == FilterBool:
		return Bool(f.Bool), nil
	case f.Op == FilterRef:
		return f.ref(env)
	case f.Op == FilterDefined:
		return f.defined(env)
	case f.Op == FilterNot:
		x, err := f.X.Eval(env)
		b, ok := x.truth()
		return boolIf(ok, !b), err
	}
	x, err := f.X.Eval(env)
	if err != nil {
		return Value{}, err
	}
	y, err := f.Y.Eval(env)
	if err != nil {
		return Value{}, err
	}
	switch f.Op {
	case FilterAnd:
		return logical(x, y, false), nil
	case FilterOr:
		return logical(x, y, true), nil
	}
	c := CompareVersions(x.Text(), y.Text())
	return boolIf(x.Defined() && y.Defined(), holds(f.Rel, c)), nil
}

// ref gives a variable's value. A string may hold variables itself.
func (f *Filter) ref(env Env) (Value, error) {
	v, err := f.Ref.resolve(env)
	if err != nil {
		return v, err
	}
	switch v.kind {
	case wordValue:
		return Value{}, &RunTimeError{v.Text()}
	case stringValue, listValue:
		s, err := ExpandString(v.Text(), env)
		return String(s), err
	}
	return v, nil
}

// defined asks whether X has a value, be it a run-time one.
func (f *Filter) defined(env Env) (Value, error) {
	if f.X.Op == FilterRef {
		v, err := f.X.Ref.resolve(env)
		return Bool(v.Defined()), err
	}
	v, err := f.X.Eval(env)
	return Bool(v.Defined()), err
}

func boolIf(ok, b bool) Value {
	if !ok {
		return Value{}
	}
	return Bool(b)
}

// logical joins x and y by "and" or "or". The absorbing value (false for
// "and") wins even over an undefined one.
func logical(x, y Value, absorbing bool) Value {
	a, aok := x.truth()
	b, bok := y.truth()
	if x.is(absorbing) || y.is(absorbing) {
		return Bool(absorbing)
	}
	if !aok || !bok {
		return Value{}
	}
	if absorbing {
		return Bool(a || b)
	}
	return Bool(a && b)
}

// holds says whether the order c of two versions is what the operator wants.
func holds(rel string, c int) bool {
	switch rel {
	case "=":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// True evaluates the filter where a command, an argument, a patch or a depext
// hangs on it: whatever is not true, undefined included, is false.
func (f *Filter) True(env Env) (bool, error) {
	v, err := f.Eval(env)
	b, ok := v.truth()
	return b && ok, err
}

// is says whether the value is the bool b itself, not a text for it.
func (v Value) is(b bool) bool { return v.kind == boolValue && v.flag == b }
