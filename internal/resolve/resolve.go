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
	"github.com/ofarm/ofarm/targets"
)

// Options say what is locked.
type Options struct {
	// Dir is the project's folder, to which the repositories are relative.
	Dir string
	// Projects are the lock's entries for the project's opam files, and Files
	// what those say.
	Projects []lock.Project
	Files    []*opam.File
	// Versions are the opam packages to lock, by name.
	Versions map[string]string
	// Repositories are folders of opam repositories, the first wins.
	Repositories []Repository
	// Targets are what to lock for; one that is there twice is locked once.
	Targets []Target
	// Epoch is SOURCE_DATE_EPOCH inside steps, in seconds.
	Epoch int64
	// Keys are trusted beyond the built-in ones.
	DebianKeys []deb.Keyring
	AlpineKeys []apk.Key
	// Fetcher fetches indexes, package files and sources. Its mirrors must
	// know the archives under the names that ArchiveName gives.
	Fetcher input.Fetcher
	// ArchiveName gives the fetcher's name of an archive at the present.
	ArchiveName func(archive string) string
}

// Repository is an opam repository.
type Repository struct {
	// Name is its name in the lock.
	Name string
	// URL is its folder, relative to the project.
	URL string
}

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

// Lock makes a lock. All missing packages and all failing targets are reported
// at once.
func Lock(ctx context.Context, opt Options) (*lock.File, error) {
	r := &resolver{Options: opt}
	pkgs, err := r.readPackages()
	if err != nil {
		return nil, err
	}
	if err := r.lockSources(ctx, pkgs); err != nil {
		return nil, err
	}
	file := &lock.File{Epoch: opt.Epoch, Projects: opt.Projects}
	for _, repo := range opt.Repositories {
		file.Repositories = append(file.Repositories, lock.Repository{Name: repo.Name, URL: repo.URL})
	}
	for _, p := range pkgs {
		file.Packages = append(file.Packages, p.locked)
	}
	slices.SortFunc(file.Packages, lock.ComparePackages)
	if file.Targets, err = r.lockTargets(ctx, pkgs); err != nil {
		return nil, err
	}
	return file, checkLock(file)
}

// checkLock reads the lock as a build will: what it refuses is a mistake of
// ours, and shows here and not in the build.
func checkLock(file *lock.File) error {
	if _, err := lock.Parse("the new lock", file.Append(nil)); err != nil {
		return fmt.Errorf("checking what was resolved: %w", err)
	}
	return nil
}

type resolver struct{ Options }

func (r *resolver) lockTargets(ctx context.Context, pkgs []pkg) ([]lock.Target, error) {
	var out []lock.Target
	var errs *multierror.Error
	seen := map[lock.TargetID]bool{}
	for _, t := range r.Targets {
		if seen[t.id()] {
			continue
		}
		seen[t.id()] = true
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

func (r *resolver) lockTarget(ctx context.Context, t Target, pkgs []pkg) (lock.Target, error) {
	depexts, err := r.depexts(t, pkgs)
	if err != nil {
		return lock.Target{}, err
	}
	locked := lock.Target{TargetID: t.id()}
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

// depexts lists the distro packages that the opam packages and the project
// ask for on a target, sorted.
func (r *resolver) depexts(t Target, pkgs []pkg) ([]string, error) {
	all := slices.Clone(t.DistroPackages)
	vars := opam.BuildVariables()
	for name, value := range t.Release.OpamVariables(t.Platform) {
		vars[name] = opam.String(value)
	}
	scope := opam.Scope{Globals: vars}
	files := slices.Clone(r.Files)
	for _, p := range pkgs {
		ok, err := p.file.Available.True(scope)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, &UnavailableError{Package: p.locked.ID(), Target: t.Release.Name}
		}
		files = append(files, p.file)
	}
	for _, f := range files {
		names, err := opam.SystemPackages(f.Depexts, scope)
		if err != nil {
			return nil, err
		}
		all = append(all, names...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// UnavailableError says that an opam package can't be had on a target.
type UnavailableError struct{ Package, Target string }

func (e *UnavailableError) Error() string {
	return fmt.Sprintf("%s is not available on %s, its opam file says", e.Package, e.Target)
}
