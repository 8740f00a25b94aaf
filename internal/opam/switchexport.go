package opam

import "strings"

// SwitchExport is what "opam switch export" writes: the packages of a switch.
// The format is opam's own, of 2.0 and later; its manual doesn't describe it.
// Fields that are not here, which newer opams may write, are passed over.
//
//	opam-version: "2.0"
//	compiler: ["ocaml-base-compiler.5.3.0"]
//	roots: ["lwt.5.7.0"]
//	installed: ["lwt.5.7.0" "ocaml.5.3.0" …]
//	pinned: ["mine.dev"]
//	package "mine" {
//	  the fields of its opam file, with the url that it is pinned to
//	}
type SwitchExport struct {
	// Compiler, Roots and Pinned are parts of Installed, but a package can be
	// pinned and not installed. All are in the file's order.
	Compiler, Roots, Installed, Pinned []ExportedPackage
	// Files are the opam files of the pinned packages, and with --full those of
	// all packages: their Name is that of the section. In the file's order.
	Files []*File
}

// ExportedPackage is a package of a switch.
type ExportedPackage struct {
	At            Position
	Name, Version string
}

// ID is "NAME.VERSION".
func (p ExportedPackage) ID() string { return p.Name + "." + p.Version }

// File is the opam file of a package, nil where the export has none.
func (x *SwitchExport) File(name string) *File {
	for _, f := range x.Files {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// IsSwitchExport tells an export of a switch from an opam file: it says what is
// installed. Mistakes elsewhere in the file don't matter.
func IsSwitchExport(data []byte) bool {
	for _, it := range parseSyntax(data, &mistakes{}) {
		if it.Name == "installed" && it.Value != nil {
			return true
		}
	}
	return false
}

// ParseSwitchExport reads an export of a switch, which name stands for in
// errors. The error holds all mistakes of the file, those in the opam files of
// its sections too; see [Mistakes].
func ParseSwitchExport(name string, data []byte) (*SwitchExport, error) {
	errs := &mistakes{file: name}
	x := &SwitchExport{}
	d := &decoder{errs}
	fields := map[string]func(Expr){
		"opam-version": func(e Expr) { d.opamVersion(e) },
		"compiler":     into(&x.Compiler, d.exported),
		"roots":        into(&x.Roots, d.exported),
		"installed":    into(&x.Installed, d.exported),
		"pinned":       into(&x.Pinned, d.exported),
	}
	seen := map[string]bool{}
	for _, it := range parseSyntax(data, errs) {
		read, known := fields[it.Name]
		switch {
		case it.Value == nil && it.Name == "package":
			x.section(d, name, it)
		case it.Value == nil || !known:
		case seen[it.Name]:
			errs.add(it.At, "field %q stands twice", it.Name)
		default:
			read(it.Value)
		}
		seen[it.Name] = seen[it.Name] || it.Value != nil
	}
	for _, field := range []string{"opam-version", "installed"} {
		if !seen[field] && errs.list == nil {
			errs.add(Position{}, "no %s: not an export of an opam switch", field)
		}
	}
	if err := errs.err(); err != nil {
		return nil, err
	}
	return x, nil
}

// section reads the opam file of one package.
func (x *SwitchExport) section(d *decoder, path string, it Item) {
	switch {
	case it.Title == nil || !ValidName(*it.Title):
		d.errs.add(it.At, "a section \"package\" without a package's name")
		return
	case x.File(*it.Title) != nil:
		d.errs.add(it.At, "package %q stands twice", *it.Title)
		return
	}
	f := &File{Path: path, Items: it.Items}
	f.decode(d.errs)
	if f.Name != "" && f.Name != *it.Title {
		d.errs.add(it.At, "package %q has the opam file of %q", *it.Title, f.Name)
	}
	f.Name = *it.Title
	x.Files = append(x.Files, f)
}

// exported reads a list of NAME.VERSION, with one version for each name.
func (d *decoder) exported(e Expr) []ExportedPackage {
	var out []ExportedPackage
	seen := map[string]bool{}
	for _, item := range nested(e, 1) {
		s, ok := item.(*StringLit)
		if !ok {
			d.errs.add(item.Pos(), "expected a string")
			continue
		}
		name, version, _ := strings.Cut(s.Value, ".")
		switch {
		case !ValidName(name) || !ValidVersion(version):
			d.errs.add(item.Pos(), "%q is not NAME.VERSION", s.Value)
		case seen[name]:
			d.errs.add(item.Pos(), "%q stands twice in the list", name)
		default:
			out = append(out, ExportedPackage{item.Pos(), name, version})
		}
		seen[name] = true
	}
	return out
}
