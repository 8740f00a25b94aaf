package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
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
	opamLocked   []string
	repositories []string
	alpineKeys   []string
	debianKeys   []string
	ocaml        string
	constraints  []string
	withTest     bool
	withDoc      bool
	update       []string
	distro       bool
	check        bool
	json         bool
	// set tells which flags were given: what isn't stays as the lock has it.
	set func(flag string) bool
}

func newLock(w *world) *cobra.Command {
	var o lockOptions
	c := &cobra.Command{
		Use:     "lock [PROJECT]",
		Short:   lockShort,
		Long:    lockLong,
		Example: lockExample,
		Args:    oneProject,
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if o.check {
			return w.checkLock(o, projectDir(args))
		}
		return w.lock(c.Context(), o, projectDir(args))
	}
	f := c.Flags()
	f.StringVar(&o.ocaml, "ocaml", "", flagOCaml)
	f.StringArrayVar(&o.constraints, "opam", nil, flagOpam)
	f.BoolVar(&o.withTest, "with-test", false, flagWithTest)
	f.BoolVar(&o.withDoc, "with-doc", false, flagWithDoc)
	f.StringSliceVar(&o.update, "update", nil, flagUpdate)
	f.Lookup("update").NoOptDefVal = updateAll
	f.BoolVar(&o.distro, "distro", false, flagDistro)
	f.BoolVar(&o.check, "check", false, flagCheck)
	f.BoolVar(&o.json, "json", false, flagLockJSON)
	f.StringSliceVar(&o.opamLocked, "opam-locked", nil, flagOpamLocked)
	o.registerInputs(c)
	c.MarkFlagsMutuallyExclusive("check", "update")
	c.MarkFlagsMutuallyExclusive("check", "distro")
	c.MarkFlagsMutuallyExclusive("opam-locked", "update")
	return c
}

// registerInputs adds the flags that say where packages come from.
func (o *lockOptions) registerInputs(c *cobra.Command) {
	f := c.Flags()
	f.StringSliceVar(&o.repositories, "opam-repository", nil, flagOpamRepository)
	f.StringSliceVar(&o.alpineKeys, "alpine-key", nil, flagAlpineKey)
	f.StringSliceVar(&o.debianKeys, "debian-key", nil, flagDebianKey)
	o.set = f.Changed
	o.register(c)
}

// updateAll is the value of --update without names.
const updateAll = "*"

// lock makes a project's lock, or brings it up to date.
func (w *world) lock(ctx context.Context, o lockOptions, dir string) error {
	project, err := openProject(dir)
	if err != nil {
		return err
	}
	f, meter, err := w.openFarm(o.common)
	if err != nil {
		return err
	}
	defer meter.Close()
	old := lockedBefore(project)
	made, err := w.resolve(ctx, o, project, f, old)
	if err != nil {
		return err
	}
	if err := f.CheckLock(project, made.Lock); err != nil {
		return fmt.Errorf("checking what was resolved: %w", err)
	}
	meter.Close()
	w.warn(made)
	return w.writeLock(o, project, old, made.Lock)
}

// resolve makes a lock without writing it.
func (w *world) resolve(ctx context.Context, o lockOptions, p *farm.Project, f *farm.Farm, old *lock.File) (*resolve.Result, error) {
	opt, err := w.resolveOptions(o, p, old)
	if err != nil {
		return nil, err
	}
	present := presentArchives(w, opt.Targets)
	opt.Fetcher = f.Fetcher
	opt.Fetcher.Mirrors = w.mirrors(o.common, p.Dir, p.Config).For(present)
	opt.ArchiveName = func(name string) string { return archiveAt(present, name) }
	if opt.Repositories, err = w.openRepositories(ctx, o, p, f, old); err != nil {
		return nil, err
	}
	if err := w.checkDune(p); err != nil {
		return nil, err
	}
	return resolve.Lock(ctx, opt)
}

// checkDune warns of opam files that dune hasn't brought up to date.
func (w *world) checkDune(p *farm.Project) error {
	stale, err := p.DuneWarnings()
	for _, d := range stale {
		if d.File == "" {
			fmt.Fprintf(w.Stderr, warnDuneProject, d.Text)
			continue
		}
		fmt.Fprintf(w.Stderr, warnDune, d.Text, d.File)
	}
	return err
}

// warn tells what is remarkable about a lock.
func (w *world) warn(made *resolve.Result) {
	if made.Apart {
		fmt.Fprintln(w.Stderr, warnApart)
	}
	for _, id := range made.Avoided {
		fmt.Fprintf(w.Stderr, warnAvoided, id)
	}
}

// checkLock tells whether a lock is up to date, without a connection.
func (w *world) checkLock(o lockOptions, dir string) error {
	project, err := openProject(dir)
	if err != nil {
		return err
	}
	if err := w.checkDune(project); err != nil {
		return err
	}
	_, _, err = project.ReadLock()
	var stale *farm.StaleError
	if o.json && (err == nil || errors.As(err, &stale)) {
		if perr := w.printCheck(project, stale); perr != nil {
			return perr
		}
	}
	if err == nil && !o.json {
		fmt.Fprintf(w.Stdout, "%s is up to date\n", project.LockPath())
	}
	return err
}

// printCheck prints the differences of a lock as JSON.
func (w *world) printCheck(p *farm.Project, stale *farm.StaleError) error {
	out := struct {
		Lock        string   `json:"lock"`
		UpToDate    bool     `json:"upToDate"`
		Differences []string `json:"differences"`
	}{p.LockPath(), stale == nil, []string{}}
	if stale != nil {
		out.Differences = stale.Differences
	}
	return w.printJSON(out)
}

// lockedBefore is the lock that there is; nil where there is none, or one that
// can't be read: that has nothing to keep.
func lockedBefore(p *farm.Project) *lock.File {
	data, err := os.ReadFile(p.LockPath())
	if err != nil {
		return nil
	}
	old, err := lock.Parse(p.LockPath(), data)
	if err != nil {
		return nil
	}
	return old
}

func orEmpty(f *lock.File) *lock.File {
	if f == nil {
		return &lock.File{}
	}
	return f
}

// writeLock writes the lock beside its place and renames it: an interrupted
// lock leaves the old one.
func (w *world) writeLock(o lockOptions, p *farm.Project, old, file *lock.File) error {
	text := file.Append(nil)
	changed := old == nil || !bytes.Equal(old.Append(nil), text)
	if changed {
		if err := farm.WriteFile(p.LockPath(), text); err != nil {
			return fmt.Errorf("writing the lock: %w", err)
		}
	}
	switch {
	case o.json:
		return w.printJSON(lockChangesJSON(lock.Diff(orEmpty(old), file)))
	case !changed:
		fmt.Fprintf(w.Stdout, "%s is up to date\n", p.LockPath())
		return nil
	case old != nil:
		if err := printLockChanges(w.Stdout, lock.Diff(old, file)); err != nil {
			return err
		}
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
