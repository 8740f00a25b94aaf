package resolve

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/resolve/versions"
)

// Choose finds the versions of opam packages that Lock would lock. It fetches
// the sources of pinned packages alone. The error is a
// [*versions.NoSolutionError] where none fit.
func Choose(ctx context.Context, opt Options) (*versions.Solution, error) {
	r := &resolver{Options: opt}
	r.Targets = distinct(opt.Targets)
	return r.choose(ctx)
}

// choose finds the versions of opam packages for each target.
func (r *resolver) choose(ctx context.Context) (*versions.Solution, error) {
	if err := r.readPins(ctx); err != nil {
		return nil, err
	}
	req := versions.Request{Universe: r.Repositories, Constraints: r.Constraints}
	var from *given
	if r.Versions != nil {
		from = &given{Set: r.Repositories, versions: r.Versions, pins: r.pins}
		req.Universe = from
	}
	for _, name := range slices.Sorted(maps.Keys(r.pins)) {
		p := r.pins[name]
		req.Pinned = append(req.Pinned, versions.Package{Name: p.Name, Version: p.Version, File: p.file})
	}
	for _, p := range r.Projects {
		req.Roots = append(req.Roots, versions.Package{
			Name: p.Name, Version: p.Version, File: p.File, Variables: r.ownVariables(),
		})
	}
	for _, t := range r.Targets {
		req.Targets = append(req.Targets, versions.Target{
			Name: t.Release.Name, Variables: targetVariables(t), Keep: r.keep(t),
		})
	}
	chosen, err := versions.Solve(req)
	if err != nil && from != nil && from.missing != nil {
		return nil, from.missing
	}
	return chosen, err
}

// given has one version of each package, of those that it has at all.
type given struct {
	*opamrepo.Set
	versions map[string]string
	pins     map[string]*pin   // whose versions don't count
	missing  *multierror.Error // which of them were needed, and aren't there
}

func (g *given) Versions(name string) ([]string, error) {
	v, ok := g.versions[name]
	if _, pinned := g.pins[name]; pinned || !ok {
		return nil, nil
	}
	_, err := g.Package(name, v)
	var none *opamrepo.MissingError
	if errors.As(err, &none) {
		g.missing = multierror.Append(g.missing, err)
		return nil, nil
	}
	return []string{v}, err
}

// ownVariables are opam's variables that only the project's own files see.
func (r *resolver) ownVariables() map[string]opam.Value {
	return map[string]opam.Value{"with-test": opam.Bool(r.WithTest), "with-doc": opam.Bool(r.WithDoc)}
}

func targetVariables(t Target) map[string]opam.Value {
	vars := opam.BuildVariables()
	for name, value := range t.Release.OpamVariables(t.Platform) {
		vars[name] = opam.String(value)
	}
	return vars
}

// keep lists the versions that stay on a target if they can. A target that is
// new follows the others.
func (r *resolver) keep(t Target) map[string]string {
	if r.Old == nil || r.Update.All {
		return nil
	}
	out := map[string]string{}
	if _, ok := r.Old.Target(t.id()); ok {
		addVersions(out, r.Old.PackagesOf(t.id()))
	} else {
		addVersions(out, r.Old.Packages)
	}
	maps.DeleteFunc(out, func(name, _ string) bool { return r.Update.has(name) })
	return out
}

func addVersions(to map[string]string, pkgs []lock.Package) {
	for _, p := range pkgs {
		to[p.Name] = p.Version
	}
}
