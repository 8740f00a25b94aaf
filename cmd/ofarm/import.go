package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
)

func newImport(w *world) *cobra.Command {
	var o lockOptions
	c := &cobra.Command{
		Use:     "import FILE... [PROJECT]",
		Short:   importShort,
		Long:    importLong,
		Example: importExample,
		Args:    importArgs,
		RunE: func(c *cobra.Command, args []string) error {
			files, dir := splitImport(args)
			o.opamLocked = files
			return w.importFiles(c.Context(), o, dir)
		},
	}
	o.registerInputs(c)
	c.ValidArgsFunction = nil // files, too
	return c
}

// splitImport splits arguments into files and the project, which is a folder
// and comes last.
func splitImport(args []string) (files []string, dir string) {
	last := args[len(args)-1]
	if info, err := os.Stat(last); err == nil && info.IsDir() {
		return args[:len(args)-1], last
	}
	return args, "."
}

// importArgs wants a file.
func importArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		if files, _ := splitImport(args); len(files) > 0 {
			return nil
		}
	}
	return &usageError{err: errors.New("name a file to import"), command: c.CommandPath()}
}

func (w *world) importFiles(ctx context.Context, o lockOptions, dir string) error {
	if err := checkImported(o.opamLocked); err != nil {
		return err
	}
	pins := readPins(o.opamLocked)
	if err := w.lock(ctx, o, dir); err != nil {
		return explainPins(err, pins)
	}
	return w.warnPins(dir, pins)
}

// checkImported wants the files to be there, before anything is said of the
// project: what isn't a folder is no project, so a mistyped one is among them.
func checkImported(paths []string) error {
	var errs *multierror.Error
	for i, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			errs = multierror.Append(errs, &noVersionsError{path, i > 0 && i == len(paths)-1})
		}
	}
	return errs.ErrorOrNil()
}

// warnPins tells which packages were pinned to sources of their own, and are
// locked as a repository has them.
func (w *world) warnPins(dir string, pins map[string]pin) error {
	project, err := openProject(dir)
	if err != nil {
		return err
	}
	for _, pkg := range orEmpty(w.lockedBefore(project)).Packages {
		if p, ok := pins[pkg.Name]; ok && !pkg.InSource() {
			fmt.Fprintf(w.Stderr, warnPinned, p)
		}
	}
	return nil
}

// given is the version of an opam package that a file names.
type given struct{ name, version string }

// readVersions reads the versions of opam packages from files of opam's: locks,
// or exports of switches. The project's own packages are left out. All mistakes
// of all files are reported at once.
func readVersions(paths []string, p *farm.Project) (map[string]string, error) {
	out := map[string]string{}
	var errs *multierror.Error
	for _, path := range paths {
		list, err := readGiven(path)
		if err != nil {
			errs = multierror.Append(errs, err)
			continue
		}
		for _, g := range list {
			if v, ok := out[g.name]; ok && v != g.version {
				errs = multierror.Append(errs, fmt.Errorf("%s: %s is locked to %s here and to %s elsewhere", path, g.name, g.version, v))
			}
			out[g.name] = g.version
		}
	}
	for _, own := range p.Packages {
		delete(out, own.Name)
	}
	return out, errs.ErrorOrNil()
}

func readGiven(path string) ([]given, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &noVersionsError{path: path}
	}
	if err != nil {
		return nil, err
	}
	if opam.IsSwitchExport(data) {
		return exportGiven(path, data)
	}
	return lockedGiven(path, data)
}

// lockedGiven reads a lock of opam's; packages that are locked for other
// purposes than a build are left out.
func lockedGiven(path string, data []byte) ([]given, error) {
	l, err := opam.ParseLocked(path, data)
	if err != nil {
		return nil, notLockedFile(path, err)
	}
	var out []given
	for _, pkg := range l.Packages {
		if ok, err := pkg.When.True(opam.Scope{Globals: opam.BuildVariables()}); err == nil && ok {
			out = append(out, given{pkg.Name, pkg.Version})
		}
	}
	return out, nil
}

// opamFileError is about an opam file that was named in place of the lock that
// opam wrote of it.
type opamFileError struct {
	failure
	locked string // empty where there is none
}

func (e *opamFileError) Error() string { return e.context + e.err.Error() }
func (e *opamFileError) Unwrap() error { return e.err }

// notLockedFile looks for the lock that may be meant.
func notLockedFile(path string, err error) error {
	if !strings.HasSuffix(path, ".opam") {
		return err
	}
	locked := path + ".locked"
	if !isFile(locked) {
		locked = ""
	}
	var all *multierror.Error
	for _, f := range failures(err) {
		all = multierror.Append(all, &opamFileError{f, locked})
	}
	return all
}

func exportGiven(path string, data []byte) ([]given, error) {
	x, err := opam.ParseSwitchExport(path, data)
	if err != nil {
		return nil, err
	}
	var out []given
	for _, pkg := range x.Installed {
		out = append(out, given{pkg.Name, pkg.Version})
	}
	return out, nil
}

// pin is a package that a switch has from elsewhere than a repository.
type pin struct {
	file string
	opam.ExportedPackage
	url string // empty where the file doesn't say
}

func (p pin) String() string {
	if p.url == "" {
		return p.ID()
	}
	return p.ID() + " (" + p.url + ")"
}

// readPins reads the pins of those files that are exports of switches. What
// can't be read is told by who reads the versions.
func readPins(paths []string) map[string]pin {
	out := map[string]pin{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil || !opam.IsSwitchExport(data) {
			continue
		}
		x, err := opam.ParseSwitchExport(path, data)
		if err != nil {
			continue
		}
		for _, pkg := range x.Pinned {
			p := pin{file: path, ExportedPackage: pkg}
			if f := x.File(pkg.Name); f != nil && f.URL != nil {
				p.url = f.URL.URL
			}
			out[pkg.Name] = p
		}
	}
	return out
}

// pinnedError says that no repository has packages that were pinned in a switch
// to sources of their own.
type pinnedError struct{ pins []pin }

func (e *pinnedError) Error() string {
	var list []string
	for _, p := range e.pins {
		list = append(list, p.String())
	}
	at := e.pins[0]
	return fmt.Sprintf("%s:%d:%d: no opam repository has what is pinned in the switch: %s",
		at.file, at.At.Line, at.At.Column, strings.Join(list, ", "))
}

// explainPins gathers what an error says of missing packages that are pinned.
func explainPins(err error, pins map[string]pin) error {
	if err == nil || len(pins) == 0 {
		return err
	}
	var rest *multierror.Error
	var missing []pin
	for _, f := range failures(err) {
		var none *opamrepo.MissingError
		if errors.As(f.err, &none) {
			if p, ok := pins[none.Name]; ok {
				missing = append(missing, p)
				continue
			}
		}
		rest = multierror.Append(rest, fmt.Errorf("%s%w", f.context, f.err))
	}
	if len(missing) == 0 {
		return err
	}
	slices.SortFunc(missing, func(a, b pin) int { return cmp.Compare(a.Name, b.Name) })
	return multierror.Append(rest, &pinnedError{missing})
}
