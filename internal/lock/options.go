package lock

import (
	"fmt"
	"regexp"
	"slices"
)

// Options are what a lock was asked for beyond the project's own files, so that
// it can be checked and updated later as it was made.
type Options struct {
	// OCaml is the compiler's version, "5.3.0"; empty where none was asked for.
	OCaml string
	// WithTest and WithDoc tell that what tests and documentation need is
	// locked too.
	WithTest, WithDoc bool
	// Constraints are further demands on opam packages, each as [Constraint]
	// spells it: "lwt>=5.6". They are sorted, each once.
	Constraints []string
}

// constraint is a package's name, alone or with a relation and a version. The
// marks of opam's own spelling, "lwt" {>= "5.6"}, may be there.
var constraint = regexp.MustCompile(`^\s*"?([A-Za-z0-9_+-]+)"?(?:\.([A-Za-z0-9_+.~-]+)|\s*\{?\s*(=|!=|<=|>=|<|>)\s*"?([A-Za-z0-9_+.~-]+)"?\s*\}?)?\s*$`)

// version is what can be a version of an opam package.
var version = regexp.MustCompile(`^[A-Za-z0-9_+.~-]+$`)

// Constraint gives the one spelling of a demand on an opam package: NAME, or
// NAME, a relation (= != < <= > >=) and a version without blanks between them.
// It takes blanks and opam's marks away, and reads NAME.VERSION as
// NAME=VERSION.
func Constraint(s string) (string, error) {
	m := constraint.FindStringSubmatch(s)
	switch {
	case m == nil:
		return "", fmt.Errorf("%q is not a package with a version such as lwt>=5.6", s)
	case m[2] != "":
		return m[1] + "=" + m[2], nil
	}
	return m[1] + m[3] + m[4], nil
}

// appendTo writes the options' lines, sorted.
func (o Options) appendTo(w *writer) {
	if o.OCaml != "" {
		w.line(0, "option", "ocaml", o.OCaml)
	}
	for _, c := range o.Constraints {
		w.line(0, "option", "opam", c)
	}
	if o.WithDoc {
		w.line(0, "option", "with-doc")
	}
	if o.WithTest {
		w.line(0, "option", "with-test")
	}
}

func (p *parser) option(w []string) {
	o := &p.file.Options
	p.leave()
	switch name, values := w[0], w[1:]; {
	case name == "ocaml" && len(values) == 1:
		p.once("option ocaml")
		if !version.MatchString(values[0]) {
			p.errorf("option ocaml: %q is not a version", values[0])
		}
		o.OCaml = values[0]
	case name == "opam" && len(values) == 1:
		p.once("option opam " + values[0])
		p.constraint(values[0])
	case name == "with-doc" && len(values) == 0:
		p.once("option with-doc")
		o.WithDoc = true
	case name == "with-test" && len(values) == 0:
		p.once("option with-test")
		o.WithTest = true
	default:
		p.errorf("option: want ocaml VERSION, opam CONSTRAINT, with-doc or with-test")
	}
}

func (p *parser) constraint(s string) {
	list := &p.file.Options.Constraints
	if want, err := Constraint(s); err != nil {
		p.errorf("option opam: %v", err)
	} else if want != s {
		p.errorf("option opam: not the canonical spelling, which is %q", want)
	}
	*list = append(*list, s)
	if !slices.IsSorted(*list) {
		p.errorf("option opam: the constraints are not sorted")
	}
}
