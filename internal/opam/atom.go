package opam

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseAtom reads a package with an optional constraint as opam's commands take
// it: NAME, NAME>=VERSION (or another of = != < <= >), or NAME.VERSION for one
// version. There may be blanks round a relation.
func ParseAtom(s string) (Requirement, error) {
	name, rel, version := strings.TrimSpace(s), "", ""
	if i := strings.IndexAny(s, "=!<>."); i >= 0 {
		rel = strings.TrimRight(s[i:min(i+2, len(s))], version0+" ")
		name, version = strings.TrimSpace(s[:i]), s[i+len(rel):]
		if rel == "." {
			rel = "="
		} else {
			version = strings.TrimSpace(version)
		}
	}
	wrong := rel != "" && (!relations[rel] || !ValidVersion(version))
	if !ValidName(name) || wrong {
		return Requirement{}, fmt.Errorf("%q is not a package with an optional version, such as lwt>=5.6", s)
	}
	r := Requirement{Op: FormulaAtom, Name: name}
	if rel != "" {
		r.Versions = Versions{Op: FormulaAtom, Rel: rel, Version: version}
	}
	return r, nil
}

// version0 are the characters of versions, for telling where a relation ends.
const version0 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+~"

var relations = map[string]bool{"=": true, "!=": true, "<": true, "<=": true, ">": true, ">=": true}

// OCaml demands a version of OCaml: "5.3.0" exactly that, "5.3" any of that
// series.
func OCaml(version string) (Requirement, error) {
	if !ValidVersion(version) {
		return Requirement{}, fmt.Errorf("%q is not a version of OCaml, such as 5.3.0", version)
	}
	r := Requirement{Op: FormulaAtom, Name: "ocaml"}
	parts := strings.Split(version, ".")
	last, err := strconv.Atoi(parts[len(parts)-1])
	if len(parts) > 2 || err != nil {
		r.Versions = Versions{Op: FormulaAtom, Rel: "=", Version: version}
		return r, nil
	}
	parts[len(parts)-1] = strconv.Itoa(last + 1)
	r.Versions = Versions{Op: FormulaAnd, Parts: []Versions{
		{Op: FormulaAtom, Rel: ">=", Version: version},
		{Op: FormulaAtom, Rel: "<", Version: strings.Join(parts, ".") + "~"},
	}}
	return r, nil
}
