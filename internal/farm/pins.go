package farm

import (
	"context"
	"path/filepath"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/source"
)

// Sources fetches locked sources into the farm's store. What git fetches is
// kept in the cache folder.
func (f *Farm) Sources() source.Fetcher {
	return source.Fetcher{
		Files:   f.Fetcher,
		Git:     opamrepo.Git{Dir: filepath.Join(f.CacheDir, "git")},
		TempDir: f.CacheDir,
		Tell:    f.Tell,
	}
}

// fetchPins brings the opam files of a lock's pinned packages into the store,
// and their sources if it has to. All failures are reported.
func (f *Farm) fetchPins(ctx context.Context, l *lock.File) *multierror.Error {
	var errs *multierror.Error
	missing, requests, err := f.missingPins(l)
	if err != nil {
		return multierror.Append(errs, err)
	}
	if len(missing) == 0 {
		return nil
	}
	sources := f.Sources()
	if err := sources.Fetch(ctx, requests); err != nil {
		return multierror.Append(errs, err)
	}
	for _, pkg := range missing {
		if _, err := sources.OpamFile(ctx, pkg); err != nil {
			errs = multierror.Append(errs, err)
		}
	}
	return errs
}

// missingPins lists the pinned packages whose opam files aren't in the store,
// with the requests for their sources.
func (f *Farm) missingPins(l *lock.File) (missing []lock.Package, requests []input.Request, err error) {
	for _, pkg := range l.Packages {
		if !pkg.InSource() {
			continue
		}
		own, err := digestOf(pkg.OpamFile)
		if err != nil {
			return nil, nil, err
		}
		if f.Store.Has(own) {
			continue
		}
		r, err := source.Request(pkg.ID(), *pkg.Source)
		if err != nil {
			return nil, nil, err
		}
		missing, requests = append(missing, pkg), append(requests, r)
	}
	return missing, requests, nil
}
