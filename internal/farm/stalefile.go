package farm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/targets"
)

// asksOtherwise says what an opam file of the project asks for now and didn't when
// it was locked, and the other way round, one line each. A lock has the names that
// a file asked for, without versions and conditions: where only these are others,
// the line is of no package.
func (p *Project) asksOtherwise(f *lock.File, was lock.Project) []string {
	i := slices.IndexFunc(p.Packages, func(pkg plan.ProjectPackage) bool { return pkg.Name == was.Name() })
	a := asks{was: was, now: p.Packages[i]}
	known := f.HasDepends()
	for _, t := range f.Targets {
		err := a.compare(f, t.TargetID, p.installed(f, t.TargetID))
		known = known && err == nil // the error is told when the file is locked
	}
	a.gone(p.byName(f))
	if len(a.lines) == 0 || !known {
		return []string{was.File + " asks for other versions or conditions than were locked"}
	}
	return a.lines
}

// installed are the versions of what a target of a lock has, and of the project's
// own packages.
func (p *Project) installed(f *lock.File, id lock.TargetID) map[string]string {
	out := map[string]string{}
	for _, pkg := range f.PackagesOf(id) {
		out[pkg.Name] = pkg.Version
	}
	for _, pkg := range p.Packages {
		out[pkg.Name] = pkg.Version
	}
	return out
}

// byName are the packages that the project's files are locked to need since they
// were asked for by name elsewhere.
func (p *Project) byName(f *lock.File) []string {
	demands, err := p.Demands(f.Options)
	if err != nil {
		return nil // told when ofarm.toml is read
	}
	var out []string
	for _, d := range demands {
		if d.adds() {
			out = append(out, d.Requirement.Name)
		}
	}
	return out
}

// asks compares what an opam file asks for with what was locked.
type asks struct {
	was   lock.Project
	now   plan.ProjectPackage
	names []string // of opam packages that it asks for now
	lines []string
}

func (a *asks) add(format string, args ...any) {
	line := a.was.File + " " + fmt.Sprintf(format, args...)
	if !slices.Contains(a.lines, line) {
		a.lines = append(a.lines, line)
	}
}

// compare does so on one target.
func (a *asks) compare(f *lock.File, id lock.TargetID, installed map[string]string) error {
	vars := opam.BuildVariables()
	if r, err := targets.Find(id.Name, nil); err == nil {
		for name, value := range r.OpamVariables(targets.Platform(id.Platform)) {
			vars[name] = opam.String(value)
		}
	}
	scope := opam.Scope{Globals: vars, Name: a.now.Name, Self: opam.Package{Version: a.now.Version}}
	env := opam.Overlay(scope, map[string]opam.Value{
		"with-test": opam.Bool(f.Options.WithTest), "with-doc": opam.Bool(f.Options.WithDoc),
	})
	deps, err := a.now.File.Dependencies(env, installed)
	if err != nil {
		return err
	}
	a.missing(deps.Missing, installed)
	for _, d := range deps.Before {
		a.here(d.Name)
	}
	for _, name := range deps.Post {
		a.here(name)
	}
	now, err := opam.SystemPackages(a.now.File.Depexts, env)
	a.depexts(id, now)
	return err
}

// here takes in a package that the file asks for and the lock has.
func (a *asks) here(name string) {
	a.names = append(a.names, name)
	if !slices.Contains(a.was.Depends, name) {
		a.add("now asks for %s, too", name)
	}
}

// missing takes in what the file asks for and the lock hasn't.
func (a *asks) missing(list []opam.Requirement, installed map[string]string) {
	for _, r := range list {
		var has []string
		for _, atom := range r.Atoms() {
			a.names = append(a.names, atom.Name)
			if v, ok := installed[atom.Name]; ok {
				has = append(has, atom.Name+" "+v)
			}
		}
		if len(has) > 0 {
			a.add("now asks for %s, and the lock has %s", r.Plain(), strings.Join(has, ", "))
		} else {
			a.add("now asks for %s, too", r.Plain())
		}
	}
}

// gone takes in what was locked, other than for who asks by name, and isn't asked
// for any more.
func (a *asks) gone(byName []string) {
	for _, name := range a.was.Depends {
		if !slices.Contains(a.names, name) && !slices.Contains(byName, name) {
			a.add("no longer asks for %s", name)
		}
	}
}

// depexts compares the distro packages of a target.
func (a *asks) depexts(id lock.TargetID, now []string) {
	var was []string
	for _, d := range a.was.Depexts {
		if d.Target == id {
			was = d.Names
		}
	}
	folder := targets.Folder(id.Name, targets.Platform(id.Platform))
	for _, name := range now {
		if !slices.Contains(was, name) {
			a.add("now asks for distro package %s on %s, too", name, folder)
		}
	}
	for _, name := range was {
		if !slices.Contains(now, name) {
			a.add("no longer asks for distro package %s on %s", name, folder)
		}
	}
}
