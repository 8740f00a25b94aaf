package farm

import (
	"context"
	"path"
	"slices"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/source"
)

// Input is an input of a lock.
type Input struct {
	// Title says what it is, as a path: that of a package file in its archive
	// ("debian/pool/main/z/zlib/zlib1g_1.3_amd64.deb"), of an opam file or one
	// beside it ("opam/dune.3.17.2/opam", "opam/dune.3.17.2/files/fix.patch"), or
	// of a source ("sources/dune.3.17.2/source", "sources/dune.3.17.2/extra/NAME").
	Title string
	input.Request
}

// Inputs lists every input that builds of some targets of a lock read, and
// proofs in its roots. The opam files are those of all targets: a plan reads
// which packages are for which. An input that is two things is listed twice.
func Inputs(l *lock.File, ids []lock.TargetID) ([]Input, error) {
	wanted := map[string]bool{}
	for _, id := range ids {
		for _, pkg := range l.PackagesOf(id) {
			wanted[pkg.ID()] = true
		}
	}
	var out []Input
	for _, t := range l.Targets {
		if slices.Contains(ids, t.TargetID) {
			out = append(out, packageFiles(t)...)
		}
	}
	for _, t := range l.Roots {
		out = append(out, packageFiles(t)...)
	}
	for _, pkg := range l.Packages {
		files, err := opamInputs(pkg)
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
		if !wanted[pkg.ID()] {
			continue
		}
		sources, err := sourceInputs(pkg)
		if err != nil {
			return nil, err
		}
		out = append(out, sources...)
	}
	return out, nil
}

// packageFiles are a target's or a root's.
func packageFiles(t lock.Target) []Input {
	var out []Input
	for _, p := range slices.Concat(t.Base, t.Extra) {
		for _, r := range requests([]lock.DistroPackage{p}, t) {
			out = append(out, Input{path.Join(p.Archive, p.Path), r})
		}
	}
	return out
}

// opamInputs are a package's opam file and the files beside it.
func opamInputs(pkg lock.Package) ([]Input, error) {
	list, err := opamRequests(pkg)
	if err != nil {
		return nil, err
	}
	out := []Input{{path.Join("opam", pkg.ID(), "opam"), list[0]}}
	for i, file := range pkg.ExtraFiles {
		out = append(out, Input{path.Join("opam", pkg.ID(), "files", file.Name), list[i+1]})
	}
	return out, nil
}

// sourceInputs are a package's source and its extra sources.
func sourceInputs(pkg lock.Package) ([]Input, error) {
	var out []Input
	add := func(title, name string, s lock.Source) error {
		r, err := source.Request(name, s)
		out = append(out, Input{title, r})
		return err
	}
	dir := path.Join("sources", pkg.ID())
	if pkg.Source != nil {
		if err := add(path.Join(dir, "source"), pkg.ID(), *pkg.Source); err != nil {
			return nil, err
		}
	}
	for _, e := range pkg.ExtraSources {
		if err := add(path.Join(dir, "extra", e.Name), pkg.ID()+"/"+e.Name, e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FetchInputs brings inputs of a lock into the store.
func (f *Farm) FetchInputs(ctx context.Context, p *Project, l *lock.File, inputs []Input) error {
	if err := f.FetchOpamFiles(ctx, p, l); err != nil {
		return err
	}
	var list []input.Request
	for _, in := range inputs {
		list = append(list, in.Request)
	}
	return f.Sources().Fetch(ctx, list)
}

// takeOpamFiles brings those opam files of a lock, and files beside them, into
// the store that holders have.
func (f *Farm) takeOpamFiles(ctx context.Context, l *lock.File) error {
	var list []input.Request
	for _, pkg := range l.Packages {
		own, err := opamRequests(pkg)
		if err != nil {
			return err
		}
		list = append(list, own...)
	}
	return f.Fetcher.Take(ctx, list)
}
