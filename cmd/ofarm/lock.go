package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/resolve"
	"github.com/ofarm/ofarm/internal/resolve/versions"
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
	prove        []string
	drop         []string
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
		Args:    func(c *cobra.Command, args []string) error { return o.checkArgs(c, args) },
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := o.checkFlags(c); err != nil {
			return err
		}
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
	f.StringSliceVar(&o.prove, "prove", nil, flagLockProve)
	f.StringSliceVar(&o.drop, "drop", nil, flagDrop)
	f.BoolVar(&o.check, "check", false, flagCheck)
	f.BoolVar(&o.json, "json", false, flagLockJSON)
	f.StringSliceVar(&o.opamLocked, "opam-locked", nil, flagOpamLocked)
	o.registerInputs(c)
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
	f.Lookup("target").Usage = flagLockTarget
}

// updateAll is the value of --update without names.
const updateAll = "*"

// updateError says that what stands after --update, and so is taken for the
// project, isn't one.
type updateError struct {
	err  error
	name string
}

func (e *updateError) Error() string { return e.err.Error() }
func (e *updateError) Unwrap() error { return e.err }

// checkArgs wants at most a project. A name after --update is taken for one,
// since that flag can stand alone.
func (o lockOptions) checkArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 && slices.Equal(o.update, []string{updateAll}) {
		if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
			return &updateError{err: &noFolderError{args[0], err == nil}, name: args[0]}
		}
	}
	return oneProject(c, args)
}

// checkFlags refuses flags that contradict each other.
func (o lockOptions) checkFlags(c *cobra.Command) error {
	text := ""
	switch {
	case o.check && o.set("update"):
		text = "--check changes nothing, and --update does"
	case o.check && o.distro:
		text = "--check changes nothing, and --distro does"
	case o.check && o.set("drop"):
		text = "--check changes nothing, and --drop does"
	case len(o.opamLocked) > 0 && o.set("update"):
		text = "--opam-locked says all versions, so there is nothing to --update"
	default:
		return nil
	}
	return &usageError{err: errors.New(text), command: c.CommandPath()}
}

// lock makes a project's lock, or brings it up to date.
func (w *world) lock(ctx context.Context, o lockOptions, dir string) error {
	project, err := openProject(dir)
	if err != nil {
		return err
	}
	if err := w.warnProject(project); err != nil {
		return err
	}
	f, meter, err := w.openFarm(o.common)
	if err != nil {
		return err
	}
	defer meter.Close()
	old := w.lockedBefore(project)
	made, err := w.resolve(ctx, o, project, f, old)
	if as[*lock.Mistake](err) {
		return unfit(err)
	}
	if err != nil {
		return err
	}
	if err := f.CheckLock(project, made.Lock); err != nil {
		return unfit(fmt.Errorf("checking what was resolved: %w", err))
	}
	meter.Close()
	if err := w.warn(project, made); err != nil {
		return err
	}
	return w.writeLock(o, project, old, made.Lock)
}

// resolve makes a lock without writing it.
func (w *world) resolve(ctx context.Context, o lockOptions, p *farm.Project, f *farm.Farm, old *lock.File) (*resolve.Result, error) {
	opt, err := w.resolveOptions(o, p, old)
	if err != nil {
		return nil, err
	}
	present := presentArchives(w, opt)
	opt.Fetcher, opt.Sources = f.Fetcher, f.Sources()
	opt.Fetcher.Mirrors = w.mirrors(o.common, p.Dir, p.Config).For(present)
	opt.ArchiveName = func(name string) string { return archiveAt(present, name) }
	if opt.Repositories, err = w.openRepositories(ctx, o, p, f, old); err != nil {
		return nil, err
	}
	made, err := resolve.Lock(ctx, opt)
	return made, misspelt(err, opt.Repositories)
}

// misspeltError says that no versions fit because of a package that there isn't,
// and which one may be meant.
type misspeltError struct {
	err  error
	near string
}

func (e *misspeltError) Error() string { return e.err.Error() }
func (e *misspeltError) Unwrap() error { return e.err }

// misspelt looks for a package that may be meant by one that there isn't.
func misspelt(err error, repositories *opamrepo.Set) error {
	var none *versions.NoSolutionError
	if !errors.As(err, &none) || len(none.Missing) == 0 {
		return err
	}
	known, nerr := repositories.Names()
	if nerr != nil {
		return err
	}
	for _, name := range none.Missing {
		if near := nearest(name, known); near != "" {
			return &misspeltError{err, near}
		}
	}
	return err
}

// checkLock tells whether a lock is up to date, without a connection.
func (w *world) checkLock(o lockOptions, dir string) error {
	project, err := openProject(dir)
	if err != nil {
		return err
	}
	if err := w.warnProject(project); err != nil {
		return err
	}
	for _, note := range project.DuneNotes() {
		fmt.Fprintf(w.Stderr, noteDune, note)
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
		UpToDate    bool     `json:"up_to_date"`
		Differences []string `json:"differences"`
	}{p.LockPath(), stale == nil, []string{}}
	if stale != nil {
		out.Differences = stale.Differences
	}
	return w.printJSON(out)
}

// unfitError says that what was chosen can't be built. It isn't about a lock
// that is missing or stale, though its cause may look so.
type unfitError struct{ failure }

func (e *unfitError) Error() string { return e.context + e.err.Error() }
func (e *unfitError) Unwrap() error { return e.err }

// unfit says of each failure that it is one of what was chosen.
func unfit(err error) error {
	var all *multierror.Error
	for _, f := range failures(err) {
		all = multierror.Append(all, &unfitError{f})
	}
	return all
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

// presentArchives are the archives of targets and roots as they are now.
func presentArchives(w *world, opt resolve.Options) []lock.Target {
	list := slices.Clone(opt.Targets)
	for _, r := range opt.Roots {
		list = append(list, resolve.Target{Release: r.Release, Platform: r.Platform})
	}
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
