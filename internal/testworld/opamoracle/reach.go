package opamoracle

import (
	"fmt"
	"strings"

	"github.com/ofarm/ofarm/internal/opam"
)

// ParseAtom reads what a request wants: NAME, NAME.VERSION, or NAME, a
// comparison and a version without spaces between ("lwt>=5.6").
func ParseAtom(s string) (opam.Requirement, error) {
	i := strings.IndexAny(s, ".<>=!")
	if i < 0 {
		i = len(s)
	}
	r := opam.Requirement{Op: opam.FormulaAtom, Name: s[:i]}
	rel, version := splitRelation(s[i:])
	if rel != "" {
		r.Versions = opam.Versions{Op: opam.FormulaAtom, Rel: rel, Version: version}
	}
	if !opam.ValidName(r.Name) || (i < len(s) && !opam.ValidVersion(version)) {
		return opam.Requirement{}, fmt.Errorf("%q is no NAME, NAME.VERSION or NAME>=VERSION", s)
	}
	return r, nil
}

// splitRelation splits ">=1.2" and reads ".1.2" as "=1.2".
func splitRelation(s string) (rel, version string) {
	if version, ok := strings.CutPrefix(s, "."); ok {
		return "=", version
	}
	version = strings.TrimLeft(s, "<>=!")
	return s[:len(s)-len(version)], version
}

// reach is a walk through the dependencies of a request.
type reach struct {
	env    map[string]string
	repos  []Repository
	wanted map[string][]opam.Versions // what the atoms say of a name
	found  map[string][]string
	queue  []string
}

// Reach lists the packages, name to versions, that a solution of a request can
// draw on: the versions that the atoms allow, and all versions of whatever they
// depend on under env, through all alternatives. Packages that no repository has
// are left out. A repository trimmed to them has the same solutions as repos.
func Reach(atoms []string, env map[string]string, repos ...Repository) (map[string][]string, error) {
	w := &reach{env: env, repos: repos, wanted: map[string][]opam.Versions{}, found: map[string][]string{}}
	for _, atom := range atoms {
		r, err := ParseAtom(atom)
		if err != nil {
			return nil, err
		}
		w.wanted[r.Name] = append(w.wanted[r.Name], r.Versions)
		w.queue = append(w.queue, r.Name)
	}
	for len(w.queue) > 0 {
		name := w.queue[0]
		w.queue = w.queue[1:]
		if err := w.visit(name); err != nil {
			return nil, err
		}
	}
	for name, versions := range w.found {
		if len(versions) == 0 {
			delete(w.found, name)
		}
	}
	return w.found, nil
}

// visit adds the versions of a package, and queues what they depend on.
func (w *reach) visit(name string) error {
	if _, seen := w.found[name]; seen {
		return nil
	}
	w.found[name] = nil
	versions, err := Versions(name, w.repos...)
	if err != nil {
		return err
	}
	for _, version := range versions {
		if !w.allowed(name, version) {
			continue
		}
		w.found[name] = append(w.found[name], version)
		names, err := w.dependencies(name, version)
		if err != nil {
			return fmt.Errorf("following %s.%s: %w", name, version, err)
		}
		w.queue = append(w.queue, names...)
	}
	return nil
}

func (w *reach) allowed(name, version string) bool {
	for _, v := range w.wanted[name] {
		if !v.Contains(version) {
			return false
		}
	}
	return true
}

// dependencies lists the names in a version's dependencies; none if it isn't
// available.
func (w *reach) dependencies(name, version string) ([]string, error) {
	data, err := readOpamFile(name, version, w.repos)
	if err != nil {
		return nil, err
	}
	f, err := opam.Parse(name+"."+version, data)
	if err != nil {
		return nil, err
	}
	env := w.variables(name, version)
	if available, err := f.Available.True(env); err != nil || !available {
		return nil, err
	}
	requirement, err := f.Depends.Eval(env)
	return requirementNames(requirement), err
}

// variables are those that opam resolves with: the environment's, and those of
// the package whose file is read.
func (w *reach) variables(name, version string) opam.Env {
	fixed := map[string]opam.Value{
		"opam-version": opam.String(opam.Version), "make": opam.String("make"),
		"build": opam.Bool(true), "post": opam.Bool(true), "dev": opam.Bool(false),
		"with-test": opam.Bool(false), "with-doc": opam.Bool(false), "with-dev-setup": opam.Bool(false),
		"name": opam.String(name), "version": opam.String(version),
	}
	return opam.EnvFunc(func(v opam.Variable) (opam.Value, bool) {
		if v.Package != "" && v.Package != "_" {
			return opam.Value{}, false
		}
		if text, ok := w.env[v.Name]; ok {
			return opam.String(text), true
		}
		value, ok := fixed[v.Name]
		return value, ok
	})
}

func requirementNames(r opam.Requirement) []string {
	if r.Op == opam.FormulaAtom {
		return []string{r.Name}
	}
	var names []string
	for _, p := range r.Parts {
		names = append(names, requirementNames(p)...)
	}
	return names
}
