package duneproject

import (
	"fmt"
	"slices"

	"github.com/ofarm/ofarm/internal/opam"
)

// Difference is one thing in which an opam file isn't what dune would make.
type Difference struct {
	File  string // the opam file's name: "fserv.opam"
	From  string // what dune makes it from: "dune-project" or "fserv.opam.template"
	Field string // "depends", "available", …

	// Have is what the opam file says, Want what From says, as opam writes
	// it: `"ssl" {>= "0.7"}`; "" where nothing is said.
	Have, Want string
}

// String tells the difference in one line.
func (d Difference) String() string {
	in := ""
	if d.Field != "depends" {
		in = " in " + d.Field
	}
	switch {
	case !isDependencyField(d.Field):
		return d.otherField()
	case d.Have == "":
		return fmt.Sprintf("%s lacks %s%s, which %s asks for", d.File, d.Want, in, d.From)
	case d.Want == "":
		return fmt.Sprintf("%s asks for %s%s, which %s doesn't", d.File, d.Have, in, d.From)
	}
	return fmt.Sprintf("%s asks for %s%s, %s for %s", d.File, d.Have, in, d.From, d.Want)
}

func (d Difference) otherField() string {
	switch {
	case d.Have == "":
		return fmt.Sprintf("%s lacks the field %s, which %s has", d.File, d.Field, d.From)
	case d.Want == "":
		return fmt.Sprintf("%s has the field %s, which %s lacks", d.File, d.Field, d.From)
	}
	return fmt.Sprintf("%s has another %s than %s", d.File, d.Field, d.From)
}

// joiner is what joins the elements of a field of packages.
func joiner(field string) string {
	if field == "depends" {
		return "&"
	}
	return "|"
}

func isDependencyField(field string) bool { return slices.Contains(dependencyFields(), field) }

func dependencyFields() []string { return []string{"depends", "depopts", "conflicts"} }

// handFields are the fields that a lock depends on and that dune doesn't write:
// they can only come from a template.
func handFields() []string {
	return []string{"available", "conflict-class", "depexts", "flags", "pin-depends"}
}

// templateFields are those that dune writes otherwise than a template has
// them, or not at all, and that change how a package is built.
func templateFields() []string {
	return slices.Concat(handFields(), []string{"build", "build-env", "install", "patches", "setenv", "substs"})
}

// Differences compares the opam file of a package with what dune would make of
// dune-project and the package's template, nil where it has none. It lists
// differences in depends, depopts and conflicts, in the order of dune-project,
// then in what else a lock depends on. There are none where dune doesn't
// generate the file, and none where it isn't known what dune generates, which
// Notes tell.
func (f *File) Differences(name string, file, template *opam.File) []Difference {
	p := f.Package(name)
	if p == nil || p.opaque || !f.Generate || f.Inside || f.major > newestMajor {
		return nil
	}
	if template == nil {
		template = &opam.File{}
	}
	c := comparison{f, p, file, template}
	var all []Difference
	for _, field := range dependencyFields() {
		if template.Field(field) == nil {
			all = append(all, c.dependencies(field, "dune-project", f.wants(p, field))...)
			continue
		}
		var wants []want
		for _, e := range entries(template.Field(field), joiner(field)) {
			wants = append(wants, want{name: e.name, forms: []entry{e}})
		}
		all = append(all, c.dependencies(field, c.templateName(), wants)...)
	}
	return append(all, c.fields()...)
}

// comparison is an opam file and what it is compared with.
type comparison struct {
	f              *File
	p              *Package
	file, template *opam.File
}

func (c comparison) templateName() string { return c.p.Name + ".opam.template" }

func (c comparison) difference(field, from, have, want string) Difference {
	return Difference{File: c.p.Name + ".opam", From: from, Field: field, Have: have, Want: want}
}

// dependencies compares a field of packages. What is the same is taken away
// from both sides; of what is left, one of each side with the same name makes
// one difference.
func (c comparison) dependencies(field, from string, wants []want) []Difference {
	have := entries(c.file.Field(field), joiner(field))
	wants, have = takeSame(wants, have)
	var all []Difference
	for _, w := range wants {
		i := slices.IndexFunc(have, func(e entry) bool { return e.name == w.name && e.name != "" })
		switch {
		case i >= 0:
			all = append(all, c.difference(field, from, have[i].text, w.forms[0].text))
			have = slices.Delete(have, i, i+1)
		case !w.optional:
			all = append(all, c.difference(field, from, "", w.forms[0].text))
		}
	}
	for _, e := range have {
		if !c.f.mayAdd(e.name) {
			all = append(all, c.difference(field, from, e.text, ""))
		}
	}
	return all
}

// takeSame takes away what both sides have, and all that has the name of a
// want which isn't understood.
func takeSame(wants []want, have []entry) ([]want, []entry) {
	opaque := map[string]bool{}
	for _, w := range wants {
		opaque[w.name] = opaque[w.name] || len(w.forms) == 0
	}
	wants = slices.DeleteFunc(wants, func(w want) bool { return opaque[w.name] })
	have = slices.DeleteFunc(have, func(e entry) bool { return opaque[e.name] })
	pairs := match(len(wants), len(have), func(i, j int) bool { return slices.ContainsFunc(wants[i].forms, have[j].same) })
	var left []want
	for i, w := range wants {
		if !slices.Contains(pairs, i) {
			left = append(left, w)
		}
	}
	var more []entry
	for j, e := range have {
		if pairs[j] < 0 {
			more = append(more, e)
		}
	}
	return left, more
}

// fields compares the fields that a template may have.
func (c comparison) fields() []Difference {
	var all []Difference
	for _, field := range templateFields() {
		have, want := fieldText(c.file, field), fieldText(c.template, field)
		byDune := want == "" && !slices.Contains(handFields(), field)
		if have != want && !byDune {
			all = append(all, c.difference(field, c.handFrom(), have, want))
		}
	}
	return all
}

// handFrom is where the fields that dune doesn't write would have to come from.
func (c comparison) handFrom() string {
	if len(c.template.Items) == 0 {
		return "dune-project"
	}
	return c.templateName()
}

// fieldText is a field's value as opam writes it, "" without one.
func fieldText(file *opam.File, field string) string {
	if e := file.Field(field); e != nil {
		return string(opam.AppendExpr(nil, e))
	}
	return ""
}
