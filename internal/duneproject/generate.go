package duneproject

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/opam"
)

// want is a package that an opam file should name.
type want struct {
	name string

	// forms are what may stand there, each of which dune may have written; the
	// first is for messages. None when the condition isn't understood.
	forms []entry

	// optional says that the file may do without.
	optional bool
}

// wants lists what dune writes into one of the fields depends, depopts and
// conflicts.
func (f *File) wants(p *Package, field string) []want {
	var list []want
	for _, dep := range p.dependencies(field) {
		w := dep.want()
		if dep.Name == "menhir" && slices.Contains(f.Using, "menhir") {
			w.forms = append(w.forms, dep.atLeast(menhirBound).forms...)
		}
		list = append(list, w)
	}
	if field == "depends" {
		list = f.addDune(p, list)
		list = f.addOdoc(p, list)
	}
	return list
}

func (p *Package) dependencies(field string) []Dependency {
	switch field {
	case "depends":
		return p.Depends
	case "depopts":
		return p.Depopts
	}
	return p.Conflicts
}

func (d Dependency) want() want {
	switch {
	case d.opaque:
		return want{name: d.Name}
	case d.when == nil:
		return newWant(d.Name, "")
	}
	return newWant(d.Name, d.when.render(), d.when.renderOld())
}

// menhirBound is what dune 3.23 and later may ask of menhir, whatever the dune
// language, in projects that use its extension.
const menhirBound = "20180523"

// atLeast is what dune makes of a dependency with a lower bound of its own.
func (d Dependency) atLeast(version string) want {
	if d.opaque {
		return want{name: d.Name}
	}
	c := constraint{op: "&", parts: []constraint{{text: fmt.Sprintf(">= %q", version)}}}
	if d.when != nil {
		c.parts = append(c.parts, *d.when)
	}
	return newWant(d.Name, c.render(), c.renderOld())
}

// newWant makes a want of conditions in opam's syntax. It has no forms where
// opam refuses them: dune writes them all the same.
func newWant(name string, conditions ...string) want {
	w := want{name: name}
	for _, c := range slices.Compact(conditions) {
		text := `opam-version: "2.0" depends: [` + string(opam.AppendExpr(nil, &opam.StringLit{Value: name})) + ` {` + c + `}]`
		file, err := opam.Parse("", []byte(text))
		if err != nil {
			return want{name: name}
		}
		w.forms = append(w.forms, entries(file.Field("depends"), "&")...)
	}
	return w
}

// addDune adds the constraint on dune. Only the first dependency on it counts.
func (f *File) addDune(p *Package, list []want) []want {
	if !f.since(1, 11) || p.Name == "dune" {
		return list
	}
	i := slices.IndexFunc(p.Depends, func(d Dependency) bool { return d.Name == "dune" })
	if i < 0 {
		return append([]want{Dependency{Name: "dune"}.atLeast(f.Lang)}, list...)
	}
	if f.since(2, 6) {
		list[i] = p.Depends[i].atLeast(f.Lang)
	}
	return list
}

// addOdoc adds odoc for documentation. Where depends names odoc, it is left
// open whether dune adds another.
func (f *File) addOdoc(p *Package, list []want) []want {
	if !f.since(2, 7) || p.Name == "odoc" {
		return list
	}
	odoc := newWant("odoc", "with-doc")
	for _, d := range p.Depends {
		if d.Name != "odoc" {
			continue
		}
		if d.opaque || d.when == nil || d.when.holdsForDoc() {
			return list
		}
		odoc.optional = true
	}
	return append(list, odoc)
}

// holdsForDoc says whether dune takes a condition on odoc for one that holds
// where documentation is wanted.
func (c constraint) holdsForDoc() bool {
	switch {
	case c.op == "&":
		return !slices.ContainsFunc(c.parts, func(p constraint) bool { return !p.holdsForDoc() })
	case c.op == "|":
		return slices.ContainsFunc(c.parts, constraint.holdsForDoc)
	}
	return c.variable == "" || slices.Contains([]string{"with-doc", "build", "post"}, c.variable)
}

// mayAdd says whether a package belongs to an extension that the project uses:
// dune may come to add such packages by itself.
func (f *File) mayAdd(name string) bool {
	return slices.ContainsFunc(f.Using, func(ext string) bool {
		ext = strings.ReplaceAll(ext, "_", "-")
		return name == ext || strings.HasPrefix(name, ext+"-")
	})
}
