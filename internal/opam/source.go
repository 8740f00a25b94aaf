package opam

import (
	"encoding/hex"
	"slices"
	"strings"
)

// Checksum is a hash of a source.
type Checksum struct {
	Kind string // "md5", "sha256" or "sha512"
	Hex  string // lower case
}

// String writes the checksum as opam does, "sha256=…".
func (c Checksum) String() string { return c.Kind + "=" + c.Hex }

// ParseChecksum reads "sha256=…", "md5=…", "sha512=…" or a bare md5.
func ParseChecksum(s string) (Checksum, bool) {
	kind, sum, ok := strings.Cut(s, "=")
	if !ok {
		kind, sum = "md5", s
	}
	sum = strings.ToLower(sum)
	size := map[string]int{"md5": 32, "sha256": 64, "sha512": 128}[kind]
	_, err := hex.DecodeString(sum)
	return Checksum{kind, sum}, err == nil && size > 0 && len(sum) == size
}

// Source is where a package's source, or an extra file of it, comes from.
type Source struct {
	At        Position
	Name      string // of an extra source: the file it is put into
	URL       string
	Mirrors   []string // further URLs
	Checksums []Checksum
	Subpath   string // the folder of the source that is the package's
}

// URLs lists the source's URL and its mirrors.
func (s Source) URLs() []string {
	if s.URL == "" {
		return s.Mirrors
	}
	return append([]string{s.URL}, s.Mirrors...)
}

// ExtraFile is a file beside the opam file, in its folder "files".
type ExtraFile struct {
	Name     string
	Checksum Checksum
}

// PinDepend is an entry of pin-depends: a package and where its source is.
type PinDepend struct {
	Name, Version, URL string
}

// urlFields are the spellings of src, the later ones of opam 1.
var urlFields = []string{"src", "archive", "http", "git", "hg", "darcs", "local"}

func (d *decoder) source(it Item) Source {
	s := Source{At: it.At}
	if it.Title != nil {
		s.Name = *it.Title
	}
	for _, field := range it.Items {
		switch {
		case field.Value == nil:
			d.errs.add(field.At, "a source has no sections")
		case slices.Contains(urlFields, field.Name):
			s.URL = d.text(field.Value)
		case field.Name == "mirrors":
			s.Mirrors = d.strs(field.Value)
		case field.Name == "checksum":
			s.Checksums = d.checksums(field.Value)
		case field.Name == "subpath":
			s.Subpath = d.text(field.Value)
		case field.Name == "swhid":
		case !strings.HasPrefix(field.Name, "x-"):
			d.errs.add(field.At, "unknown field %q of a source", field.Name)
		}
	}
	if s.URL == "" {
		d.errs.add(it.At, "source without \"src\"")
	}
	return s
}

func (d *decoder) checksums(e Expr) []Checksum {
	var list []Checksum
	for _, item := range nested(e, 1) {
		text := d.str(item)
		c, ok := ParseChecksum(text)
		if !ok {
			d.errs.add(item.Pos(), "%q is no checksum: expected md5=, sha256= or sha512= and as many hexadecimal digits", text)
			continue
		}
		list = append(list, c)
	}
	return list
}

func (d *decoder) extraFiles(e Expr) []ExtraFile {
	var list []ExtraFile
	for _, p := range d.pairs(e, "[\"file\" \"checksum\"]") {
		c, ok := ParseChecksum(p[1])
		if !ok {
			d.errs.add(e.Pos(), "%q: %q is no checksum", p[0], p[1])
		}
		list = append(list, ExtraFile{p[0], c})
	}
	return list
}

func (d *decoder) pinDepends(e Expr) []PinDepend {
	var list []PinDepend
	for _, p := range d.pairs(e, "[\"package.version\" \"url\"]") {
		name, version, ok := strings.Cut(p[0], ".")
		if !ok {
			d.errs.add(e.Pos(), "%q is no package with a version", p[0])
		}
		list = append(list, PinDepend{name, version, p[1]})
	}
	return list
}
