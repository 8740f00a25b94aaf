package resolve

import (
	"slices"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
)

// lockDepends notes what each package and the project need of the others, and
// the distro packages that they ask for.
func (r *resolver) lockDepends(pkgs []*pkg) error {
	for t, target := range r.Targets {
		installed := map[string]string{}
		for _, p := range pkgs {
			if p.on[t] {
				installed[p.locked.Name] = p.locked.Version
			}
		}
		vars := targetVariables(target)
		for _, p := range pkgs {
			if !p.on[t] {
				continue
			}
			if err := p.lockDepends(target, vars, installed); err != nil {
				return err
			}
		}
		for _, p := range r.Projects {
			installed[p.Name] = p.Version
		}
		for i := range r.Projects {
			p := &r.Projects[i]
			env := opam.Scope{Globals: vars, Name: p.Name, Self: opam.Package{Version: p.Version}}
			n := needing{file: p.File, scope: opam.Overlay(env, r.ownVariables())}
			if err := n.add(target.id(), installed, &p.Locked.Depends, &p.Locked.Depexts); err != nil {
				return err
			}
			r.addDemanded(p, installed)
		}
	}
	return nil
}

// addDemanded adds what was asked for by name to what a project's package
// depends on: nothing else may need it.
func (r *resolver) addDemanded(p *Project, installed map[string]string) {
	for _, c := range r.Constraints {
		name := c.Package.Name
		if _, ok := installed[name]; ok && name != p.Name && c.Package.Versions.Op == opam.FormulaEmpty {
			p.Locked.Depends = append(p.Locked.Depends, name)
		}
	}
	slices.Sort(p.Locked.Depends)
	p.Locked.Depends = slices.Compact(p.Locked.Depends)
}

func (p *pkg) lockDepends(t Target, vars map[string]opam.Value, installed map[string]string) error {
	n := needing{file: p.file, scope: opam.Scope{
		Globals: vars, Name: p.locked.Name, Self: opam.Package{Version: p.locked.Version},
	}}
	return n.add(t.id(), installed, &p.locked.Depends, &p.locked.Depexts)
}

// needing is an opam file on a target.
type needing struct {
	file  *opam.File
	scope opam.Env
}

// add adds what the file names of the installed packages, and its distro
// packages on a target.
func (n needing) add(id lock.TargetID, installed map[string]string, depends *[]string, depexts *[]lock.Depexts) error {
	deps, err := n.file.Dependencies(n.scope, installed)
	if err != nil {
		return err
	}
	for _, d := range deps.Before {
		*depends = append(*depends, d.Name)
	}
	*depends = append(*depends, deps.Post...)
	slices.Sort(*depends)
	*depends = slices.Compact(*depends)
	names, err := opam.SystemPackages(n.file.Depexts, n.scope)
	if err != nil || len(names) == 0 {
		return err
	}
	slices.Sort(names)
	*depexts = append(*depexts, lock.Depexts{Target: id, Names: names})
	slices.SortFunc(*depexts, func(a, b lock.Depexts) int { return lock.CompareTargetIDs(a.Target, b.Target) })
	return nil
}

// wanted lists the distro packages that the opam packages and the project ask
// for on a target, sorted.
func (r *resolver) wanted(t Target, pkgs []*pkg) []string {
	all := slices.Clone(t.DistroPackages)
	take := func(list []lock.Depexts) {
		for _, d := range list {
			if d.Target == t.id() {
				all = append(all, d.Names...)
			}
		}
	}
	for _, p := range pkgs {
		take(p.locked.Depexts)
	}
	for _, p := range r.Projects {
		take(p.Locked.Depexts)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// stays returns the old lock's entry of a target if it has what is wanted: the
// toolchain and these depexts.
func (r *resolver) stays(t Target, depexts []string) (lock.Target, bool) {
	if r.Old == nil || r.UpdateDistro {
		return lock.Target{}, false
	}
	old, ok := r.Old.Target(t.id())
	if !ok {
		return lock.Target{}, false
	}
	var names []string
	for _, d := range old.Depexts {
		names = append(names, d.Name)
	}
	for _, tool := range t.Release.Toolchain {
		if !slices.ContainsFunc(old.Base, func(p lock.DistroPackage) bool { return p.Name == tool }) {
			return lock.Target{}, false
		}
	}
	return old, slices.Equal(names, depexts)
}

// needs turns what each depext brings by itself into a lock's entries.
//
// Where depexts together bring other packages than one by one (one's choice
// among alternatives is another's conflict), each gets all that they bring
// together: a root that has one of them then has all.
func needs(depexts []string, alone map[string][]string, together []string) []lock.Depext {
	var union []string
	for _, d := range depexts {
		union = append(union, alone[d]...)
	}
	slices.Sort(union)
	together = slices.Sorted(slices.Values(together))
	differ := !slices.Equal(slices.Compact(union), together)
	var out []lock.Depext
	for _, d := range depexts {
		names := slices.Sorted(slices.Values(alone[d]))
		if differ {
			names = together
		}
		out = append(out, lock.Depext{Name: d, Needs: names})
	}
	return out
}
