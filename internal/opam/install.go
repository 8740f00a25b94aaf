package opam

import (
	_ "embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// InstallScript is an awk program (POSIX; mawk, busybox and gawk run it) that
// reads the NAME.install which a build made, as [ParseInstall] does, and
// prints a line for each file, in the file's order:
//
//	MODE<TAB>OPTIONAL<TAB>SRC<TAB>DST
//
// MODE is 0755, 0644, or "-" where SRC's own executable bit decides; OPTIONAL
// is 1 when SRC may be missing, else 0; DST is relative to the prefix. It
// wants -v name=NAME and -v prefix=PREFIX (an absolute path, for the field
// misc), and runs with LC_ALL=C. On bad input it writes "file:line: message" to
// standard error, no line, and exits with 2.
//
//go:embed install.awk
var InstallScript string

// InstallField says where the files of a field of a .install file go.
type InstallField struct {
	Name string
	Dir  string // relative to the prefix; the package's name follows if Own
	Own  bool
	Mode fs.FileMode // 0: as executable as the file is
}

// InstallFields lists the fields of .install files, in opam's order
// (https://opam.ocaml.org/doc/Manual.html#lt-pkgname-gt-install).
func InstallFields() []InstallField {
	return []InstallField{
		{"bin", "bin", false, 0o755},
		{"sbin", "sbin", false, 0o755},
		{"lib", "lib", true, 0o644},
		{"libexec", "lib", true, 0o755},
		{"lib_root", "lib", false, 0o644},
		{"libexec_root", "lib", false, 0o755},
		{"toplevel", "lib/toplevel", false, 0o644},
		{"stublibs", "lib/stublibs", false, 0o755},
		{"man", "man", false, 0o644},
		{"share", "share", true, 0o644},
		{"share_root", "share", false, 0o644},
		{"etc", "etc", true, 0o644},
		{"doc", "doc", true, 0o644},
		{"misc", "", false, 0},
	}
}

// Install is a .install file: the files that a package's build wants to have
// installed, in the file's order.
type Install struct {
	Entries []InstallEntry
}

// InstallEntry is one file to install.
type InstallEntry struct {
	At       Position
	Field    InstallField
	Optional bool   // no mistake if Src is missing
	Src      string // relative to the folder of the build
	Dst      string // as written, "" without
}

// ParseInstall reads a .install file, which name stands for in errors. The
// error holds all mistakes of the file. Unknown fields are left out, as opam
// does.
func ParseInstall(name string, data []byte) (*Install, error) {
	errs := &mistakes{file: name}
	d := &decoder{errs}
	fields := map[string]InstallField{}
	for _, f := range InstallFields() {
		fields[f.Name] = f
	}
	in := &Install{}
	for _, it := range parseSyntax(data, errs) {
		field, ok := fields[it.Name]
		switch {
		case it.Value == nil:
			errs.add(it.At, "a .install file has no sections")
		case ok:
			in.Entries = append(in.Entries, d.installEntries(field, it.Value)...)
		}
	}
	if err := errs.err(); err != nil {
		return nil, err
	}
	return in, nil
}

func (d *decoder) installEntries(field InstallField, e Expr) []InstallEntry {
	var list []InstallEntry
	for _, item := range nested(e, 1) {
		x, opts := splitOption(item)
		src := d.str(x)
		entry := InstallEntry{At: x.Pos(), Field: field, Src: strings.TrimPrefix(src, "?")}
		entry.Optional = entry.Src != src
		switch len(opts) {
		case 0:
		case 1:
			entry.Dst = d.str(opts[0])
		default:
			d.errs.add(opts[1].Pos(), "expected a single destination")
		}
		d.checkEntry(entry)
		list = append(list, entry)
	}
	return list
}

func (d *decoder) checkEntry(e InstallEntry) {
	if strings.ContainsAny(e.Src+e.Dst, "\t\n\x00") {
		d.errs.add(e.At, "tab, line feed or NUL in a file name")
		return
	}
	_, manual := manSection(e.Src)
	switch {
	case e.Src == "":
		d.errs.add(e.At, "empty file name")
	case e.Field.Name == "misc" && !path.IsAbs(e.Dst):
		d.errs.add(e.At, "%q: a file of misc needs an absolute destination", e.Src)
	case e.Field.Name == "man" && e.Dst == "" && !manual:
		d.errs.add(e.At, "%q: neither a destination nor the suffix of a manual's section", e.Src)
	}
}

// manSection gives the folder of a manual page: man1 for x.1 and x.1.gz.
func manSection(src string) (dir string, ok bool) {
	base := strings.TrimSuffix(path.Base(src), ".gz")
	dot := strings.LastIndexByte(base, '.')
	if dot < 0 || dot+1 == len(base) || base[dot+1] < '1' || base[dot+1] > '8' {
		return "", false
	}
	return "man" + base[dot+1:dot+2], true
}

// Target gives the entry's destination, relative to the prefix, for the
// package pkg; ok is false when it lies outside of the prefix.
func (e InstallEntry) Target(prefix, pkg string) (dst string, ok bool) {
	if e.Field.Name == "misc" {
		rest, inside := strings.CutPrefix(path.Clean(e.Dst), path.Clean(prefix)+"/")
		return rest, inside
	}
	elems := []string{e.Field.Dir}
	if e.Field.Own {
		elems = append(elems, pkg)
	}
	switch section, _ := manSection(e.Src); {
	case e.Dst != "":
		elems = append(elems, e.Dst)
	case e.Field.Name == "man":
		elems = append(elems, section, path.Base(e.Src))
	default:
		elems = append(elems, path.Base(e.Src))
	}
	dst = path.Join(elems...)
	return dst, dst != "." && !slices.Contains(strings.Split(dst, "/"), "..")
}
