package duneproject

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ofarm/ofarm/internal/opam"
)

// File is a dune-project file, as far as opam files depend on it.
type File struct {
	Path string // as given to Parse

	// Lang is the version of the dune language, such as "3.0"; "" without one.
	Lang string

	// Generate says that dune makes the opam files of Packages.
	Generate bool

	// Inside says that the opam files are in the folder opam, not beside
	// dune-project.
	Inside bool

	// Using are the extensions, such as "menhir", in the file's order.
	Using []string

	// Packages are in the file's order; a name stands there once.
	Packages []Package

	// Notes tell what wasn't understood, in the file's order.
	Notes []Note

	major, minor int
}

// Package is a (package …) stanza.
type Package struct {
	At         opam.Position
	Name       string
	Version    string // only where the stanza has it
	AllowEmpty bool

	// Depends, Depopts and Conflicts are what the stanza says, without what
	// dune adds to it.
	Depends   []Dependency
	Depopts   []Dependency
	Conflicts []Dependency

	// opaque says that something in the stanza isn't understood.
	opaque bool
}

// Dependency is a package that another names, with the condition for it.
type Dependency struct {
	At   opam.Position
	Name string

	when *constraint // nil without one
	// opaque says that the condition isn't understood.
	opaque bool
}

// Parse reads a dune-project, which name stands for in errors. The error holds
// all mistakes of the file, see [opam.Mistakes]; a mistake of syntax is the
// last one. What is no mistake but not understood is in Notes.
func Parse(name string, data []byte) (*File, error) {
	errs := &mistakes{file: name}
	f := &File{Path: name}
	d := &decoder{f, errs}
	d.file(readNodes(string(data), errs))
	if err := errs.err(); err != nil {
		return nil, err
	}
	return f, nil
}

// Package gives the stanza of a package, nil where there is none.
func (f *File) Package(name string) *Package {
	for i := range f.Packages {
		if f.Packages[i].Name == name {
			return &f.Packages[i]
		}
	}
	return nil
}

// Generates lists the packages whose NAME.opam dune writes beside
// dune-project, in the file's order. Other opam files are left alone by dune.
func (f *File) Generates() []string {
	var names []string
	if f.Generate && !f.Inside {
		for _, p := range f.Packages {
			names = append(names, p.Name)
		}
	}
	return names
}

// since says whether the dune language is of that version or a later one.
func (f *File) since(major, minor int) bool {
	return f.major > major || f.major == major && f.minor >= minor
}

// decoder turns s-expressions into what they mean, and notes mistakes.
type decoder struct {
	f    *File
	errs *mistakes
}

func (d *decoder) note(at opam.Position, format string, args ...any) {
	d.f.Notes = append(d.f.Notes, Note{d.f.Path, at, fmt.Sprintf(format, args...)})
}

func (d *decoder) file(nodes []node) {
	for i, n := range nodes {
		switch head := n.head(); {
		case head == "":
			d.errs.add(n.at, "expected a stanza in parentheses that begins with its name")
		case head == "lang":
			d.lang(n, i)
		case head == "generate_opam_files":
			d.generate(n)
		case head == "opam_file_location":
			d.location(n)
		case head == "using" && len(n.items) > 1:
			d.f.Using = append(d.f.Using, n.items[1].text)
		case head == "package":
			d.pkg(n)
		}
	}
	if d.f.Generate && d.f.Lang == "" && d.errs.list == nil {
		d.errs.add(nodes[0].at, "no dune language: the first line must be such as (lang dune 3.0)")
	}
}

// lang reads (lang dune 3.0), the i-th stanza.
func (d *decoder) lang(n node, i int) {
	if i > 0 {
		d.errs.add(n.at, "(lang …) must be on the first line")
		return
	}
	if len(n.items) != 3 || n.items[1].text != "dune" {
		d.errs.add(n.at, "the first line must be such as (lang dune 3.0)")
		return
	}
	v := n.items[2]
	major, minor, ok := parseLang(v.text)
	if !ok {
		d.errs.add(v.at, "%q is no version of the dune language: expected a number, a dot and a number", v.text)
		return
	}
	d.f.major, d.f.minor = major, minor
	d.f.Lang = fmt.Sprintf("%d.%d", major, minor)
	if major > newestMajor {
		d.note(v.at, "dune language %s isn't known; opam files aren't compared", d.f.Lang)
	}
}

// newestMajor is the version of the dune language up to which it is known what
// dune generates.
const newestMajor = 3

func parseLang(s string) (major, minor int, ok bool) {
	x, y, ok := strings.Cut(s, ".")
	a, err1 := strconv.ParseUint(x, 10, 16)
	b, err2 := strconv.ParseUint(y, 10, 16)
	return int(a), int(b), ok && err1 == nil && err2 == nil
}

func (d *decoder) generate(n node) {
	on, ok := onOff(n)
	if !ok {
		d.errs.add(n.at, "(generate_opam_files …) takes true, false or nothing")
	}
	d.f.Generate = on
}

// onOff reads a stanza that is true, false or alone, which is true.
func onOff(n node) (on, ok bool) {
	switch {
	case len(n.items) == 1:
		return true, true
	case len(n.items) == 2 && n.items[1].text == "true":
		return true, true
	}
	return false, len(n.items) == 2 && n.items[1].text == "false"
}

func (d *decoder) location(n node) {
	if len(n.items) == 2 && n.items[1].text == "relative_to_project" {
		return
	}
	d.f.Inside = true
	d.note(n.at, "opam files aren't beside dune-project; they aren't compared")
}
