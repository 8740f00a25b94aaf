package opam

import (
	"maps"
	"slices"
	"strings"
)

// File is an opam file. Items is its syntax, which Append writes; the other
// fields are what Parse read from it. Fields that a file lacks are zero.
type File struct {
	Path  string // as given to Parse
	Items []Item

	OpamVersion string
	Name        string // only where the file has it, as for the next
	Version     string

	Depends       Formula
	Depopts       Formula
	Conflicts     Formula
	ConflictClass []string
	Available     *Filter
	Flags         []string // "conf", "compiler", "light-uninstall", …

	Build   []Command
	Install []Command
	Remove  []Command
	RunTest []Command

	Substs     []string   // files made from FILE.in
	Patches    []Filtered // applied in this order
	BuildEnv   []EnvUpdate
	SetEnv     []EnvUpdate
	Depexts    []Depext
	PinDepends []PinDepend

	URL          *Source // nil without one
	ExtraSources []Source
	ExtraFiles   []ExtraFile

	Synopsis     string
	Description  string
	Maintainer   []string
	Authors      []string
	License      []string
	Homepage     []string
	BugReports   []string
	Doc          []string
	DevRepo      string
	Tags         []string
	Messages     []Filtered
	PostMessages []Filtered

	unknown []Item
}

// Parse reads an opam file, which name stands for in errors. It knows the
// whole syntax of opam 2 (https://opam.ocaml.org/doc/Manual.html). The error
// holds all mistakes of the file, see [Mistakes]. Fields that opam doesn't know
// are no mistake, see [File.Unknown].
func Parse(name string, data []byte) (*File, error) {
	errs := &mistakes{file: name}
	f := &File{Path: name, Items: parseSyntax(data, errs)}
	f.decode(errs)
	if err := errs.err(); err != nil {
		return nil, err
	}
	return f, nil
}

// Unknown lists the fields and sections that opam doesn't know and whose name
// doesn't begin with "x-", in the file's order.
func (f *File) Unknown() []Item { return f.unknown }

// FieldNames lists the fields that opam knows, sorted.
func FieldNames() []string {
	var none File
	names := slices.AppendSeq(otherFields(), maps.Keys(none.fields(&decoder{})))
	slices.Sort(names)
	return names
}

// Field gives the value of the field with that name, nil without one: for x-
// fields and others that File has no typed form of.
func (f *File) Field(name string) Expr {
	for _, it := range f.Items {
		if it.Name == name && it.Value != nil {
			return it.Value
		}
	}
	return nil
}

// HasFlag says whether the file has that flag.
func (f *File) HasFlag(flag string) bool {
	for _, have := range f.Flags {
		if have == flag {
			return true
		}
	}
	return false
}

func (f *File) decode(errs *mistakes) {
	d := &decoder{errs}
	fields := f.fields(d)
	seen := map[string]bool{}
	for _, it := range f.Items {
		switch read, known := fields[it.Name]; {
		case it.Value == nil:
			f.section(d, it, seen)
		case seen[it.Name] && !strings.HasPrefix(it.Name, "x-"):
			errs.add(it.At, "field %q stands twice", it.Name)
		case known:
			read(it.Value)
		case !isOtherField(it.Name):
			f.unknown = append(f.unknown, it)
		}
		if it.Value != nil {
			seen[it.Name] = true
		}
	}
	if !seen["opam-version"] && errs.list == nil {
		errs.add(Position{}, "no opam-version: not an opam file")
	}
}

func (f *File) section(d *decoder, it Item, seen map[string]bool) {
	switch {
	case it.Name == "url" && seen["section url"]:
		d.errs.add(it.At, "section \"url\" stands twice")
	case it.Name == "url":
		seen["section url"] = true
		s := d.source(it)
		f.URL = &s
	case it.Name == "extra-source" && it.Title == nil:
		d.errs.add(it.At, "extra-source without the name of its file")
	case it.Name == "extra-source":
		f.ExtraSources = append(f.ExtraSources, d.source(it))
	case !strings.HasPrefix(it.Name, "x-"):
		f.unknown = append(f.unknown, it)
	}
}

// isOtherField says whether a field is known to opam, or an extension, but has
// no meaning for a build.
func isOtherField(name string) bool {
	return strings.HasPrefix(name, "x-") || slices.Contains(otherFields(), name)
}

func otherFields() []string {
	return []string{"features", "libraries", "syntax", "ocaml-version", "os", "subst", "signature", "author-email"}
}

// opamVersion reads the format's version; this package reads the 2.x family.
func (d *decoder) opamVersion(e Expr) string {
	v := d.str(e)
	if v != "2" && !strings.HasPrefix(v, "2.") {
		d.errs.add(e.Pos(), "opam-version %q: only 2.x is known", v)
	}
	return v
}

func (d *decoder) version(e Expr) string {
	v := d.text(e)
	if !ValidVersion(v) {
		d.errs.add(e.Pos(), "%q is no version", v)
	}
	return v
}

func (d *decoder) available(e Expr) *Filter { return d.filterOf(nested(e, 1)) }

func (d *decoder) packageNames(e Expr) []string {
	var list []string
	for _, item := range nested(e, 1) {
		list = append(list, d.packageName(item))
	}
	return list
}

// into gives a function that reads a value into a field.
func into[T any](to *T, read func(Expr) T) func(Expr) {
	return func(e Expr) { *to = read(e) }
}

// fields are the fields with a typed form.
func (f *File) fields(d *decoder) map[string]func(Expr) {
	return map[string]func(Expr){
		"opam-version":   into(&f.OpamVersion, d.opamVersion),
		"name":           into(&f.Name, d.packageName),
		"version":        into(&f.Version, d.version),
		"depends":        func(e Expr) { f.Depends = d.formula(e, FormulaAnd) },
		"depopts":        func(e Expr) { f.Depopts = d.formula(e, FormulaOr) },
		"conflicts":      func(e Expr) { f.Conflicts = d.formula(e, FormulaOr) },
		"conflict-class": into(&f.ConflictClass, d.packageNames),
		"available":      into(&f.Available, d.available),
		"flags":          into(&f.Flags, d.names),
		"build":          into(&f.Build, d.commands),
		"install":        into(&f.Install, d.commands),
		"remove":         into(&f.Remove, d.commands),
		"run-test":       into(&f.RunTest, d.commands),
		"build-test":     into(&f.RunTest, d.commands),
		"substs":         into(&f.Substs, d.strs),
		"patches":        into(&f.Patches, d.filtered),
		"build-env":      into(&f.BuildEnv, d.envUpdates),
		"setenv":         into(&f.SetEnv, d.envUpdates),
		"depexts":        into(&f.Depexts, d.depexts),
		"pin-depends":    into(&f.PinDepends, d.pinDepends),
		"extra-files":    into(&f.ExtraFiles, d.extraFiles),
		"synopsis":       into(&f.Synopsis, d.text),
		"description":    into(&f.Description, d.text),
		"maintainer":     into(&f.Maintainer, d.strs),
		"authors":        into(&f.Authors, d.strs),
		"author":         into(&f.Authors, d.strs),
		"license":        into(&f.License, d.strs),
		"homepage":       into(&f.Homepage, d.strs),
		"bug-reports":    into(&f.BugReports, d.strs),
		"doc":            into(&f.Doc, d.strs),
		"dev-repo":       into(&f.DevRepo, d.text),
		"tags":           into(&f.Tags, d.strs),
		"messages":       into(&f.Messages, d.filtered),
		"post-messages":  into(&f.PostMessages, d.filtered),
	}
}
