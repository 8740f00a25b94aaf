package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/resolve"
	"github.com/ofarm/ofarm/targets"
)

// lockEpoch is the SOURCE_DATE_EPOCH of steps in every lock that this ofarm
// makes: 2026-01-01. With the day's date in it, two projects that were locked
// on different days could share no step.
const lockEpoch = 1767225600

// defaultTargets are locked where nothing else is asked for.
var defaultTargets = []string{"alpine", "debian-oldstable"}

// lockOptions are the flags of ofarm lock.
type lockOptions struct {
	common
	opamLocked   string
	repositories []string
	alpineKeys   []string
	debianKeys   []string
}

func newLock(w *world) *cobra.Command {
	var o lockOptions
	c := &cobra.Command{
		Use:     "lock [PROJECT]",
		Short:   words.lockShort,
		Long:    words.lockLong,
		Example: words.lockExample,
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE:    func(c *cobra.Command, args []string) error { return w.lock(c.Context(), o, projectDir(args)) },
	}
	f := c.Flags()
	o.register(f)
	f.StringVar(&o.opamLocked, "opam-locked", "", words.flagOpamLocked)
	f.StringSliceVar(&o.repositories, "opam-repository", nil, words.flagOpamRepository)
	f.StringSliceVar(&o.alpineKeys, "alpine-key", nil, words.flagAlpineKey)
	f.StringSliceVar(&o.debianKeys, "debian-key", nil, words.flagDebianKey)
	return c
}

func (w *world) lock(ctx context.Context, o lockOptions, dir string) error {
	project, err := farm.OpenProject(dir)
	if err != nil {
		return err
	}
	opt, err := w.resolveOptions(o, project)
	if err != nil {
		return err
	}
	f, meter, err := w.openFarm(o.common)
	if err != nil {
		return err
	}
	defer meter.Close()
	mirrors, err := w.mirrors(o.common, dir, project.Config)
	if err != nil {
		return err
	}
	present := presentArchives(w, opt.Targets)
	f.Fetcher.Mirrors = mirrors.For(present)
	opt.Fetcher = f.Fetcher
	opt.ArchiveName = func(name string) string { return archiveAt(present, name) }
	file, err := resolve.Lock(ctx, opt)
	if err != nil {
		return err
	}
	meter.Close()
	return w.writeLock(project, file)
}

// writeLock writes the lock beside its place and renames it: an interrupted
// lock leaves the old one.
func (w *world) writeLock(p *farm.Project, file *lock.File) error {
	text := file.Append(nil)
	old, err := os.ReadFile(p.LockPath())
	if err == nil && bytes.Equal(old, text) {
		fmt.Fprintf(w.Stdout, "%s is up to date\n", p.LockPath())
		return nil
	}
	if err := farm.WriteFile(p.LockPath(), text); err != nil {
		return fmt.Errorf("writing the lock: %w", err)
	}
	fmt.Fprintf(w.Stdout, "locked %d opam packages in %s\n", len(file.Packages), p.LockPath())
	for _, t := range file.Targets {
		fmt.Fprintf(w.Stdout, "  %s: %d distro packages, %d more for depexts\n", t.Name, len(t.Base), len(t.Extra))
	}
	return nil
}

func (w *world) resolveOptions(o lockOptions, p *farm.Project) (resolve.Options, error) {
	opt := resolve.Options{Dir: p.Dir, Projects: p.Locked(), Epoch: lockEpoch, Now: w.Now()}
	for _, pkg := range p.Packages {
		opt.Files = append(opt.Files, pkg.File)
	}
	var err error
	if opt.Targets, err = lockTargets(o, p); err != nil {
		return opt, err
	}
	if opt.Repositories, err = repositories(o, p); err != nil {
		return opt, err
	}
	if opt.Versions, err = lockedVersions(o, p); err != nil {
		return opt, err
	}
	opt.AlpineKeys, opt.DebianKeys, err = trustedKeys(o, p)
	return opt, err
}

func lockTargets(o lockOptions, p *farm.Project) ([]resolve.Target, error) {
	platform, err := targets.ParsePlatform(o.platform)
	if err != nil {
		return nil, &usageError{err}
	}
	names := o.targets
	if len(names) == 0 {
		names = p.Config.Targets
	}
	if len(names) == 0 {
		names = defaultTargets
	}
	var out []resolve.Target
	for _, name := range names {
		r, err := targets.Find(name, nil)
		if err != nil {
			return nil, err
		}
		if !r.Has(platform) {
			return nil, &usageError{fmt.Errorf("target %q has no platform %s", name, platform)}
		}
		out = append(out, resolve.Target{
			Release: r, Platform: platform, DistroPackages: p.Config.For(r.Name).DistroPackages,
		})
	}
	return out, nil
}

// noRepositoryError says that no opam repository was named.
type noRepositoryError struct{}

func (noRepositoryError) Error() string { return "no opam repository to take packages from" }

// remoteRepositoryError says that an opam repository isn't a folder.
type remoteRepositoryError struct{ url string }

func (e *remoteRepositoryError) Error() string {
	return fmt.Sprintf("opam repository %q is not a folder", e.url)
}

func repositories(o lockOptions, p *farm.Project) ([]resolve.Repository, error) {
	urls := o.repositories
	if len(urls) == 0 {
		urls = p.Config.OpamRepositories
	}
	if len(urls) == 0 {
		return nil, noRepositoryError{}
	}
	var out []resolve.Repository
	for i, u := range urls {
		path, err := relativeTo(p.Dir, u, len(o.repositories) > 0)
		if err != nil {
			return nil, err
		}
		if info, err := os.Stat(filepath.Join(p.Dir, path, "packages")); err != nil || !info.IsDir() {
			return nil, &remoteRepositoryError{u}
		}
		name := "main"
		if i > 0 {
			name = fmt.Sprintf("overlay-%d", i)
		}
		out = append(out, resolve.Repository{Name: name, URL: filepath.ToSlash(path)})
	}
	return out, nil
}

// relativeTo makes a folder relative to the project, where a lock has it. A
// flag's folder is relative to where ofarm runs, a file's to the file.
func relativeTo(project, path string, flag bool) (string, error) {
	if !flag && !filepath.IsAbs(path) {
		return path, nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	from, err := filepath.Abs(project)
	if err != nil {
		return "", err
	}
	return filepath.Rel(from, abs)
}

// noVersionsError says that there is no list of opam versions to lock.
type noVersionsError struct{ path string }

func (e *noVersionsError) Error() string {
	return fmt.Sprintf("there is no %q to take the versions of opam packages from", e.path)
}

// lockedVersions reads opam's own lock of each of the project's packages.
func lockedVersions(o lockOptions, p *farm.Project) (map[string]string, error) {
	paths := []string{o.opamLocked}
	if o.opamLocked == "" {
		paths = opamLocks(p)
	}
	out := map[string]string{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &noVersionsError{path}
		}
		if err != nil {
			return nil, err
		}
		l, err := opam.ParseLocked(path, data)
		if err != nil {
			return nil, err
		}
		for _, pkg := range l.Packages {
			if v, ok := out[pkg.Name]; ok && v != pkg.Version {
				return nil, fmt.Errorf("%s: %s is locked to %s here and to %s elsewhere", path, pkg.Name, pkg.Version, v)
			}
			if ok, err := pkg.When.True(opam.Scope{Globals: opam.BuildVariables()}); err == nil && ok {
				out[pkg.Name] = pkg.Version
			}
		}
	}
	return out, nil
}

func opamLocks(p *farm.Project) []string {
	if p.Config.OpamLocked != "" {
		return []string{filepath.Join(p.Dir, p.Config.OpamLocked)}
	}
	var out []string
	for _, pkg := range p.Packages {
		out = append(out, filepath.Join(p.Dir, pkg.Name+".opam.locked"))
	}
	return out
}

func trustedKeys(o lockOptions, p *farm.Project) (alpine []apk.Key, debian []deb.Keyring, err error) {
	for _, path := range keyPaths(p, o.alpineKeys, p.Config.Keys.Alpine) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, fmt.Errorf("reading a key: %w", err)
		}
		key, err := apk.ParseKey(filepath.Base(path), data)
		if err != nil {
			return nil, nil, err
		}
		alpine = append(alpine, key)
	}
	for _, path := range keyPaths(p, o.debianKeys, p.Config.Keys.Debian) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, fmt.Errorf("reading a key: %w", err)
		}
		ring, err := deb.ReadKeyring(bytes.NewReader(data))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		debian = append(debian, ring)
	}
	return alpine, debian, nil
}

// keyPaths joins a flag's files, relative to where ofarm runs, and ofarm.toml's,
// relative to it.
func keyPaths(p *farm.Project, flag, file []string) []string {
	out := flag
	for _, f := range file {
		if !filepath.IsAbs(f) {
			f = filepath.Join(p.Dir, f)
		}
		out = append(out, f)
	}
	return out
}

// presentArchives are the archives of targets as they are now.
func presentArchives(w *world, list []resolve.Target) []lock.Target {
	now := w.Now().UTC().Format("20060102T150405Z")
	var out []lock.Target
	for _, t := range list {
		lt := lock.Target{TargetID: lock.TargetID{Name: t.Release.Name, Platform: string(t.Platform)}}
		for _, a := range t.Release.Archives {
			at := now
			if t.Release.Distro == targets.Alpine {
				at = "-"
			}
			lt.Archives = append(lt.Archives, lock.Archive{Name: a.Name, Timestamp: at})
		}
		out = append(out, lt)
	}
	return out
}

func archiveAt(present []lock.Target, name string) string {
	for _, t := range present {
		for _, a := range t.Archives {
			if a.Name == name {
				return farm.ArchiveAt(name, a.Timestamp)
			}
		}
	}
	return strings.TrimSpace(name)
}
