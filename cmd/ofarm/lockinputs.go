package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/resolve"
	"github.com/ofarm/ofarm/internal/resolve/versions"
	"github.com/ofarm/ofarm/targets"
)

// resolveOptions puts together what is to be locked.
func (w *world) resolveOptions(o lockOptions, p *farm.Project, old *lock.File) (resolve.Options, error) {
	opt := resolve.Options{Epoch: lockEpoch, Old: old, UpdateDistro: o.distro}
	for _, name := range o.update {
		opt.Update.All = opt.Update.All || name == updateAll
	}
	if !opt.Update.All {
		opt.Update.Names = o.update
	}
	if err := knownUpdates(opt.Update.Names, p, old); err != nil {
		return opt, err
	}
	locked := p.Locked()
	for i, pkg := range p.Packages {
		opt.Projects = append(opt.Projects, resolve.Project{
			Locked: locked[i], Name: pkg.Name, Version: pkg.Version, File: pkg.File,
		})
	}
	var err error
	if opt.Targets, err = lockTargets(o, p, old); err != nil {
		return opt, err
	}
	if opt.Roots, err = lockRoots(o, p, old, opt.Targets); err != nil {
		return opt, err
	}
	if err := o.checkDrops(old, opt); err != nil {
		return opt, err
	}
	if err := askFor(&opt, o, p, old); err != nil {
		return opt, err
	}
	if opt.Versions, err = givenVersions(o, p); err != nil {
		return opt, err
	}
	opt.AlpineKeys, opt.DebianKeys, err = trustedKeys(o, p)
	return opt, err
}

// lockRoots are the roots for proving: those asked for, for each platform that
// there are targets of, and those that the lock has besides; without these where
// an empty --prove takes them out, or where their platform has no targets any more.
func lockRoots(o lockOptions, p *farm.Project, old *lock.File, list []resolve.Target) ([]resolve.Root, error) {
	names := slices.Concat(o.prove, p.Config.Prove)
	var known []string
	if old != nil {
		known = old.TargetNames()
	}
	bare, err := farm.BareRoots(names, known)
	if err != nil {
		return nil, err
	}
	var out []resolve.Root
	add := func(b farm.BareRoot, platform targets.Platform) {
		r := resolve.Root{Name: b.Name, Release: b.Release, Platform: platform, Packages: b.Packages}
		if !slices.ContainsFunc(out, func(o resolve.Root) bool { return o.Name == r.Name && o.Platform == r.Platform }) {
			out = append(out, r)
		}
	}
	for _, b := range bare {
		for _, t := range list {
			add(b, t.Platform)
		}
	}
	if old == nil || o.set("prove") && len(o.prove) == 0 {
		return out, nil
	}
	for _, t := range old.Roots {
		if o.drops(t.TargetID, old) || !slices.ContainsFunc(list, func(has resolve.Target) bool { return string(has.Platform) == t.Platform }) {
			continue
		}
		kept, err := farm.BareRoots([]string{t.Name}, known)
		if err != nil {
			return nil, err
		}
		for _, b := range kept {
			add(b, targets.Platform(t.Platform))
		}
	}
	return out, nil
}

// askFor takes in the demands on opam packages: those of flags, else those that
// the lock remembers, and those of ofarm.toml.
func askFor(opt *resolve.Options, o lockOptions, p *farm.Project, old *lock.File) error {
	if old != nil {
		opt.Asked = old.Options
	}
	if o.set("ocaml") {
		if _, err := opam.OCaml(o.ocaml); o.ocaml != "" && err != nil {
			return &usageError{err: fmt.Errorf("--ocaml: %w", err), command: "ofarm lock"}
		}
		opt.Asked.OCaml = o.ocaml
	}
	if o.set("opam") {
		opt.Asked.Constraints = nil
		for _, text := range o.constraints {
			if text == "" {
				continue // "--opam ''" takes back what the lock remembers
			}
			c, err := lock.Constraint(text)
			if err != nil {
				return &usageError{err: fmt.Errorf("--opam: %w", err), command: "ofarm lock"}
			}
			opt.Asked.Constraints = append(opt.Asked.Constraints, c)
		}
		slices.Sort(opt.Asked.Constraints)
		opt.Asked.Constraints = slices.Compact(opt.Asked.Constraints)
	}
	if o.set("with-test") {
		opt.Asked.WithTest = o.withTest
	}
	if o.set("with-doc") {
		opt.Asked.WithDoc = o.withDoc
	}
	opt.Asked.WithTest = opt.Asked.WithTest || p.Config.WithTest
	opt.Asked.WithDoc = opt.Asked.WithDoc || p.Config.WithDoc
	opt.WithTest, opt.WithDoc = opt.Asked.WithTest, opt.Asked.WithDoc
	demands, err := p.Demands(opt.Asked)
	for _, d := range demands {
		opt.Constraints = append(opt.Constraints, versions.Constraint{Package: d.Requirement, By: d.By})
	}
	return err
}

// notLockedError says that a package to update isn't in the lock.
type notLockedError struct {
	name  string
	known []string
}

func (e *notLockedError) Error() string {
	return fmt.Sprintf("the lock has no opam package %q", e.name)
}

// knownUpdates checks that the packages to update are locked.
func knownUpdates(names []string, p *farm.Project, old *lock.File) error {
	if len(names) == 0 {
		return nil
	}
	if old == nil {
		return &farm.NoLockError{Path: p.LockPath()}
	}
	var known []string
	for _, p := range old.Packages {
		known = append(known, p.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return &notLockedError{name, known}
		}
	}
	return nil
}

// targetNames are the targets to lock for a platform: those of --target, else those
// of ofarm.toml, else those that the lock has and that aren't dropped, else the
// default ones.
func targetNames(o lockOptions, p *farm.Project, old *lock.File) []string {
	names := o.targets
	if len(names) == 0 {
		names = p.Config.Targets
	}
	if len(names) > 0 {
		return names
	}
	has := false
	for _, t := range old.Targets {
		if t.Platform != o.platform {
			continue
		}
		has = true
		if !o.drops(t.TargetID, old) {
			names = append(names, t.Name)
		}
	}
	if !has && len(o.drop) == 0 {
		names = defaultTargets
	}
	return names
}

// lockTargets are the targets to lock: those asked for, then those that the lock
// has besides: of other platforms, and with --target all, but none to drop. Those
// of ofarm.toml are always among them, or the lock would be stale at once.
func lockTargets(o lockOptions, p *farm.Project, old *lock.File) ([]resolve.Target, error) {
	names := targetNames(o, p, orEmpty(old))
	var known []string
	if old != nil {
		known = old.TargetNames()
	}
	var out []resolve.Target
	for _, name := range names {
		t, err := lockTarget(name, targets.Platform(o.platform), p, known)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	for _, t := range orEmpty(old).Targets {
		if len(o.targets) == 0 && t.Platform == o.platform || o.drops(t.TargetID, old) {
			continue
		}
		kept, err := lockTarget(t.Name, targets.Platform(t.Platform), p, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, kept)
	}
	for _, name := range p.Config.Targets {
		t, err := lockTarget(name, targets.Platform(o.platform), p, known)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(has resolve.Target) bool { return has.Release.Name == t.Release.Name }) {
			out = append(out, t)
		}
	}
	return out, nil
}

// lockTarget finds a target; an alias means the one of its distro that is among
// the known ones, if there is one.
func lockTarget(name string, platform targets.Platform, p *farm.Project, known []string) (resolve.Target, error) {
	r, err := targets.Find(name, known)
	if err != nil {
		return resolve.Target{}, err
	}
	if !r.Has(platform) {
		return resolve.Target{}, &usageError{err: fmt.Errorf("target %q has no platform %s", name, platform), command: "ofarm targets"}
	}
	return resolve.Target{Release: r, Platform: platform, DistroPackages: p.Config.For(r.Name).DistroPackages}, nil
}

// publicRepository is taken where no other is named.
const publicRepository = "git+https://github.com/ocaml/opam-repository.git"

// openRepositories opens the opam repositories: as the lock has them, unless
// packages are to move.
func (w *world) openRepositories(ctx context.Context, o lockOptions, p *farm.Project, f *farm.Farm, old *lock.File) (*opamrepo.Set, error) {
	specs, err := w.repositories(o, p, old)
	if err != nil {
		return nil, err
	}
	var locked []lock.Repository
	if old != nil {
		locked = old.Repositories
	}
	opt := f.RepositoryOptions(p, locked)
	opt.Update = len(o.update) > 0
	opt.Tell = func(r opamrepo.Spec, doing string) { fmt.Fprintf(w.Stderr, "%s opam repository %s\n", doing, r.URL) }
	return opamrepo.Open(ctx, specs, opt)
}

// repositories names the opam repositories: those of flags, of ofarm.toml, of
// the lock, or the public one.
func (w *world) repositories(o lockOptions, p *farm.Project, old *lock.File) ([]opamrepo.Spec, error) {
	urls := o.repositories
	if len(urls) == 0 {
		urls = p.Config.OpamRepositories
	}
	if len(urls) == 0 && old != nil && len(old.Repositories) > 0 {
		return opamrepo.FromLock(old.Repositories), nil
	}
	if len(urls) == 0 {
		urls = []string{publicRepository}
	}
	var out []opamrepo.Spec
	for i, u := range urls {
		spec := opamrepo.Spec{Name: "main", URL: u}
		if i > 0 {
			spec.Name = fmt.Sprintf("overlay-%d", i)
		}
		spec, err := relativeTo(p.Dir, spec, len(o.repositories) > 0)
		if err != nil {
			return nil, err
		}
		out = append(out, spec)
	}
	return out, nil
}

// relativeTo makes a path relative to the project, where a lock has it. A flag's
// is relative to where ofarm runs, a file's to the file.
func relativeTo(project string, spec opamrepo.Spec, flag bool) (opamrepo.Spec, error) {
	kind, err := opamrepo.ParseKind(spec.URL)
	if err != nil {
		return spec, err
	}
	if flag && kind != opamrepo.GitCommit && !strings.Contains(spec.URL, "://") {
		if spec.URL, err = filepath.Abs(spec.URL); err != nil {
			return spec, err
		}
	}
	return spec.Relative(project)
}

// noVersionsError says that there is no list of opam versions to lock.
type noVersionsError struct {
	path string
	// project tells that a project's folder could be meant as well.
	project bool
}

func (e *noVersionsError) Error() string {
	if e.project {
		return fmt.Sprintf("%q is neither a project's folder nor a file to take the versions of opam packages from", e.path)
	}
	return fmt.Sprintf("there is no %q to take the versions of opam packages from", e.path)
}

// givenVersions reads the versions of opam packages from the files of a flag or
// of ofarm.toml; nil where there is neither, and versions are to be chosen.
func givenVersions(o lockOptions, p *farm.Project) (map[string]string, error) {
	switch {
	case len(o.opamLocked) > 0:
		return readVersions(o.opamLocked, p)
	case p.Config.OpamLocked != "":
		return readVersions([]string{filepath.Join(p.Dir, p.Config.OpamLocked)}, p)
	}
	return nil, nil
}
