package opam

import (
	"fmt"
	"strings"
)

// decoder turns values into what fields mean, and notes mistakes.
type decoder struct {
	errs *mistakes
}

// nested gives the items of a list that should be depth brackets deep. opam
// lets the outer brackets away; how many there are is seen at the first items.
func nested(e Expr, depth int) []Expr {
	for have := listDepth(e); have < depth; have++ {
		e = &ListExpr{At: e.Pos(), Items: []Expr{e}}
	}
	if list, ok := e.(*ListExpr); ok {
		return list.Items
	}
	return []Expr{e}
}

func listDepth(e Expr) int {
	switch e := e.(type) {
	case *ListExpr:
		if len(e.Items) == 0 {
			return 1
		}
		return 1 + listDepth(e.Items[0])
	case *OptionExpr:
		return listDepth(e.X)
	}
	return 0
}

// splitOption takes X and what is between the braces from X { … }.
func splitOption(e Expr) (Expr, []Expr) {
	if o, ok := e.(*OptionExpr); ok {
		return o.X, o.Args
	}
	return e, nil
}

func (d *decoder) str(e Expr) string {
	if s, ok := e.(*StringLit); ok {
		return s.Value
	}
	d.errs.add(e.Pos(), "expected a string")
	return ""
}

// text is a string without the blanks round it.
func (d *decoder) text(e Expr) string { return strings.TrimSpace(d.str(e)) }

func (d *decoder) strs(e Expr) []string {
	var list []string
	for _, item := range nested(e, 1) {
		list = append(list, d.text(item))
	}
	return list
}

// names reads identifiers, as flags are.
func (d *decoder) names(e Expr) []string {
	var list []string
	for _, item := range nested(e, 1) {
		id, ok := item.(*Ident)
		if !ok {
			d.errs.add(item.Pos(), "expected a word without quotes")
			continue
		}
		list = append(list, id.Name)
	}
	return list
}

// packageName reads the name of a package: letters, digits, "-", "_" and "+",
// with a letter among them.
func (d *decoder) packageName(e Expr) string {
	name := d.str(e)
	if s, ok := e.(*StringLit); ok && !ValidName(s.Value) {
		d.errs.add(e.Pos(), "%q is no package name", name)
	}
	return name
}

// ValidName says whether s can be the name of a package: letters, digits, "-",
// "_" and "+", with a letter among them.
func ValidName(s string) bool {
	letter := false
	for i := 0; i < len(s); i++ {
		if !isIdentByte(s[i]) && s[i] != '+' {
			return false
		}
		letter = letter || isLetter(s[i])
	}
	return letter
}

// ValidVersion says whether s can be a version: letters, digits and "-", "_",
// "+", ".", "~".
func ValidVersion(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isIdentByte(s[i]) && !strings.ContainsRune("+.~", rune(s[i])) {
			return false
		}
	}
	return s != ""
}

// Filtered is a text with the condition under which it holds: a patch, a
// message.
type Filtered struct {
	At   Position
	Text string
	When *Filter
}

func (d *decoder) filtered(e Expr) []Filtered {
	var list []Filtered
	for _, item := range nested(e, 1) {
		x, opts := splitOption(item)
		list = append(list, Filtered{x.Pos(), d.str(x), d.filterOf(opts)})
	}
	return list
}

// Depext is a set of system packages that a package wants where When holds.
type Depext struct {
	At       Position
	Packages []string
	When     *Filter
}

func (d *decoder) depexts(e Expr) []Depext {
	var list []Depext
	for _, item := range nested(e, 2) {
		x, opts := splitOption(item)
		if old, ok := d.oldDepext(x); ok {
			list = append(list, old)
			continue
		}
		list = append(list, Depext{x.Pos(), d.strs(x), d.filterOf(opts)})
	}
	return list
}

// oldDepext reads the spelling of opam 1, [["system" …] ["package" …]], where
// every system must be the architecture, the OS, the distribution or its
// family.
func (d *decoder) oldDepext(e Expr) (Depext, bool) {
	list, ok := e.(*ListExpr)
	if !ok || len(list.Items) != 2 || listDepth(list.Items[0]) != 1 {
		return Depext{}, false
	}
	dep := Depext{At: list.At, Packages: d.strs(list.Items[1])}
	for _, system := range d.strs(list.Items[0]) {
		var any *Filter
		for _, name := range []string{"arch", "os", "os-distribution", "os-family"} {
			is := &Filter{At: list.At, Op: FilterCompare, Rel: "=", X: &Filter{Op: FilterRef, Ref: Ref{Name: name}}, Y: &Filter{Text: system}}
			any = join(FilterOr, any, is)
		}
		dep.When = join(FilterAnd, dep.When, any)
	}
	return dep, true
}

func join(op FilterOp, x, y *Filter) *Filter {
	if x == nil {
		return y
	}
	return &Filter{At: x.At, Op: op, X: x, Y: y}
}

// SystemPackages lists the distro packages of those depexts that hold, in the
// file's order, each once.
func SystemPackages(depexts []Depext, env Env) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	for _, d := range depexts {
		ok, err := d.When.True(env)
		if err != nil {
			return nil, err
		}
		for _, name := range d.Packages {
			if ok && !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// EnvUpdate is one change of the environment, of build-env or setenv.
type EnvUpdate struct {
	At   Position
	Name string

	// Op is how Value goes in: "=" replaces; "+=" and ":=" put it before the
	// old value, "=+" and "=:" after it, with a colon between them; with a
	// colon in the operator an empty old value counts as an element; "=+=" is
	// "+=" that puts the value back where an older one stood.
	Op    string
	Value string // with variables
}

func (d *decoder) envUpdates(e Expr) []EnvUpdate {
	var list []EnvUpdate
	for _, item := range nested(e, 2) {
		for _, x := range nested(item, 1) {
			b, ok := x.(*BinaryExpr)
			if !ok || !isEnvOp(b.Op) {
				d.errs.add(x.Pos(), "expected VARIABLE = \"value\" (or += := =+ =: =+=)")
				continue
			}
			id, ok := b.X.(*Ident)
			if !ok {
				d.errs.add(b.X.Pos(), "expected the name of an environment variable")
				continue
			}
			list = append(list, EnvUpdate{b.At, id.Name, b.Op, d.str(b.Y)})
		}
	}
	return list
}

func isEnvOp(op string) bool {
	switch op {
	case "=", "+=", "=+", ":=", "=:", "=+=":
		return true
	}
	return false
}

// pairs reads [["a" "b"] …].
func (d *decoder) pairs(e Expr, what string) [][2]string {
	var list [][2]string
	for _, item := range nested(e, 2) {
		l, ok := item.(*ListExpr)
		if !ok || len(l.Items) != 2 {
			d.errs.add(item.Pos(), "expected %s", what)
			continue
		}
		list = append(list, [2]string{d.str(l.Items[0]), d.str(l.Items[1])})
	}
	return list
}

// Apply gives the variable's new value where it had old. sep stands between
// elements, on Linux ":".
func (u EnvUpdate) Apply(old, value, sep string) string {
	switch u.Op {
	case "=":
		return value
	case "+=", "=+=":
		if old == "" {
			return value
		}
		return value + sep + old
	case ":=":
		return value + sep + old
	case "=+":
		if old == "" {
			return value
		}
		return old + sep + value
	case "=:":
		return old + sep + value
	}
	panic(fmt.Sprintf("opam: unknown update %q", u.Op))
}
