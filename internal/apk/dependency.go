package apk

import (
	"fmt"
	"strings"
)

// A Dependency is one word of a list of dependencies, provided names or install_if conditions: NAME, NAME=1.2, NAME>=1,
// NAME~1.2, !NAME. A name may be a package's, or one that packages provide: so:libz.so.1, cmd:gcc, pc:zlib, /bin/sh.
type Dependency struct {
	Conflict bool   // !NAME: must not be there
	Name     string //
	Op       string // "" for any version, or one of = < <= > >= ~ <~ >~ ><
	Version  string // empty if Op is; for >< a package's checksum
}

// operators are the spellings of comparison, longest first, each with its canonical one.
var operators = []struct{ spelled, op string }{
	{"><", "><"}, {"<=", "<="}, {"=<", "<="}, {">=", ">="}, {"=>", ">="}, {"~=", "~"}, {"=~", "~"}, {"<~", "<~"},
	{">~", ">~"}, {"=", "="}, {"<", "<"}, {">", ">"}, {"~", "~"},
}

// ParseDependency reads one word. A repository tag (NAME@TAG) is an error: repositories here have no tags.
func ParseDependency(word string) (Dependency, error) {
	d := Dependency{}
	rest, conflict := strings.CutPrefix(word, "!")
	d.Conflict = conflict
	i := strings.IndexAny(rest, "<>=~")
	if i < 0 {
		i = len(rest)
	}
	d.Name = rest[:i]
	if strings.ContainsAny(d.Name, " \t\r\n!") || d.Name == "" {
		return d, fmt.Errorf("%q is not a package name, optionally with a version (gcc, gcc=13.2.1-r0, gcc>=13)", word)
	}
	if strings.Contains(d.Name, "@") {
		return d, fmt.Errorf("%q: repository tags are not supported", word)
	}
	return d, d.parseVersion(word, rest[i:])
}

func (d *Dependency) parseVersion(word, text string) error {
	if text == "" {
		return nil
	}
	for _, o := range operators {
		if v, ok := strings.CutPrefix(text, o.spelled); ok {
			d.Op, d.Version = o.op, v
			break
		}
	}
	if d.Op != "><" && !ValidVersion(d.Version) {
		return fmt.Errorf("%q: %q is not a version", word, d.Version)
	}
	return nil
}

// ParseDependencies reads words separated by blanks.
func ParseDependencies(list string) ([]Dependency, error) {
	var out []Dependency
	for word := range strings.FieldsSeq(list) {
		d, err := ParseDependency(word)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// String is the dependency as an index spells it.
func (d Dependency) String() string {
	s := d.Name + d.Op + d.Version
	if d.Conflict {
		return "!" + s
	}
	return s
}

// spelled joins dependencies as an index does.
func spelled(list []Dependency) string {
	words := make([]string, len(list))
	for i, d := range list {
		words[i] = d.String()
	}
	return strings.Join(words, " ")
}

// admits reports whether a package that provides d's name as the given version fits d, leaving d.Conflict aside.
// An empty version is a name provided without one, which fits only where no version is asked for.
func (d Dependency) admits(version, checksum string) bool {
	switch d.Op {
	case "":
		return true
	case "><":
		return d.Version == checksum
	}
	return version != "" && d.admitsVersion(version)
}

func (d Dependency) admitsVersion(version string) bool {
	c := CompareVersions(version, d.Version)
	switch d.Op {
	case "=":
		return c == 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "<~":
		return c < 0 || matchesFuzzy(version, d.Version)
	case ">~":
		return c > 0 || matchesFuzzy(version, d.Version)
	}
	return matchesFuzzy(version, d.Version)
}

// Matches reports whether a package is, under its own name, what the dependency names, leaving Conflict aside.
func (d Dependency) Matches(p Package) bool {
	return d.Name == p.Name && d.admits(p.Version, p.Checksum.String())
}
