package deb

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Package is one paragraph of a Packages index: a package file that an
// archive holds, with the fields that choosing and fetching it need.
type Package struct {
	Name          string
	Version       string
	Source        string // as the index spells it, "" when it equals Name
	Architecture  string // "all" or the architecture of the index
	MultiArch     string // "same", "foreign", "allowed", or ""
	Priority      string
	Section       string
	Essential     bool
	Important     bool // the field Important or Protected says yes
	PreDepends    Relations
	Depends       Relations
	Recommends    Relations
	Suggests      Relations
	Enhances      Relations
	Conflicts     Relations
	Breaks        Relations
	Replaces      Relations
	Provides      Relations
	Filename      string // relative to the archive's root
	SHA256        string // of the package file, 64 hex digits in lower case
	Size          int64  // of the package file, bytes
	InstalledSize int64  // KiB
}

// String returns "NAME VERSION".
func (p *Package) String() string { return p.Name + " " + p.Version }

// ReadPackages reads a decompressed Packages index; file is its name in errors.
// A paragraph without name, version, architecture, file name, size or sha256 is
// a *SyntaxError.
func ReadPackages(file string, r io.Reader) ([]Package, error) {
	reader := NewReader(file, r)
	reader.reuse = true
	var all []Package
	var c collector
	for {
		para, err := reader.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		p, problem := c.collect(para)
		if problem != "" {
			return nil, &SyntaxError{file, para.Line, problem}
		}
		all = append(all, p)
	}
}

// A collector copies what a Package keeps out of a paragraph, so that the rest
// of the paragraph's text can be freed.
type collector struct {
	buf                        []byte
	essential, important, prot string
	size, installed            string
}

// collect returns the package of a paragraph, or what is wrong with it.
func (c *collector) collect(para Paragraph) (p Package, problem string) {
	*c = collector{buf: c.buf[:0]}
	for _, f := range para.Fields {
		if c.slot(&p, f.Name) != nil {
			c.buf = append(c.buf, f.Value...)
		}
	}
	rest := string(c.buf)
	for _, f := range para.Fields {
		if slot := c.slot(&p, f.Name); slot != nil {
			*slot, rest = rest[:len(f.Value)], rest[len(f.Value):]
		}
	}
	return p, c.finish(&p)
}

// slot returns where the value of the field of that name goes, nil for fields
// that aren't kept.
func (c *collector) slot(p *Package, name string) *string {
	switch name {
	case "Package":
		return &p.Name
	case "Version":
		return &p.Version
	case "Source":
		return &p.Source
	case "Architecture":
		return &p.Architecture
	case "Multi-Arch":
		return &p.MultiArch
	case "Priority":
		return &p.Priority
	case "Section":
		return &p.Section
	case "Filename":
		return &p.Filename
	case "SHA256":
		return &p.SHA256
	case "Essential":
		return &c.essential
	case "Important":
		return &c.important
	case "Protected":
		return &c.prot
	case "Size":
		return &c.size
	case "Installed-Size":
		return &c.installed
	}
	return (*string)(relationSlot(p, name))
}

// relationSlot returns where the value of a relation field goes.
func relationSlot(p *Package, name string) *Relations {
	switch name {
	case "Pre-Depends":
		return &p.PreDepends
	case "Depends":
		return &p.Depends
	case "Recommends":
		return &p.Recommends
	case "Suggests":
		return &p.Suggests
	case "Enhances":
		return &p.Enhances
	case "Conflicts":
		return &p.Conflicts
	case "Breaks":
		return &p.Breaks
	case "Replaces":
		return &p.Replaces
	case "Provides":
		return &p.Provides
	}
	return nil
}

// finish fills in what isn't text and returns what is wrong with p.
func (c *collector) finish(p *Package) string {
	p.Essential = c.essential == "yes"
	p.Important = c.important == "yes" || c.prot == "yes"
	if p.MultiArch == "no" {
		p.MultiArch = ""
	}
	for _, f := range []struct{ name, value string }{
		{"Package", p.Name}, {"Version", p.Version}, {"Architecture", p.Architecture},
		{"Filename", p.Filename}, {"SHA256", p.SHA256}, {"Size", c.size},
	} {
		if f.value == "" {
			return fmt.Sprintf("package %q has no field %q", p.Name, f.name)
		}
	}
	var err error
	if p.Size, err = strconv.ParseInt(c.size, 10, 64); err != nil || p.Size < 0 {
		return fmt.Sprintf("package %q: Size %q is not a number of bytes", p.Name, c.size)
	}
	if c.installed != "" {
		if p.InstalledSize, err = strconv.ParseInt(c.installed, 10, 64); err != nil || p.InstalledSize < 0 {
			return fmt.Sprintf("package %q: Installed-Size %q is not a number of KiB", p.Name, c.installed)
		}
	}
	return checkPackage(p)
}

// checkPackage returns what is wrong with the text fields of p.
func checkPackage(p *Package) string {
	switch {
	case !validName(p.Name):
		return fmt.Sprintf("%q is not a package name", p.Name)
	case !isSHA256(p.SHA256):
		return fmt.Sprintf("package %q: SHA256 %q is not 64 hex digits", p.Name, shorten(p.SHA256))
	case !isLocalPath(p.Filename):
		return fmt.Sprintf("package %q: Filename %q is not a path inside the archive", p.Name, p.Filename)
	}
	if err := CheckVersion(p.Version); err != nil {
		return fmt.Sprintf("package %q: %v", p.Name, err)
	}
	return ""
}

// isSHA256 says whether s is the usual spelling of a sha256.
func isSHA256(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// isLocalPath says whether p is a slash-separated path that stays inside.
func isLocalPath(p string) bool {
	if p == "" || p[0] == '/' || strings.ContainsAny(p, "\x00\n\\") {
		return false
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return false
		}
	}
	return true
}
