package resolve

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
)

// pkg is an opam package that is being locked.
type pkg struct {
	locked lock.Package
	file   *opam.File
}

// NoPackageError says that no repository has a version of an opam package.
type NoPackageError struct {
	Name, Version string
	// Others are the versions that there are, sorted.
	Others []string
}

func (e *NoPackageError) Error() string {
	if len(e.Others) == 0 {
		return fmt.Sprintf("no opam repository has a package %q", e.Name)
	}
	return fmt.Sprintf("no opam repository has version %q of %s; there is %q", e.Version, e.Name, e.Others)
}

// readPackages reads the opam files of all versions, sorted by name.
func (r *resolver) readPackages() ([]pkg, error) {
	var out []pkg
	var errs *multierror.Error
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		p, err := r.readPackage(name, r.Versions[name])
		if err != nil {
			errs = multierror.Append(errs, err)
			continue
		}
		out = append(out, p)
	}
	return out, errs.ErrorOrNil()
}

func (r *resolver) readPackage(name, version string) (pkg, error) {
	var others []string
	for _, repo := range r.Repositories {
		above := filepath.Join(r.Dir, filepath.FromSlash(repo.URL), "packages", name)
		dir := filepath.Join(above, name+"."+version)
		data, err := os.ReadFile(filepath.Join(dir, "opam"))
		if err == nil {
			return r.takeIn(repo, dir, name, version, data)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return pkg{}, err
		}
		others = append(others, versionsIn(above, name)...)
	}
	slices.SortFunc(others, opam.CompareVersions)
	return pkg{}, &NoPackageError{Name: name, Version: version, Others: slices.Compact(others)}
}

func versionsIn(dir, name string) []string {
	entries, _ := os.ReadDir(dir) // a repository may lack the package
	var out []string
	for _, e := range entries {
		if len(e.Name()) > len(name)+1 {
			out = append(out, e.Name()[len(name)+1:])
		}
	}
	return out
}

// takeIn takes in one version of a package with the files beside its opam
// file; their bytes go into the store.
func (r *resolver) takeIn(repo Repository, dir, name, version string, data []byte) (pkg, error) {
	file, err := opam.Parse(filepath.Join(dir, "opam"), data)
	if err != nil {
		return pkg{}, err
	}
	own, err := r.put(data)
	if err != nil {
		return pkg{}, err
	}
	p := pkg{file: file, locked: lock.Package{Name: name, Version: version, Repository: repo.Name, OpamFile: own}}
	p.locked.ExtraFiles, err = r.extraFiles(p.locked.ID(), file, filepath.Join(dir, "files"))
	if err != nil {
		return pkg{}, err
	}
	return p, checkSources(p.locked.ID(), file)
}

func (r *resolver) put(data []byte) (lock.Input, error) {
	d := input.SumBytes(data)
	_, err := r.Fetcher.Store.Put(bytes.NewReader(data), d)
	return lock.Input{SHA256: d.Hex(), Size: int64(len(data))}, err
}

// lockSources fetches the sources of all packages, to learn their sha256 and
// size where the opam file doesn't say.
func (r *resolver) lockSources(ctx context.Context, pkgs []pkg) error {
	var requests []input.Request
	var places []*lock.Source
	for i := range pkgs {
		p := &pkgs[i]
		sources := slices.Clone(p.file.ExtraSources)
		slices.SortFunc(sources, func(a, b opam.Source) int { return cmp.Compare(a.Name, b.Name) })
		p.locked.ExtraSources = make([]lock.Source, len(sources))
		for j, s := range sources {
			p.locked.ExtraSources[j] = lockedSource(s)
			places = append(places, &p.locked.ExtraSources[j])
			requests = append(requests, sourceRequest(p.locked.ID()+"/"+s.Name, s))
		}
		if p.file.URL != nil {
			s := lockedSource(*p.file.URL)
			p.locked.Source = &s
			places = append(places, p.locked.Source)
			requests = append(requests, sourceRequest(p.locked.ID(), *p.file.URL))
		}
	}
	results, err := r.Fetcher.Fetch(ctx, requests)
	if err != nil {
		return fmt.Errorf("locking the sources of opam packages: %w", err)
	}
	for i, got := range results {
		places[i].Input = lock.Input{SHA256: got.Sum.Hex(), Size: got.Size}
	}
	return nil
}
