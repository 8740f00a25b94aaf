package opam

import (
	"slices"
	"strings"
)

// Requirement is a formula over packages without variables.
type Requirement struct {
	Op       FormulaOp
	Name     string   // of an atom
	Versions Versions // of an atom
	// Parts are two or more.
	Parts []Requirement
}

// Versions is a set of versions: all (FormulaEmpty), those that compare to one
// (FormulaAtom), and intersections and unions of such.
type Versions struct {
	Op      FormulaOp
	Rel     string // = != < <= > >=
	Version string
	// Parts are two or more.
	Parts []Versions
}

// Contains says whether the version belongs to the set.
func (v Versions) Contains(version string) bool {
	inside := func(p Versions) bool { return p.Contains(version) }
	switch v.Op {
	case FormulaAtom:
		return holds(v.Rel, CompareVersions(version, v.Version))
	case FormulaAnd:
		return !slices.ContainsFunc(v.Parts, func(p Versions) bool { return !inside(p) })
	case FormulaOr:
		return slices.ContainsFunc(v.Parts, inside)
	}
	return true
}

// String writes the set as opam does, such as `>= "1" & < "2"`.
func (v Versions) String() string {
	switch v.Op {
	case FormulaEmpty:
		return ""
	case FormulaAtom:
		return v.Rel + ` "` + v.Version + `"`
	}
	parts := make([]string, len(v.Parts))
	for i, p := range v.Parts {
		parts[i] = group(p.String(), p.Op == FormulaOr && v.Op == FormulaAnd)
	}
	return strings.Join(parts, joiner(v.Op))
}

func group(s string, paren bool) string {
	if paren {
		return "(" + s + ")"
	}
	return s
}

func joiner(op FormulaOp) string {
	if op == FormulaAnd {
		return " & "
	}
	return " | "
}

// String writes the formula as opam does, such as `"a" {>= "1"} & ("b" | "c")`.
func (r Requirement) String() string {
	switch r.Op {
	case FormulaEmpty:
		return ""
	case FormulaAtom:
		if r.Versions.Op == FormulaEmpty {
			return `"` + r.Name + `"`
		}
		return `"` + r.Name + `" {` + r.Versions.String() + `}`
	}
	parts := make([]string, len(r.Parts))
	for i, p := range r.Parts {
		parts[i] = group(p.String(), p.Op == FormulaOr && r.Op == FormulaAnd)
	}
	return strings.Join(parts, joiner(r.Op))
}

// Plain writes the formula for people, without quotes and braces: "a >= 1".
func (r Requirement) Plain() string {
	return strings.NewReplacer(`"`, "", "{", "", "}", "").Replace(r.String())
}

// Satisfied says whether the installed packages, name to version, are enough.
func (r Requirement) Satisfied(installed map[string]string) bool {
	enough := func(p Requirement) bool { return p.Satisfied(installed) }
	switch r.Op {
	case FormulaAtom:
		version, ok := installed[r.Name]
		return ok && r.Versions.Contains(version)
	case FormulaAnd:
		return !slices.ContainsFunc(r.Parts, func(p Requirement) bool { return !enough(p) })
	case FormulaOr:
		return slices.ContainsFunc(r.Parts, enough)
	}
	return true
}

// Missing lists the parts of the formula that the installed packages leave
// unsatisfied: single packages, and alternatives of which none is there. It is
// empty when all is satisfied.
func (r Requirement) Missing(installed map[string]string) []Requirement {
	if r.Satisfied(installed) {
		return nil
	}
	if r.Op != FormulaAnd {
		return []Requirement{r}
	}
	var missing []Requirement
	for _, p := range r.Parts {
		missing = append(missing, p.Missing(installed)...)
	}
	return missing
}

// Present lists the installed packages that the formula names with a version
// it allows, in the formula's order, each once. Of conflicts these are the
// packages that conflict.
func (r Requirement) Present(installed map[string]string) []string {
	var names []string
	for _, a := range r.Atoms() {
		version, ok := installed[a.Name]
		if ok && a.Versions.Contains(version) && !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}

// Atoms lists the formula's atoms in its order.
func (r Requirement) Atoms() []Requirement {
	if r.Op == FormulaAtom {
		return []Requirement{r}
	}
	var atoms []Requirement
	for _, p := range r.Parts {
		atoms = append(atoms, p.Atoms()...)
	}
	return atoms
}

// Dependency is an installed package that another needs before it is built.
type Dependency struct {
	Name     string
	Build    bool // needed for building only, not afterwards
	Optional bool // only from depopts
}

// Dependencies are the installed packages that a package names, each list
// sorted by name.
type Dependencies struct {
	// Before must be installed before the package is built.
	Before []Dependency

	// Post are those that only have to be there in the end; they don't count
	// for the order.
	Post []string

	// Missing is what of depends isn't there, Post included.
	Missing []Requirement
}

// Dependencies finds, among the installed packages (name to version), those
// that depends and depopts name with a version they allow. env mustn't set
// build and post, it sets with-test and its like.
func (f *File) Dependencies(env Env, installed map[string]string) (Dependencies, error) {
	var deps Dependencies
	build, err := f.present(env, installed, true, false)
	if err != nil {
		return deps, err
	}
	run, err := f.present(env, installed, false, false)
	if err != nil {
		return deps, err
	}
	post, err := f.present(env, installed, true, true)
	if err != nil {
		return deps, err
	}
	for _, name := range build.all() {
		deps.Before = append(deps.Before, Dependency{
			Name:     name,
			Build:    !slices.Contains(run.all(), name),
			Optional: !slices.Contains(build.needed, name),
		})
	}
	for _, name := range post.all() {
		if !slices.Contains(build.all(), name) {
			deps.Post = append(deps.Post, name)
		}
	}
	deps.Missing = post.missing
	return deps, nil
}

// presence is what one evaluation of depends and depopts finds.
type presence struct {
	needed, optional []string
	missing          []Requirement
}

func (p presence) all() []string {
	names := slices.Concat(p.needed, p.optional)
	slices.Sort(names)
	return slices.Compact(names)
}

func (f *File) present(env Env, installed map[string]string, build, post bool) (presence, error) {
	env = Overlay(env, map[string]Value{"build": Bool(build), "post": Bool(post)})
	needed, err := f.Depends.Eval(env)
	if err != nil {
		return presence{}, err
	}
	optional, err := f.Depopts.Eval(env)
	if err != nil {
		return presence{}, err
	}
	return presence{needed.Present(installed), optional.Present(installed), needed.Missing(installed)}, nil
}
