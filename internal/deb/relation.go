package deb

import (
	"fmt"
	"strings"
)

// A Relation is one member of a relation field: a package name with, possibly,
// an architecture qualifier and a constraint on the version
// (deb-control(5), "gcc:any (>= 4:12)").
type Relation struct {
	Name      string
	Qualifier string // "any", an architecture, or ""
	Op        string // "<<", "<=", "=", ">=", ">>", or "" for any version
	Version   string
}

// String spells r as control files do.
func (r Relation) String() string {
	s := r.Name
	if r.Qualifier != "" {
		s += ":" + r.Qualifier
	}
	if r.Op != "" {
		s += " (" + r.Op + " " + r.Version + ")"
	}
	return s
}

// Admits says whether version fulfils the constraint.
func (r Relation) Admits(version string) bool {
	if r.Op == "" {
		return true
	}
	c := CompareVersions(version, r.Version)
	switch r.Op {
	case "<<":
		return c < 0
	case "<=":
		return c <= 0
	case "=":
		return c == 0
	case ">=":
		return c >= 0
	default:
		return c > 0
	}
}

// A Group is a list of alternatives of which one is wanted, the first most.
type Group []Relation

// String spells g as control files do.
func (g Group) String() string {
	s := make([]string, len(g))
	for i, r := range g {
		s[i] = r.String()
	}
	return strings.Join(s, " | ")
}

// Relations is the text of a relation field: groups between commas.
type Relations string

// Groups parses the field. An error quotes the member it is about.
func (rs Relations) Groups() ([]Group, error) {
	if strings.TrimSpace(string(rs)) == "" {
		return nil, nil
	}
	var groups []Group
	for part := range strings.SplitSeq(string(rs), ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		var g Group
		for member := range strings.SplitSeq(part, "|") {
			r, err := parseRelation(strings.TrimSpace(member))
			if err != nil {
				return nil, err
			}
			g = append(g, r)
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// parseRelation parses one member without surrounding blanks.
func parseRelation(s string) (Relation, error) {
	head, constraint, constrained := strings.Cut(s, "(")
	var r Relation
	r.Name, r.Qualifier, _ = strings.Cut(strings.TrimSpace(head), ":")
	if !validName(r.Name) {
		return r, fmt.Errorf("relation %q: %q is not a package name", s, r.Name)
	}
	if !constrained {
		return r, nil
	}
	constraint, ok := strings.CutSuffix(strings.TrimSpace(constraint), ")")
	if !ok {
		return r, fmt.Errorf("relation %q: no closing parenthesis", s)
	}
	constraint = strings.TrimSpace(constraint)
	n := len(constraint) - len(strings.TrimLeft(constraint, "<=>"))
	op, ok := relationOp(constraint[:n])
	if !ok {
		return r, fmt.Errorf("relation %q: %q is not one of <<, <=, =, >=, >>", s, constraint[:n])
	}
	r.Op, r.Version = op, strings.TrimSpace(constraint[n:])
	if r.Version == "" || strings.ContainsAny(r.Version, " ()") {
		return r, fmt.Errorf("relation %q: %q is not a version", s, r.Version)
	}
	return r, nil
}

// relationOp returns the operator that op means: "<" and ">" are old spellings
// of "<=" and ">=".
func relationOp(op string) (string, bool) {
	switch op {
	case "<<", "<=", "=", ">=", ">>":
		return op, true
	case "<", ">":
		return op + "=", true
	case "":
		return "=", true
	}
	return "", false
}

// validName says whether s can name a package. It is laxer than Debian's
// policy, which also wants two characters and lower case.
func validName(s string) bool {
	if s == "" || !isAlnum(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && c != '+' && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}
