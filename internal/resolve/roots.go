package resolve

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/targets"
)

// Root is a bare root to lock, for proving executables in it.
type Root struct {
	// Name is its name in the lock; the root may be of a release and have
	// another name.
	Name     string
	Release  targets.Release
	Platform targets.Platform
	// Packages are what it has, with what they need; nothing else, not even
	// what every installation of the distro has.
	Packages []string
}

func (r Root) id() lock.TargetID { return lock.TargetID{Name: r.Name, Platform: string(r.Platform)} }

// lockRoots locks the roots; those that the old lock has stay.
func (r *resolver) lockRoots(ctx context.Context) ([]lock.Target, error) {
	var out []lock.Target
	var errs *multierror.Error
	for _, root := range r.Roots {
		if r.Old != nil && !r.UpdateDistro {
			if old, ok := r.Old.Root(root.id()); ok && hasAll(old, root.Packages) {
				out = append(out, old)
				continue
			}
		}
		locked, err := r.lockRoot(ctx, root)
		if err != nil {
			errs = multierror.Append(errs, fmt.Errorf("locking root %s: %w", root.Name, err))
			continue
		}
		slices.SortFunc(locked.Base, lock.CompareDistro)
		out = append(out, locked)
	}
	slices.SortFunc(out, lock.CompareTargets)
	return out, errs.ErrorOrNil()
}

func hasAll(t lock.Target, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		return !slices.ContainsFunc(t.Base, func(p lock.DistroPackage) bool { return p.Name == name })
	})
}

func (r *resolver) lockRoot(ctx context.Context, root Root) (lock.Target, error) {
	t := Target{Release: root.Release, Platform: root.Platform}
	out := lock.Target{TargetID: root.id()}
	if root.Release.Distro == targets.Alpine {
		repos, err := r.alpineRepositories(ctx, t, &out)
		if err != nil {
			return out, err
		}
		var indexes []*apk.Index
		for _, repo := range repos {
			indexes = append(indexes, repo.index)
		}
		chosen, err := apk.Select(apk.SelectOptions{Repositories: indexes, Want: root.Packages})
		if err != nil {
			return out, err
		}
		out.Base, err = r.lockAPKs(ctx, repos, chosen.Packages)
		return out, err
	}
	universe, archives, err := r.debianUniverse(ctx, t, &out)
	if err != nil {
		return out, err
	}
	chosen, err := deb.Select(deb.Options{Universe: universe, Want: root.Packages})
	if err != nil {
		return out, err
	}
	for _, p := range chosen.Packages {
		out.Base = append(out.Base, debianPackage(p.Package, archives))
	}
	return out, nil
}
