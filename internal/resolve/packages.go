package resolve

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
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
	// on says which of the resolver's targets have it, in their order.
	on []bool
}

// readPackages reads the opam files of all versions that some target has.
func (r *resolver) readPackages(chosen []map[string]string) ([]*pkg, error) {
	var out []*pkg
	byID := map[string]*pkg{}
	var errs *multierror.Error
	for t, list := range chosen {
		for _, name := range slices.Sorted(maps.Keys(list)) {
			id := name + "." + list[name]
			p, ok := byID[id]
			if !ok {
				var err error
				if p, err = r.readPackage(name, list[name]); err != nil {
					errs = multierror.Append(errs, err)
					p = &pkg{}
				}
				p.on = make([]bool, len(r.Targets))
				byID[id] = p
				out = append(out, p)
			}
			p.on[t] = true
		}
	}
	for _, p := range out {
		p.locked.Only = r.only(p)
	}
	return out, errs.ErrorOrNil()
}

// only lists the targets that have a package; none if all have it.
func (r *resolver) only(p *pkg) []lock.TargetID {
	if !slices.Contains(p.on, false) {
		return nil
	}
	var out []lock.TargetID
	for t, has := range p.on {
		if has {
			out = append(out, r.Targets[t].id())
		}
	}
	slices.SortFunc(out, lock.CompareTargetIDs)
	return out
}

// readPackage takes in one version of a package with the files beside its opam
// file; their bytes go into the store.
func (r *resolver) readPackage(name, version string) (*pkg, error) {
	if p, ok := r.pins[name]; ok {
		return &pkg{file: p.file, locked: p.locked}, p.check()
	}
	found, err := r.Repositories.Package(name, version)
	if err != nil {
		return nil, err
	}
	own, err := r.put(found.Data)
	if err != nil {
		return nil, err
	}
	p := &pkg{file: found.File, locked: lock.Package{
		Name: name, Version: found.Version, Repository: found.Repository, OpamFile: own,
	}}
	p.locked.ExtraFiles, err = r.extraFiles(p.locked.ID(), found)
	if err != nil {
		return nil, err
	}
	return p, checkSources(p.locked.ID(), p.file)
}

func (r *resolver) put(data []byte) (lock.Input, error) {
	d := input.SumBytes(data)
	_, err := r.Fetcher.Store.Put(bytes.NewReader(data), d)
	return lock.Input{SHA256: d.Hex(), Size: int64(len(data))}, err
}

// lockSources fetches the sources of all packages, to learn their sha256 and
// size where the opam file doesn't say. Those that the old lock has by the same
// opam file are known, and so is that of a pinned package.
func (r *resolver) lockSources(ctx context.Context, pkgs []*pkg) error {
	var requests []input.Request
	var places []*lock.Source
	for _, p := range pkgs {
		if old := r.oldPackage(p.locked); old != nil {
			p.locked.Source, p.locked.ExtraSources = cmp.Or(p.locked.Source, old.Source), old.ExtraSources
			continue
		}
		sources := slices.Clone(p.file.ExtraSources)
		slices.SortFunc(sources, func(a, b opam.Source) int { return cmp.Compare(a.Name, b.Name) })
		p.locked.ExtraSources = make([]lock.Source, len(sources))
		for j, s := range sources {
			p.locked.ExtraSources[j] = lockedSource(s)
			places = append(places, &p.locked.ExtraSources[j])
			requests = append(requests, sourceRequest(p.locked.ID()+"/"+s.Name, s))
		}
		if p.file.URL != nil && !p.locked.InSource() {
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

// oldPackage is the old lock's entry of a package, if it has the same opam
// file.
func (r *resolver) oldPackage(p lock.Package) *lock.Package {
	if r.Old == nil {
		return nil
	}
	i := slices.IndexFunc(r.Old.Packages, func(o lock.Package) bool {
		return o.Name == p.Name && o.Version == p.Version && o.OpamFile == p.OpamFile && o.InSource() == p.InSource()
	})
	if i < 0 {
		return nil
	}
	return &r.Old.Packages[i]
}
