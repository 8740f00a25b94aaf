package farm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/registry"
	"github.com/ofarm/ofarm/targets"
)

// Farm has what every build shares: where inputs are kept and come from.
type Farm struct {
	// CacheDir is the user's folder for all that can be made again.
	CacheDir string
	// BinDir is where ofarm's own binary is, with its linker shim beside it.
	BinDir string
	Store  *input.Store
	Layout *oci.Layout
	// Fetcher fetches into Store.
	Fetcher input.Fetcher
	// Bases are bases that are taken from registries in place of being assembled,
	// by way of Registry.
	Bases    []BaseRef
	Registry *registry.Client
	// Tell is told what is fetched from a git remote, if set.
	Tell func(name, place string)
	// logDir is another folder for logs than the cache's own.
	logDir string
}

// CacheError is a cache folder that can't be used.
type CacheError struct {
	Dir string
	Err error
}

func (e *CacheError) Error() string {
	why := e.Err
	if at := (*fs.PathError)(nil); errors.As(why, &at) {
		why = at
	}
	return fmt.Sprintf("opening the cache folder %q: %v", e.Dir, why)
}

func (e *CacheError) Unwrap() error { return e.Err }

// Open opens the folders below cacheDir, which is made if it isn't there. The
// fetcher is given without its store.
//
// Errors: [*CacheError].
func Open(cacheDir, binDir string, fetcher input.Fetcher) (*Farm, error) {
	store, err := input.Open(filepath.Join(cacheDir, "inputs"))
	if err != nil {
		return nil, &CacheError{cacheDir, err}
	}
	layout, err := oci.Open(filepath.Join(cacheDir, "oci"))
	if err != nil {
		return nil, &CacheError{cacheDir, err}
	}
	fetcher.Store = store
	return &Farm{CacheDir: cacheDir, BinDir: binDir, Store: store, Layout: layout, Fetcher: fetcher}, nil
}

// LogDir has the logs of the last build's steps.
func (f *Farm) LogDir() string { return cmp.Or(f.logDir, filepath.Join(f.CacheDir, "logs")) }

// StateDir is a private daemon's.
func (f *Farm) StateDir() string { return filepath.Join(f.CacheDir, "buildkit") }

// Plan makes the plan of one target of a locked project. The locked opam files
// must be in the store: see [Farm.FetchOpamFiles].
func (f *Farm) Plan(o BuildOptions, id lock.TargetID) (*plan.Plan, error) {
	files := map[string][]byte{}
	for _, pkg := range o.Lock.PackagesOf(id) {
		d, err := digestOf(pkg.OpamFile)
		if err != nil {
			return nil, err
		}
		data, err := f.Store.ReadFile(d)
		if err != nil {
			return nil, fmt.Errorf("reading the opam file of %s: %w", pkg.ID(), err)
		}
		files[pkg.OpamFile.SHA256] = data
	}
	return plan.New(plan.Input{
		Lock:      o.Lock,
		Target:    id,
		OpamFiles: files,
		Project:   plan.Project{Packages: o.Project.Packages},
		Settings:  o.settings(o.Project.Config.For(id.Name)),
	})
}

// CheckLock plans every target of a lock that was just made, so that versions
// which don't fit together show before it is written.
func (f *Farm) CheckLock(p *Project, l *lock.File) error {
	var errs *multierror.Error
	for _, t := range l.Targets {
		_, err := f.Plan(BuildOptions{Project: p, Lock: l}, t.TargetID)
		errs = multierror.Append(errs, err)
	}
	return errs.ErrorOrNil()
}

// settings are those of ofarm.toml with the options over them.
func (o BuildOptions) settings(t config.Target) plan.Settings {
	stack, _ := config.Bytes(t.ThreadStack)
	if o.Link != "" {
		t.Link = o.Link
	}
	return plan.Settings{
		Link:           t.Link,
		NoStrip:        o.NoStrip || t.Strip != nil && !*t.Strip,
		Export:         t.Export,
		Build:          t.Build,
		Install:        t.Install,
		DistroPackages: t.DistroPackages,
		ThreadStack:    stack,
	}
}

func digestOf(i lock.Input) (input.Digest, error) { return input.ParseDigest("sha256:" + i.SHA256) }

// FetchOpamFiles brings the opam files of a lock, and the files beside them,
// into the store: from holders, from the repositories that the lock names, from
// by-hash mirrors, and from the sources of pinned packages. Repositories that
// aren't folders are only opened if something isn't there yet.
func (f *Farm) FetchOpamFiles(ctx context.Context, p *Project, l *lock.File) error {
	if err := f.takeOpamFiles(ctx, l); err != nil {
		return err
	}
	errPins := f.fetchPins(ctx, l)
	err := f.fetchRepositoryFiles(ctx, p, l)
	if errPins == nil {
		return err
	}
	return multierror.Append(errPins, err).ErrorOrNil()
}

// fetchRepositoryFiles does so for the packages that aren't pinned.
func (f *Farm) fetchRepositoryFiles(ctx context.Context, p *Project, l *lock.File) error {
	pkgs := slices.DeleteFunc(slices.Clone(l.Packages), lock.Package.InSource)
	var requests []input.Request
	var missing bool
	for _, pkg := range pkgs {
		own, err := opamRequests(pkg)
		if err != nil {
			return err
		}
		for _, r := range own {
			missing = missing || !f.Store.Has(r.Sum)
		}
		requests = append(requests, own...)
	}
	if !missing {
		return nil
	}
	dirs, errRepositories := f.packageDirs(ctx, p, l)
	i := 0
	for _, pkg := range pkgs {
		requests[i].URLs = beside(dirs[pkg.ID()], "opam")
		i++
		for _, file := range pkg.ExtraFiles {
			requests[i].URLs = beside(dirs[pkg.ID()], filepath.Join("files", file.Name))
			i++
		}
	}
	// A mirror may have what a repository hasn't any more.
	if _, err := f.Fetcher.Fetch(ctx, requests); err != nil {
		return multierror.Append(errRepositories, err).ErrorOrNil()
	}
	return nil
}

// opamRequests ask for a package's opam file, then for the files beside it.
func opamRequests(pkg lock.Package) ([]input.Request, error) {
	r, err := inputRequest(pkg.ID()+"/opam", pkg.OpamFile)
	if err != nil {
		return nil, err
	}
	out := []input.Request{r}
	for _, file := range pkg.ExtraFiles {
		r, err := inputRequest(pkg.ID()+"/"+file.Name, file.Input)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// packageDirs finds the folders of a lock's opam packages in its repositories,
// by NAME.VERSION. What can't be found is left out; the error says why.
func (f *Farm) packageDirs(ctx context.Context, p *Project, l *lock.File) (map[string]string, *multierror.Error) {
	var errs *multierror.Error
	sets := map[string]*opamrepo.Set{}
	for _, r := range l.Repositories {
		one := []lock.Repository{r}
		set, err := opamrepo.Open(ctx, opamrepo.FromLock(one), f.RepositoryOptions(p, one))
		if err != nil {
			errs = multierror.Append(errs, err)
			continue
		}
		sets[r.Name] = set
	}
	dirs := map[string]string{}
	for _, pkg := range l.Packages {
		set := sets[pkg.Repository]
		if set == nil {
			continue
		}
		if found, err := set.Package(pkg.Name, pkg.Version); err == nil {
			dirs[pkg.ID()] = found.Dir
		}
	}
	return dirs, errs
}

// RepositoryOptions say how the opam repositories of a project are opened: as
// some lock has them, or as they are now where there is none.
func (f *Farm) RepositoryOptions(p *Project, locked []lock.Repository) opamrepo.Options {
	return opamrepo.Options{
		Dir:     p.Dir,
		Cache:   filepath.Join(f.CacheDir, "opam-repositories"),
		Fetcher: f.Fetcher,
		Locked:  locked,
	}
}

func beside(dir, name string) []string {
	if dir == "" {
		return nil
	}
	abs, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		return nil
	}
	if _, err := os.Stat(abs); err != nil {
		return nil
	}
	return []string{fileURL(abs)}
}

func inputRequest(name string, i lock.Input) (input.Request, error) {
	sum, err := digestOf(i)
	if err != nil {
		return input.Request{}, fmt.Errorf("%s: %w", name, err)
	}
	return input.Request{Name: name, Sum: sum, Size: i.Size}, nil
}

// NoTargetError says that a lock has no target for a platform.
type NoTargetError struct {
	Platform targets.Platform
	// Locked are the names of the targets that it has, for other platforms.
	Locked []string
}

func (e *NoTargetError) Error() string {
	return fmt.Sprintf("the lock has no target for platform %s", e.Platform)
}

// TargetIDs finds the locked targets that names and aliases mean, in the order
// of the names, each once; no names mean every locked target of the platform.
// No platform means all that are locked.
//
// Errors: [*targets.UnknownError], [*plan.NotLockedError], [*NoTargetError].
func TargetIDs(l *lock.File, names []string, platform targets.Platform) ([]lock.TargetID, error) {
	var out []lock.TargetID
	take := func(name string) (found bool) {
		for _, t := range l.Targets {
			if platform != "" && t.Platform != string(platform) || name != "" && t.Name != name {
				continue
			}
			found = true
			if !slices.Contains(out, t.TargetID) {
				out = append(out, t.TargetID)
			}
		}
		return found
	}
	if len(names) == 0 && !take("") {
		return nil, &NoTargetError{Platform: platform, Locked: l.TargetNames()}
	}
	for _, name := range names {
		r, err := targets.Find(name, l.TargetNames())
		if err != nil {
			return nil, err
		}
		if !take(r.Name) {
			return nil, &plan.NotLockedError{Target: lock.TargetID{Name: name, Platform: string(platform)}, Locked: l.TargetNames()}
		}
	}
	return out, nil
}
