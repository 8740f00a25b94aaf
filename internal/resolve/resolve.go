package resolve

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/resolve/versions"
	"github.com/ofarm/ofarm/internal/source"
	"github.com/ofarm/ofarm/targets"
)

// Options say what is locked.
type Options struct {
	// Projects are the project's own opam packages.
	Projects []Project
	// Versions are the versions to choose from, one for each package by name;
	// nil for all that the repositories have.
	Versions map[string]string
	// Asked are the demands that the lock is to remember.
	Asked lock.Options
	// Constraints are all demands beyond those of opam files, Asked's among
	// them.
	Constraints []versions.Constraint
	// WithTest and WithDoc lock what the project's tests and documentation need.
	WithTest, WithDoc bool
	// Old is the lock that there is, or nil. Its versions and its distro
	// packages stay where they still do.
	Old *lock.File
	// Update says which opam packages may move to other versions than Old's.
	Update Update
	// UpdateDistro takes distro packages as they are at present.
	UpdateDistro bool
	// Repositories are where opam packages are.
	Repositories *opamrepo.Set
	// Targets are what to lock for; one that is there twice is locked once.
	Targets []Target
	// Roots are what executables are proved in.
	Roots []Root
	// Epoch is SOURCE_DATE_EPOCH inside steps, in seconds.
	Epoch int64
	// Keys are trusted beyond the built-in ones.
	DebianKeys []deb.Keyring
	AlpineKeys []apk.Key
	// Fetcher fetches indexes, package files and sources. Its mirrors must
	// know the archives under the names that ArchiveName gives.
	Fetcher input.Fetcher
	// Sources fetches the sources of pinned packages, files by Fetcher.
	Sources source.Fetcher
	// ArchiveName gives the fetcher's name of an archive at the present.
	ArchiveName func(archive string) string
}

// Project is an opam package of the project itself.
type Project struct {
	// Locked is its entry in the lock, without what it depends on.
	Locked        lock.Project
	Name, Version string
	File          *opam.File
}

// Update says which opam packages may move.
type Update struct {
	// All are all of them; else those of Names.
	All   bool
	Names []string
}

func (u Update) has(name string) bool { return u.All || slices.Contains(u.Names, name) }

// Target is a target to lock for.
type Target struct {
	Release  targets.Release
	Platform targets.Platform
	// DistroPackages are packages that the project wants beyond the depexts.
	DistroPackages []string
}

func (t Target) id() lock.TargetID {
	return lock.TargetID{Name: t.Release.Name, Platform: string(t.Platform)}
}

// Result is a lock with what is to be told about it.
type Result struct {
	Lock *lock.File
	// Apart tells that no versions of the opam packages fit all targets, so
	// some packages have several.
	Apart bool
	// Avoided are packages, as NAME.VERSION, that are to be avoided: nothing
	// else fits, or the old lock has them.
	Avoided []string
}

// Lock makes a lock. All missing packages and all failing targets are reported
// at once. The error is a [*versions.NoSolutionError] where no versions fit.
func Lock(ctx context.Context, opt Options) (*Result, error) {
	r := &resolver{Options: opt}
	r.Targets, r.Projects = distinct(opt.Targets), slices.Clone(opt.Projects)
	chosen, err := r.choose(ctx)
	if err != nil {
		return nil, err
	}
	pkgs, err := r.readPackages(chosen.Versions)
	if err != nil {
		return nil, err
	}
	if err := r.lockSources(ctx, pkgs); err != nil {
		return nil, err
	}
	if err := r.lockDepends(pkgs); err != nil {
		return nil, err
	}
	file := &lock.File{Epoch: opt.Epoch, Options: opt.Asked, Repositories: opt.Repositories.Repositories()}
	for _, p := range r.Projects {
		file.Projects = append(file.Projects, p.Locked)
	}
	for _, p := range pkgs {
		file.Packages = append(file.Packages, p.locked)
	}
	slices.SortFunc(file.Packages, lock.ComparePackages)
	if file.Targets, err = r.lockTargets(ctx, pkgs); err != nil {
		return nil, err
	}
	if file.Roots, err = r.lockRoots(ctx); err != nil {
		return nil, err
	}
	return &Result{Lock: file, Apart: !chosen.Joint, Avoided: chosen.Avoided}, checkLock(file)
}

func distinct(list []Target) []Target {
	var out []Target
	for _, t := range list {
		if !slices.ContainsFunc(out, func(u Target) bool { return u.id() == t.id() }) {
			out = append(out, t)
		}
	}
	return out
}

// checkLock reads the lock as a build will: what it refuses is a mistake of
// ours, and shows here and not in the build.
func checkLock(file *lock.File) error {
	if _, err := lock.Parse("the new lock", file.Append(nil)); err != nil {
		return fmt.Errorf("checking what was resolved: %w", err)
	}
	return nil
}

type resolver struct {
	Options
	// pins are the packages that the project pins, by name.
	pins map[string]*pin
}

func (r *resolver) lockTargets(ctx context.Context, pkgs []*pkg) ([]lock.Target, error) {
	var out []lock.Target
	var errs *multierror.Error
	for _, t := range r.Targets {
		locked, err := r.lockTarget(ctx, t, pkgs)
		if err != nil {
			errs = multierror.Append(errs, fmt.Errorf("locking %s: %w", t.Release.Name, err))
			continue
		}
		out = append(out, locked)
	}
	slices.SortFunc(out, lock.CompareTargets)
	return out, errs.ErrorOrNil()
}

func (r *resolver) lockTarget(ctx context.Context, t Target, pkgs []*pkg) (lock.Target, error) {
	depexts := r.wanted(t, pkgs)
	if old, ok := r.stays(t, depexts); ok {
		return old, nil
	}
	locked := lock.Target{TargetID: t.id()}
	var err error
	if t.Release.Distro == targets.Alpine {
		err = r.lockAlpine(ctx, t, depexts, &locked)
	} else {
		err = r.lockDebian(ctx, t, depexts, &locked)
	}
	if err != nil {
		return lock.Target{}, err
	}
	slices.SortFunc(locked.Base, lock.CompareDistro)
	slices.SortFunc(locked.Extra, lock.CompareDistro)
	slices.SortFunc(locked.Depexts, func(a, b lock.Depext) int { return cmp.Compare(a.Name, b.Name) })
	return locked, nil
}
