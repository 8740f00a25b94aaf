package resolve

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/targets"
)

// alpineRepository is one component of an archive.
type alpineRepository struct {
	archive string
	// dir is the folder of its package files, relative to a mirror.
	dir   string
	index *apk.Index
}

func (r *resolver) lockAlpine(ctx context.Context, t Target, depexts []string, to *lock.Target) error {
	repos, err := r.alpineRepositories(ctx, t, to)
	if err != nil {
		return err
	}
	chosen, err := selectAlpine(repos, t.Release.Toolchain, depexts)
	if err != nil {
		return err
	}
	to.Depexts = chosen.depexts
	if to.Base, err = r.lockAPKs(ctx, repos, chosen.base); err != nil {
		return err
	}
	to.Extra, err = r.lockAPKs(ctx, repos, chosen.extra)
	return err
}

// alpineRepositories fetches the indexes of a target's archives and notes them.
func (r *resolver) alpineRepositories(ctx context.Context, t Target, to *lock.Target) ([]alpineRepository, error) {
	var repos []alpineRepository
	for _, a := range t.Release.Archives {
		for _, component := range a.Components {
			repo, sum, err := r.alpineIndex(ctx, t, a, component)
			if err != nil {
				return nil, fmt.Errorf("archive %s %s/%s: %w", a.Name, a.Suite, component, err)
			}
			repos = append(repos, repo)
			to.Archives = append(to.Archives, lock.Archive{
				Name: a.Name, Suite: a.Suite, Component: component, Timestamp: "-", SHA256: sum.Hex(),
			})
		}
	}
	return repos, nil
}

func (r *resolver) alpineIndex(ctx context.Context, t Target, a targets.Archive, component string) (alpineRepository, input.Digest, error) {
	arch := t.Platform.DistroArch(targets.Alpine)
	dir := path.Join(a.Suite, component, arch)
	sum, data, err := r.fetchUnchecked(ctx, a.Name, path.Join(dir, "APKINDEX.tar.gz"))
	if err != nil {
		return alpineRepository{}, sum, err
	}
	keys, err := apk.BuiltinKeys(arch)
	if err != nil {
		return alpineRepository{}, sum, err
	}
	index, err := apk.ReadIndex(bytes.NewReader(data), append(keys, r.AlpineKeys...))
	return alpineRepository{archive: a.Name, dir: dir, index: index}, sum, err
}

// alpineChoice is the packages of a target.
type alpineChoice struct {
	base, extra []apk.Selected
	depexts     []lock.Depext
}

func selectAlpine(repos []alpineRepository, toolchain, depexts []string) (alpineChoice, error) {
	var indexes []*apk.Index
	for _, r := range repos {
		indexes = append(indexes, r.index)
	}
	var c alpineChoice
	base, err := apk.Select(apk.SelectOptions{Repositories: indexes, Want: toolchain})
	if err != nil {
		return c, fmt.Errorf("choosing the packages of the base: %w", err)
	}
	c.base = base.Packages
	var keep []apk.Package
	for _, p := range base.Packages {
		keep = append(keep, p.Package)
	}
	all, err := selectDepexts(apk.SelectOptions{Repositories: indexes, Want: depexts, Keep: keep})
	if err != nil {
		return c, fmt.Errorf("choosing the packages of depexts: %w", err)
	}
	c.extra = added(all)
	var together []string
	for _, p := range c.extra {
		together = append(together, p.Name)
	}
	alone := map[string][]string{}
	for _, name := range depexts {
		one, err := selectDepexts(apk.SelectOptions{Repositories: indexes, Want: []string{name}, Keep: keep})
		if err != nil {
			return c, fmt.Errorf("choosing the packages of depext %s: %w", name, err)
		}
		for _, p := range added(one) {
			alone[name] = append(alone[name], p.Name)
		}
	}
	c.depexts = needs(depexts, alone, together)
	return c, nil
}

// selectDepexts chooses the packages of depexts, with the static libraries that
// belong to what they bring: Alpine has libz.a not in zlib-dev but in
// zlib-static, and opam's depexts never name it.
func selectDepexts(o apk.SelectOptions) (*apk.Selection, error) {
	for {
		chosen, err := apk.Select(o)
		if err != nil {
			return nil, err
		}
		more := staticOf(o.Repositories, chosen)
		more = slices.DeleteFunc(more, func(name string) bool { return slices.Contains(o.Want, name) })
		if len(more) == 0 {
			return chosen, nil
		}
		o.Want = slices.Concat(o.Want, more)
	}
}

// staticOf lists the packages of static libraries for the NAME-dev packages that
// were added: NAME-static, or else all that were built from the same source and
// end in -static, such as openssl-libs-static for openssl-dev.
func staticOf(indexes []*apk.Index, chosen *apk.Selection) []string {
	var out []string
	for _, p := range added(chosen) {
		name, dev := strings.CutSuffix(p.Name, "-dev")
		if !dev {
			continue
		}
		var own, others []string
		for _, q := range indexes[p.Repository].Packages {
			switch {
			case q.Origin != p.Origin || q.Origin == "" || !strings.HasSuffix(q.Name, "-static"):
			case q.Name == name+"-static":
				own = append(own, q.Name)
			default:
				others = append(others, q.Name)
			}
		}
		if len(own) == 0 {
			own = others
		}
		out = append(out, own...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// added are the selected packages that weren't kept.
func added(s *apk.Selection) []apk.Selected {
	var out []apk.Selected
	for _, p := range s.Packages {
		if p.Repository >= 0 {
			out = append(out, p)
		}
	}
	return out
}

// lockAPKs fetches package files, checks them against the index, and so learns
// their sha256.
func (r *resolver) lockAPKs(ctx context.Context, repos []alpineRepository, pkgs []apk.Selected) ([]lock.DistroPackage, error) {
	var requests []input.Request
	for _, p := range pkgs {
		repo := repos[p.Repository]
		requests = append(requests, input.Request{
			Name: p.ID(), Unchecked: true, Size: p.Size,
			Archive: r.ArchiveName(repo.archive), Path: path.Join(repo.dir, p.File()),
		})
	}
	results, err := r.Fetcher.Fetch(ctx, requests)
	if err != nil {
		return nil, err
	}
	var errs *multierror.Error
	var out []lock.DistroPackage
	for i, p := range pkgs {
		if err := r.checkAPK(results[i].Sum, p.Package); err != nil {
			errs = multierror.Append(errs, fmt.Errorf("%s: %w", p.ID(), err))
		}
		out = append(out, lock.DistroPackage{
			Name: p.Name, Version: p.Version, Arch: p.Arch,
			Input:   lock.Input{SHA256: results[i].Sum.Hex(), Size: results[i].Size},
			Archive: repos[p.Repository].archive, Path: requests[i].Path,
		})
	}
	return out, errs.ErrorOrNil()
}

// checkAPK reads a package file to its end: its control part must be the one
// that the index names, and its data the one that the control part names.
func (r *resolver) checkAPK(sum input.Digest, p apk.Package) error {
	file, err := r.Fetcher.Store.OpenFile(sum)
	if err != nil {
		return err
	}
	defer file.Close()
	a, err := apk.Open(file, apk.OpenOptions{Checksum: p.Checksum})
	if err != nil {
		return err
	}
	for {
		if _, err := a.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
