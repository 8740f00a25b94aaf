package deb

import (
	"fmt"
	"slices"
	"strings"
)

// A File is a file of a package as it was unpacked.
type File struct {
	Path string // relative and clean, as [Archive.Next] gives it
	MD5  string // of a regular file or a hard link to one, 32 hex digits
}

// A Database collects packages that were unpacked without dpkg and says what
// /var/lib/dpkg must hold, so that "dpkg --configure -a" finds them in the
// state "install ok unpacked" (dpkg(1), deb-triggers(5), and dpkg's own
// lib/dpkg/parse.c for the order of fields). The zero value is empty.
type Database struct {
	packages []unpacked
}

// An unpacked is one package of the database.
type unpacked struct {
	name  string // with the architecture where dpkg adds it
	entry string // its paragraph in the file status
	info  []ControlFile
	files []ControlFile // what it is interested in: trigger name, then line
}

// Add adds a package whose files are in place.
func (d *Database) Add(a *Archive, files []File) error {
	name := infoName(a.Control)
	p := unpacked{name: name}
	entry, err := statusEntry(a, files)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p.entry = entry
	p.info = append(p.info, ControlFile{Name: name + ".list", Mode: 0o644, Data: fileList(files)})
	if a.File("md5sums") == nil {
		p.info = append(p.info, ControlFile{Name: name + ".md5sums", Mode: 0o644, Data: sumList(files)})
	}
	for _, f := range a.Files {
		f.Name = name + "." + f.Name
		f.Mode = 0o644 | f.Mode&0o111
		p.info = append(p.info, f)
	}
	if p.files, err = interests(name, string(a.File("triggers"))); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	d.packages = append(d.packages, p)
	return nil
}

// Files lists the files under /var/lib/dpkg, with names relative to it, sorted.
func (d *Database) Files() []ControlFile {
	slices.SortFunc(d.packages, func(a, b unpacked) int { return strings.Compare(a.name, b.name) })
	var status strings.Builder
	files := []ControlFile{
		{Name: "available", Mode: 0o644},
		{Name: "diversions", Mode: 0o644},
		{Name: "statoverride", Mode: 0o644},
		{Name: "triggers/Unincorp", Mode: 0o644},
		{Name: "info/format", Mode: 0o644, Data: []byte("1\n")},
	}
	triggers := map[string][]byte{"File": nil}
	for _, p := range d.packages {
		status.WriteString(p.entry)
		for _, f := range p.info {
			f.Name = "info/" + f.Name
			files = append(files, f)
		}
		for _, f := range p.files {
			triggers[f.Name] = append(triggers[f.Name], f.Data...)
		}
	}
	for name, data := range triggers {
		files = append(files, ControlFile{Name: "triggers/" + name, Mode: 0o644, Data: data})
	}
	files = append(files, ControlFile{Name: "status", Mode: 0o644, Data: []byte(status.String())})
	slices.SortFunc(files, func(a, b ControlFile) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// infoName is what dpkg calls a package in its database: with the architecture
// if packages of several architectures can be there at once.
func infoName(control Paragraph) string {
	if control.Get("Multi-Arch") == "same" {
		return control.Get("Package") + ":" + control.Get("Architecture")
	}
	return control.Get("Package")
}

// statusOrder returns the order in which dpkg writes the fields it knows; all
// others follow in the order of the package.
func statusOrder() []string {
	return []string{
		"Package", "Essential", "Protected", "Status", "Priority", "Section", "Installed-Size",
		"Origin", "Maintainer", "Bugs", "Architecture", "Multi-Arch", "Source", "Version",
		"Replaces", "Provides", "Depends", "Pre-Depends", "Recommends", "Suggests", "Breaks",
		"Conflicts", "Enhances", "Conffiles", "Description",
	}
}

// statusEntry returns a package's paragraph for the file status, with the empty
// line after it.
func statusEntry(a *Archive, files []File) (string, error) {
	conffiles, err := conffileList(a, files)
	if err != nil {
		return "", err
	}
	order := statusOrder()
	var b strings.Builder
	field := func(name, value string) {
		if value == "" {
			return
		}
		b.WriteString(name + ":")
		if value[0] != '\n' {
			b.WriteByte(' ')
		}
		b.WriteString(value + "\n")
	}
	for _, name := range order {
		switch name {
		case "Status":
			field(name, "install ok unpacked")
		case "Conffiles":
			field(name, conffiles)
		default:
			field(name, a.Control.Get(name))
		}
	}
	for _, f := range a.Control.Fields {
		if !slices.ContainsFunc(order, func(n string) bool { return strings.EqualFold(n, f.Name) }) {
			field(f.Name, f.Value)
		}
	}
	b.WriteByte('\n')
	return b.String(), nil
}

// conffileList returns the value of the field Conffiles: lines of path and md5.
func conffileList(a *Archive, files []File) (string, error) {
	var b strings.Builder
	for _, path := range a.Conffiles() {
		i := slices.IndexFunc(files, func(f File) bool { return "/"+f.Path == path })
		if i < 0 {
			continue // another package has it now
		}
		if files[i].MD5 == "" {
			return "", fmt.Errorf("conffile %q is not a regular file", path)
		}
		fmt.Fprintf(&b, "\n %s %s", path, files[i].MD5)
	}
	return b.String(), nil
}

// fileList returns the content of a .list file.
func fileList(files []File) []byte {
	var b strings.Builder
	for _, f := range files {
		if f.Path == "." {
			b.WriteString("/.\n")
		} else {
			b.WriteString("/" + f.Path + "\n")
		}
	}
	return []byte(b.String())
}

// sumList returns the content of a .md5sums file, as dpkg makes it for a package
// that brings none.
func sumList(files []File) []byte {
	var b strings.Builder
	for _, f := range files {
		if f.MD5 != "" {
			fmt.Fprintf(&b, "%s  %s\n", f.MD5, f.Path)
		}
	}
	return []byte(b.String())
}

// interests parses a triggers control file and returns, for every trigger the
// package is interested in, the file under triggers/ and the line to add there.
func interests(name, triggers string) ([]ControlFile, error) {
	var out []ControlFile
	for line := range strings.Lines(triggers) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		kind, ok := strings.CutPrefix(words[0], "interest")
		if !ok {
			continue
		}
		if len(words) != 2 || words[1][0] != '/' && !validName(words[1]) {
			return nil, fmt.Errorf("triggers: bad line %q", strings.TrimSpace(line))
		}
		who := name
		if kind == "-noawait" {
			who += "/noawait"
		}
		if words[1][0] == '/' {
			out = append(out, ControlFile{Name: "File", Data: []byte(words[1] + " " + who + "\n")})
		} else {
			out = append(out, ControlFile{Name: words[1], Data: []byte(who + "\n")})
		}
	}
	return out, nil
}
