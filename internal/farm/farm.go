package farm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/plan"
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
}

// Open opens the folders below cacheDir, which is made if it isn't there. The
// fetcher is given without its store.
func Open(cacheDir, binDir string, fetcher input.Fetcher) (*Farm, error) {
	store, err := input.Open(filepath.Join(cacheDir, "inputs"))
	if err != nil {
		return nil, fmt.Errorf("opening the store of inputs: %w", err)
	}
	layout, err := oci.Open(filepath.Join(cacheDir, "oci"))
	if err != nil {
		return nil, fmt.Errorf("opening the store of images: %w", err)
	}
	fetcher.Store = store
	return &Farm{CacheDir: cacheDir, BinDir: binDir, Store: store, Layout: layout, Fetcher: fetcher}, nil
}

// LogDir has the logs of the last build's steps.
func (f *Farm) LogDir() string { return filepath.Join(f.CacheDir, "logs") }

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
// into the store: from the repositories that the lock names, where they are
// folders, and from by-hash mirrors.
func (f *Farm) FetchOpamFiles(ctx context.Context, p *Project, l *lock.File) error {
	repos := map[string]string{}
	for _, r := range l.Repositories {
		repos[r.Name] = r.URL
	}
	var requests []input.Request
	for _, pkg := range l.Packages {
		dir := repositoryDir(p.Dir, repos[pkg.Repository], pkg)
		r, err := inputRequest(pkg.ID()+"/opam", pkg.OpamFile)
		if err != nil {
			return err
		}
		r.URLs = beside(dir, "opam")
		requests = append(requests, r)
		for _, file := range pkg.ExtraFiles {
			r, err := inputRequest(pkg.ID()+"/"+file.Name, file.Input)
			if err != nil {
				return err
			}
			r.URLs = beside(dir, filepath.Join("files", file.Name))
			requests = append(requests, r)
		}
	}
	_, err := f.Fetcher.Fetch(ctx, requests)
	return err
}

// repositoryDir is the folder of a package in an opam repository that is a
// folder, and empty for others.
func repositoryDir(project, url string, pkg lock.Package) string {
	if strings.Contains(url, "://") {
		return ""
	}
	dir := filepath.Join(project, filepath.FromSlash(url))
	return filepath.Join(dir, "packages", pkg.Name, pkg.ID())
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
//
// Errors: [*targets.UnknownError], [*plan.NotLockedError], [*NoTargetError].
func TargetIDs(l *lock.File, names []string, platform targets.Platform) ([]lock.TargetID, error) {
	var out []lock.TargetID
	if len(names) == 0 {
		for _, t := range l.Targets {
			if t.Platform == string(platform) {
				out = append(out, t.TargetID)
			}
		}
		if len(out) == 0 {
			return nil, &NoTargetError{Platform: platform, Locked: l.TargetNames()}
		}
		return out, nil
	}
	for _, name := range names {
		r, err := targets.Find(name, l.TargetNames())
		if err != nil {
			return nil, err
		}
		id := lock.TargetID{Name: r.Name, Platform: string(platform)}
		if _, ok := l.Target(id); !ok {
			return nil, &plan.NotLockedError{Target: lock.TargetID{Name: name, Platform: string(platform)}, Locked: l.TargetNames()}
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out, nil
}
