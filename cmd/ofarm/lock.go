package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
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
		Short:   lockShort,
		Long:    lockLong,
		Example: lockExample,
		Args:    oneProject,
		RunE:    func(c *cobra.Command, args []string) error { return w.lock(c.Context(), o, projectDir(args)) },
	}
	f := c.Flags()
	f.StringVar(&o.opamLocked, "opam-locked", "", flagOpamLocked)
	f.StringSliceVar(&o.repositories, "opam-repository", nil, flagOpamRepository)
	f.StringSliceVar(&o.alpineKeys, "alpine-key", nil, flagAlpineKey)
	f.StringSliceVar(&o.debianKeys, "debian-key", nil, flagDebianKey)
	o.register(c)
	return c
}

func (w *world) lock(ctx context.Context, o lockOptions, dir string) error {
	project, err := openProject(dir)
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
	opt.Fetcher = f.Fetcher
	l := &locker{world: w, project: project, options: opt, mirrors: w.mirrors(o.common, dir, project.Config)}
	file, err := l.resolve(ctx, opt.Targets)
	if err != nil {
		return err
	}
	if file, err = l.keep(ctx, kept(project, o), file); err != nil {
		return err
	}
	if err := f.CheckLock(project, file); err != nil {
		return fmt.Errorf("checking what was resolved: %w", err)
	}
	meter.Close()
	return w.writeLock(project, file)
}

// locker makes the locks of a project.
type locker struct {
	world   *world
	project *farm.Project
	options resolve.Options
	mirrors farm.Mirrors
}

// resolve makes a lock for some targets.
func (l *locker) resolve(ctx context.Context, list []resolve.Target) (*lock.File, error) {
	opt := l.options
	present := presentArchives(l.world, list)
	opt.Targets = list
	opt.Fetcher.Mirrors = l.mirrors.For(present)
	opt.ArchiveName = func(name string) string { return archiveAt(present, name) }
	return resolve.Lock(ctx, opt)
}

// keep adds the targets that only the old lock has: as they are, or locked
// again where the opam packages have changed, which are the same for all.
func (l *locker) keep(ctx context.Context, old, file *lock.File) (*lock.File, error) {
	if old == nil {
		return file, nil
	}
	if resolve.SameOpam(old, file) {
		resolve.Keep(old, file)
		return file, nil
	}
	list := slices.Clone(l.options.Targets)
	for _, t := range old.Targets {
		if _, ok := file.Target(t.TargetID); ok {
			continue
		}
		again, err := lockTarget(t.Name, targets.Platform(t.Platform), l.project)
		if err != nil {
			return nil, err
		}
		list = append(list, again)
	}
	if len(list) == len(l.options.Targets) {
		return file, nil
	}
	return l.resolve(ctx, list)
}

// kept is the lock that there is, with the targets that stay if they aren't
// locked again: those of other platforms, and with --target all. Nil where
// there is none.
func kept(p *farm.Project, o lockOptions) *lock.File {
	data, err := os.ReadFile(p.LockPath())
	if err != nil {
		return nil
	}
	old, err := lock.Parse(p.LockPath(), data)
	if err != nil {
		return nil // a damaged lock has nothing to keep
	}
	if len(o.targets) == 0 {
		old.Targets = slices.DeleteFunc(old.Targets, func(t lock.Target) bool { return t.Platform == o.platform })
	}
	return old
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
	fmt.Fprintf(w.Stdout, "locked %s in %s\n",
		counted(len(file.Packages), "opam package", "opam packages"), p.LockPath())
	for _, t := range file.Targets {
		fmt.Fprintf(w.Stdout, "  %s: %s, %d more for depexts\n",
			targets.Folder(t.Name, targets.Platform(t.Platform)),
			counted(len(t.Base), "distro package", "distro packages"), len(t.Extra))
	}
	return nil
}

func (w *world) resolveOptions(o lockOptions, p *farm.Project) (resolve.Options, error) {
	opt := resolve.Options{Dir: p.Dir, Projects: p.Locked(), Epoch: lockEpoch}
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
