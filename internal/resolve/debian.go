package resolve

import (
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/targets"
)

// afterIndex is how long after an index's date the timestamped archive is sure
// to have what the index names.
const afterIndex = 12 * time.Hour

const snapshotTime = "20060102T150405Z"

// Snapshot is the timestamp that a lock has for an index of some date.
func Snapshot(date time.Time) string { return date.Add(afterIndex).UTC().Format(snapshotTime) }

// debianArchive is a verified archive with its packages.
type debianArchive struct {
	locked   lock.Archive
	packages []deb.Package
}

func (r *resolver) lockDebian(ctx context.Context, t Target, depexts []string, to *lock.Target) error {
	universe, archives, err := r.debianUniverse(ctx, t, to)
	if err != nil {
		return err
	}
	return selectDebian(universe, archives, t, depexts, to)
}

// debianUniverse fetches a target's archives and notes them.
func (r *resolver) debianUniverse(ctx context.Context, t Target, to *lock.Target) (*deb.Universe, []debianArchive, error) {
	var archives []debianArchive
	var lists [][]deb.Package
	for _, a := range t.Release.Archives {
		for _, component := range a.Components {
			da, err := r.debianArchive(ctx, t, a, component)
			if err != nil {
				return nil, nil, fmt.Errorf("archive %s %s: %w", a.Name, a.Suite, err)
			}
			archives = append(archives, da)
			lists = append(lists, da.packages)
			to.Archives = append(to.Archives, da.locked)
		}
	}
	universe, err := deb.Merge(t.Platform.DistroArch(targets.Debian), lists...)
	return universe, archives, err
}

func selectDebian(u *deb.Universe, archives []debianArchive, t Target, depexts []string, to *lock.Target) error {
	base, err := deb.Select(deb.Options{Universe: u, Want: t.Release.Toolchain, Essential: true})
	if err != nil {
		return fmt.Errorf("choosing the packages of the base: %w", err)
	}
	installed := map[string]string{}
	for _, p := range base.Packages {
		installed[p.Name] = p.Version
		to.Base = append(to.Base, debianPackage(p.Package, archives))
	}
	// All at once first, for what conflicts between depexts.
	all, err := deb.Select(deb.Options{Universe: u, Want: depexts, Installed: installed})
	if err != nil {
		return fmt.Errorf("choosing the packages of depexts: %w", err)
	}
	var together []string
	for _, p := range all.Packages {
		together = append(together, p.Name)
		to.Extra = append(to.Extra, debianPackage(p.Package, archives))
	}
	alone := map[string][]string{}
	for _, name := range depexts {
		one, err := deb.Select(deb.Options{Universe: u, Want: []string{name}, Installed: installed})
		if err != nil {
			return fmt.Errorf("choosing the packages of depext %s: %w", name, err)
		}
		for _, p := range one.Packages {
			alone[name] = append(alone[name], p.Name)
		}
	}
	to.Depexts = needs(depexts, alone, together)
	return nil
}

func debianPackage(p *deb.Package, archives []debianArchive) lock.DistroPackage {
	out := lock.DistroPackage{
		Name: p.Name, Version: p.Version, Arch: p.Architecture,
		Input: lock.Input{SHA256: p.SHA256, Size: p.Size}, Path: p.Filename,
	}
	for _, a := range archives {
		has := slices.ContainsFunc(a.packages, func(q deb.Package) bool { return q.SHA256 == p.SHA256 && q.Filename == p.Filename })
		if has {
			out.Archive = a.locked.Name
			break
		}
	}
	return out
}

// debianArchive fetches and verifies an archive's index.
func (r *resolver) debianArchive(ctx context.Context, t Target, a targets.Archive, component string) (debianArchive, error) {
	root := path.Join("dists", a.Suite)
	release, sum, err := r.inRelease(ctx, a, path.Join(root, "InRelease"))
	if err != nil {
		return debianArchive{}, err
	}
	if release.Codename != a.Suite && release.Suite != a.Suite {
		return debianArchive{}, fmt.Errorf("the mirror's index is of %s (%s), not of %s", release.Codename, release.Suite, a.Suite)
	}
	arch := t.Platform.DistroArch(targets.Debian)
	index, err := release.Index(component, arch)
	if err != nil {
		return debianArchive{}, err
	}
	pkgs, err := r.packages(ctx, a, root, index, release.ByHash)
	if err != nil {
		return debianArchive{}, err
	}
	return debianArchive{
		packages: pkgs,
		locked: lock.Archive{
			Name: a.Name, Suite: a.Suite, Component: component,
			Timestamp: Snapshot(release.Date), SHA256: sum.Hex(),
		},
	}, nil
}

func (r *resolver) inRelease(ctx context.Context, a targets.Archive, at string) (*deb.Release, input.Digest, error) {
	sum, data, err := r.fetchUnchecked(ctx, a.Name, at)
	if err != nil {
		return nil, sum, err
	}
	release, err := deb.ParseRelease(data, deb.BuiltinKeys().With(r.DebianKeys...))
	return release, sum, err
}

// fetchUnchecked fetches a file that is verified by its own signature.
func (r *resolver) fetchUnchecked(ctx context.Context, archive, at string) (input.Digest, []byte, error) {
	got, err := r.Fetcher.Fetch(ctx, []input.Request{{
		Name: archive + " " + at, Unchecked: true, Archive: r.ArchiveName(archive), Path: at,
	}})
	if err != nil {
		return input.Digest{}, nil, err
	}
	data, err := r.Fetcher.Store.ReadFile(got[0].Sum)
	return got[0].Sum, data, err
}

func (r *resolver) packages(ctx context.Context, a targets.Archive, root string, f deb.IndexFile, byHash bool) ([]deb.Package, error) {
	sum, err := input.ParseDigest("sha256:" + f.SHA256)
	if err != nil {
		return nil, err
	}
	at := f.Path
	if byHash {
		at = f.ByHashPath()
	}
	_, err = r.Fetcher.Fetch(ctx, []input.Request{{
		Name: a.Name + " " + f.Path, Sum: sum, Size: f.Size, Archive: r.ArchiveName(a.Name), Path: path.Join(root, at),
	}})
	if err != nil {
		return nil, err
	}
	file, err := r.Fetcher.Store.OpenFile(sum)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	plain, err := deb.Decompress(f.Path, file)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	return deb.ReadPackages(f.Path, plain)
}
