package resolve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/go-multierror"
	"golang.org/x/sync/errgroup"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/source"
)

// PinError says why a package that the project pins can't be locked.
type PinError struct {
	// By is the opam file that pins it, Package is "NAME.VERSION", URL is what
	// its source is to be.
	By, Package, URL string
	Text             string
}

func (e *PinError) Error() string {
	return fmt.Sprintf("%s pins %s to %s, %s", e.By, e.Package, source.Redacted(e.URL), e.Text)
}

// PinConflictError says that two of the project's opam files pin a package to
// different versions or sources.
type PinConflictError struct{ One, Other PinError }

func (e *PinConflictError) Error() string {
	return fmt.Sprintf("%s pins %s to %s, and %s pins %s to %s",
		e.One.By, e.One.Package, source.Redacted(e.One.URL), e.Other.By, e.Other.Package, source.Redacted(e.Other.URL))
}

// pin is a package that an opam file of the project pins.
type pin struct {
	opam.PinDepend
	// by is that opam file.
	by     string
	locked lock.Package
	file   *opam.File
	// fetch brings its source, as it is now, into the store; pins of one URL
	// share it, so that they are of one commit.
	fetch func() (lock.Source, error)
}

// id is "NAME.VERSION".
func (p *pin) id() string { return p.Name + "." + p.Version }

func (p *pin) fail(format string, args ...any) *PinError {
	return &PinError{By: p.by, Package: p.id(), URL: p.URL, Text: fmt.Sprintf(format, args...)}
}

// check looks for what a pinned package can't have. Its URL field means
// nothing: the pin says where the source is.
func (p *pin) check() error {
	if len(p.file.ExtraFiles) > 0 {
		return p.fail("whose opam file lists extra-files: a pinned package's files are in its source")
	}
	return checkExtraSources(p.id(), p.file)
}

// parallelPins is how many pinned packages are read at once.
const parallelPins = 4

// readPins reads all packages that the project pins, whether it needs them or
// not: only their opam files tell what the choice of versions depends on. All
// failures are reported.
func (r *resolver) readPins(ctx context.Context) error {
	list, err := r.listPins()
	if err != nil {
		return err
	}
	r.shareFetches(ctx, list)
	errs := make([]error, len(list))
	var group errgroup.Group
	group.SetLimit(parallelPins)
	for i, p := range list {
		group.Go(func() error {
			errs[i] = r.readPin(ctx, p)
			return nil
		})
	}
	group.Wait() //nolint:errcheck // it has none: they are in errs
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.pins = map[string]*pin{}
	var all *multierror.Error
	for i, p := range list {
		r.pins[p.Name] = p
		if !slices.Contains(errs[:i], errs[i]) { // what several share is told once
			all = multierror.Append(all, errs[i])
		}
	}
	return all.ErrorOrNil()
}

// shareFetches makes pins of one URL fetch it once.
func (r *resolver) shareFetches(ctx context.Context, list []*pin) {
	byURL := map[string]func() (lock.Source, error){}
	for _, p := range list {
		if byURL[p.URL] == nil {
			byURL[p.URL] = sync.OnceValues(func() (lock.Source, error) { return r.fetchPin(ctx, p) })
		}
		p.fetch = byURL[p.URL]
	}
}

// listPins lists the packages that the project pins, each once. A pin of one of
// the project's own packages counts for nothing: that is at hand.
func (r *resolver) listPins() ([]*pin, error) {
	var list []*pin
	var errs *multierror.Error
	for _, project := range r.Projects {
		for _, d := range project.File.PinDepends {
			if slices.ContainsFunc(r.Projects, func(o Project) bool { return o.Name == d.Name }) {
				continue
			}
			p := &pin{PinDepend: d, by: project.Locked.File}
			i := slices.IndexFunc(list, func(o *pin) bool { return o.Name == d.Name })
			switch {
			case i < 0:
				list = append(list, p)
			case list[i].PinDepend != d:
				errs = multierror.Append(errs, &PinConflictError{One: *list[i].fail(""), Other: *p.fail("")})
			}
		}
	}
	return list, errs.ErrorOrNil()
}

// readPin finds the source of a pinned package and reads its opam file there.
func (r *resolver) readPin(ctx context.Context, p *pin) error {
	if err := p.checkNames(); err != nil {
		return err
	}
	p.locked = lock.Package{Name: p.Name, Version: p.Version}
	var data []byte
	var err error
	if old := r.oldPin(p); old != nil {
		p.locked.Source, p.locked.OpamFile, p.locked.OpamPath = old.Source, old.OpamFile, old.OpamPath
		data, err = r.sources().OpamFile(ctx, p.locked)
	} else {
		data, err = r.findOpamFile(p)
	}
	if err != nil {
		return err
	}
	p.file, err = opam.Parse(p.id()+"/"+p.locked.OpamPath, data)
	return err
}

// checkNames checks what stands in the lock as it is in the opam file.
func (p *pin) checkNames() error {
	switch blank := strings.ContainsAny(p.URL, " \t\r\n"); {
	case !opam.ValidName(p.Name) || !opam.ValidVersion(p.Version):
		return p.fail("and %q is not NAME.VERSION", p.id())
	case blank:
		return p.fail("which has a blank")
	}
	return nil
}

// oldPin is the old lock's entry of a pinned package, if it is of the same URL
// and may stay: of the same git remote where the pin names no whole commit.
func (r *resolver) oldPin(p *pin) *lock.Package {
	if r.Old == nil || r.Update.has(p.Name) {
		return nil
	}
	i := slices.IndexFunc(r.Old.Packages, func(o lock.Package) bool { return o.Name == p.Name && o.InSource() })
	if i < 0 {
		return nil
	}
	old := &r.Old.Packages[i]
	locked := old.Source.URLs[0]
	_, ref, _ := strings.Cut(p.URL, "#") // a lock doesn't have it for sources
	if p.isGit() && !(opamrepo.Spec{URL: p.URL}).Satisfied(lock.Repository{URL: locked, Ref: ref}) || !p.isGit() && p.URL != locked {
		return nil
	}
	return old
}

func (p *pin) isGit() bool {
	kind, err := opamrepo.ParseKind(p.URL)
	return err == nil && kind == opamrepo.GitCommit
}

func (r *resolver) sources() source.Fetcher {
	s := r.Sources
	s.Files = r.Fetcher
	return s
}

// fetchPin brings the source of a pinned package, as it is now, into the store.
func (r *resolver) fetchPin(ctx context.Context, p *pin) (lock.Source, error) {
	src := lock.Source{URLs: []string{p.URL}}
	var got input.Result
	var err error
	if p.isGit() {
		src.URLs[0], got, err = r.sources().Archive(ctx, p.id(), p.URL)
	} else if err = p.checkArchive(); err == nil {
		got, err = r.fetchArchive(ctx, p)
	}
	src.Input = lock.Input{SHA256: got.Sum.Hex(), Size: got.Size}
	return src, err
}

// checkArchive checks that a URL which isn't git's can be that of a file.
func (p *pin) checkArchive() error {
	u, err := url.Parse(p.URL)
	var spec *opamrepo.SpecError
	_, errKind := opamrepo.ParseKind(p.URL)
	switch {
	case err == nil && slices.Contains([]string{"http", "https"}, u.Scheme):
		return nil
	case err == nil && u.Scheme == "file":
		if info, err := os.Stat(u.Path); err == nil && info.IsDir() {
			return p.fail("which is a folder; a lock can name a commit in it: git+file://…")
		}
		return nil
	case strings.HasPrefix(p.URL, "git") && errors.As(errKind, &spec):
		return p.fail("which %s", spec.Reason)
	}
	return p.fail("which is neither a git repository (git+https://…) nor an archive by http, https or file")
}

// fetchArchive fetches an archive whose checksum nobody has told: the first
// fetch is trusted, and later ones have to give the same bytes.
func (r *resolver) fetchArchive(ctx context.Context, p *pin) (input.Result, error) {
	got, err := r.Fetcher.Fetch(ctx, []input.Request{{Name: p.id(), URLs: []string{p.URL}, Unchecked: true}})
	if err != nil {
		return input.Result{}, err
	}
	return got[0], nil
}

// findOpamFile finds a pinned package's opam file in its source, as that is
// now, and puts it into the store.
func (r *resolver) findOpamFile(p *pin) ([]byte, error) {
	src, err := p.fetch()
	if err != nil {
		return nil, err
	}
	p.locked.Source = &src
	sum, err := input.ParseDigest("sha256:" + src.SHA256)
	if err != nil {
		return nil, err
	}
	tree, err := r.sources().Open(sum, p.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.id(), err)
	}
	defer tree.Close()
	name, data, err := tree.OpamFile(p.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, p.fail("where no opam file is: neither %s.opam nor another place that opam knows", p.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.id(), err)
	}
	p.locked.OpamPath = name
	p.locked.OpamFile, err = r.put(data)
	return data, err
}
