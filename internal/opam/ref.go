package opam

import (
	"fmt"
	"strings"
)

// Ref is a use of a variable, as an identifier or between %{ and }%. It may
// ask several packages at once (a+b:var: true when it is true for all), and
// turn a bool into one of two texts (var?yes:no).
type Ref struct {
	Packages []string // empty for a global variable; "_" is the file's package
	Name     string
	Convert  bool
	Yes, No  string
}

// parseRef reads an identifier, or with interpolation the inside of %{ }%.
func parseRef(s string, interpolation bool) Ref {
	head, last, ok := cutLast(s, ':')
	if !ok {
		return Ref{Name: s}
	}
	cond, yes, ok := cutLast(head, '?')
	switch {
	case !ok:
		return Ref{Packages: splitPackages(head), Name: last}
	case cond == "" && interpolation:
		// %{?pkg:var:}% allows package names with "+", as of opam 2.2.
		if pkg, name, ok := cutLast(yes, ':'); ok && pkg != "" {
			return Ref{Packages: []string{pkg}, Name: name}
		}
		return Ref{Name: last}
	}
	ref := Ref{Name: cond, Convert: true, Yes: yes, No: last}
	if pkgs, name, ok := cutLast(cond, ':'); ok {
		ref.Packages, ref.Name = splitPackages(pkgs), name
	}
	return ref
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func splitPackages(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '+' })
}

// String writes the reference as in a file.
func (r Ref) String() string {
	s := r.Name
	if len(r.Packages) > 0 {
		s = strings.Join(r.Packages, "+") + ":" + s
	}
	if r.Convert {
		s += fmt.Sprintf("?%s:%s", r.Yes, r.No)
	}
	return s
}

// Variables lists the variables that the reference asks for.
func (r Ref) Variables() []Variable {
	r = r.desugar()
	if len(r.Packages) == 0 {
		return []Variable{{Name: r.Name}}
	}
	vars := make([]Variable, len(r.Packages))
	for i, p := range r.Packages {
		vars[i] = Variable{p, r.Name}
	}
	return vars
}

// desugar turns pkg:enable into pkg:installed?enable:disable.
func (r Ref) desugar() Ref {
	if len(r.Packages) > 0 && r.Name == "enable" && !r.Convert {
		r.Name, r.Convert, r.Yes, r.No = "installed", true, "enable", "disable"
	}
	return r
}

// resolve gives the reference's value, undefined where opam has none.
func (r Ref) resolve(env Env) (Value, error) {
	r = r.desugar()
	v, err := r.ask(env)
	if err != nil || !r.Convert {
		return v, err
	}
	if v.IsRunTime() {
		return Value{}, &RunTimeError{v.Text()}
	}
	if yes, ok := v.truth(); ok && yes {
		return String(r.Yes), nil
	}
	return String(r.No), nil
}

// ask looks the variable up, for all packages.
func (r Ref) ask(env Env) (Value, error) {
	vars := r.Variables()
	if len(vars) == 1 {
		return lookup(env, vars[0]), nil
	}
	all := Bool(true)
	for _, name := range vars {
		v := lookup(env, name)
		if v.IsRunTime() {
			return v, &RunTimeError{v.Text()}
		}
		if all.kind == boolValue && !all.flag || v.kind == boolValue && v.flag {
			continue
		}
		if truth, ok := v.truth(); ok {
			all = Bool(truth)
		} else {
			all = Value{}
		}
	}
	return all, nil
}

func lookup(env Env, v Variable) Value {
	x, ok := env.Lookup(v)
	if !ok {
		return Value{}
	}
	return x
}

// RunTimeError says that a decision of the plan would need a value that only
// the build knows.
type RunTimeError struct {
	Value string // such as "%{jobs}%"
}

// Error names the value.
func (e *RunTimeError) Error() string {
	return fmt.Sprintf("%s is only known when the build runs, a filter can't depend on it", e.Value)
}
