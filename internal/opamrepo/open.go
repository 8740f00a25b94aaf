package opamrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
)

// Options say how repositories are opened.
type Options struct {
	// Dir is the project's folder, to which paths are relative.
	Dir string
	// Cache is the folder that keeps what was fetched; it is made when needed.
	Cache string
	// Fetcher fetches tarballs. Where it is offline, git is too.
	Fetcher input.Fetcher
	// Locked are the lock's repositories: a spec that one of them satisfies is
	// opened as that one is.
	Locked []lock.Repository
	// Update moves to what the specs name now; a whole commit names itself.
	Update bool
	// Git is the git program; empty means "git" on the PATH.
	Git string
	// Tell is told of what takes its time, if set: "fetching" of git remotes
	// and "unpacking". Tarballs report to the Fetcher's own progress.
	Tell func(repository Spec, doing string)
}

// Open opens the repositories, in overlay order. What has to be fetched for it
// is kept, so that opening the same again needs no connection. The mistakes of
// all repositories are reported at once, as a *multierror.Error.
func Open(ctx context.Context, specs []Spec, o Options) (*Set, error) {
	s := &Set{}
	var errs *multierror.Error
	for i, spec := range specs {
		if slices.ContainsFunc(specs[:i], func(t Spec) bool { return t.Name == spec.Name }) {
			errs = multierror.Append(errs, fmt.Errorf("two opam repositories are called %q", spec.Name))
			continue
		}
		r, err := o.open(ctx, spec)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("opening opam repository %s: %w", spec, context.Cause(ctx))
		}
		if err != nil {
			errs = multierror.Append(errs, err)
			continue
		}
		s.repositories = append(s.repositories, r)
	}
	if err := errs.ErrorOrNil(); err != nil {
		return nil, err
	}
	return s, nil
}

func (o Options) open(ctx context.Context, spec Spec) (*repository, error) {
	spec, err := spec.Relative(o.Dir)
	if err != nil {
		return nil, err
	}
	p, err := parsePlace(spec.URL)
	if err != nil {
		return nil, err
	}
	r := &repository{}
	switch p.kind {
	case Folder:
		r, err = o.openFolder(spec, p)
	case Tarball:
		r, err = o.openTarball(ctx, spec, p)
	case GitCommit:
		r, err = o.openGit(ctx, spec, p)
	}
	var own *NotRepositoryError
	var changed *ChangedError
	if err != nil && !errors.As(err, &own) && !errors.As(err, &changed) {
		err = fmt.Errorf("opening opam repository %s: %w", spec, err)
	}
	return r, err
}

// locked finds the lock's entry for a spec: of the same name if there are
// several.
func (o Options) locked(s Spec) (lock.Repository, bool) {
	var found []lock.Repository
	for _, r := range o.Locked {
		if s.Satisfied(r) {
			found = append(found, r)
		}
	}
	if len(found) == 0 || o.Update {
		return lock.Repository{}, false
	}
	i := slices.IndexFunc(found, func(r lock.Repository) bool { return r.Name == s.Name })
	return found[max(0, i)], true
}

func (o Options) tell(s Spec, doing string) {
	if o.Tell != nil {
		o.Tell(s, doing)
	}
}

func (o Options) openFolder(spec Spec, p place) (*repository, error) {
	dir, err := filepath.Abs(filepath.Join(o.Dir, filepath.FromSlash(p.base)))
	if err != nil {
		return nil, err
	}
	if !isDir(dir) {
		return nil, &NotRepositoryError{spec, "there is no such folder"}
	}
	if !isDir(filepath.Join(dir, packagesDir)) {
		return nil, &NotRepositoryError{spec, `there is no folder "packages" in it`}
	}
	return newRepository(lock.Repository{Name: spec.Name, URL: p.base}, dir), nil
}

// openTarball fetches the tarball, unless the locked one is here already.
func (o Options) openTarball(ctx context.Context, spec Spec, p place) (*repository, error) {
	locked, ok := o.locked(spec)
	if ok {
		if dir := o.kept("sha256-" + locked.SHA256); isDir(dir) {
			return newTarball(spec, p, locked.SHA256, dir), nil
		}
	}
	sum, err := o.fetch(ctx, spec, p, locked.SHA256)
	if err != nil {
		return nil, err
	}
	dir, err := o.keep(ctx, "sha256-"+sum.Hex(), func(into *os.Root) error {
		o.tell(spec, "unpacking")
		f, err := o.Fetcher.Store.OpenFile(sum)
		if err != nil {
			return err
		}
		defer f.Close()
		return unpackPacked(ctx, f, into)
	})
	if errors.Is(err, errNoPackages) {
		return nil, &NotRepositoryError{spec, `there is no folder "packages" in the tarball`}
	}
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	return newTarball(spec, p, sum.Hex(), dir), nil
}

func newTarball(spec Spec, p place, sum, dir string) *repository {
	return newRepository(lock.Repository{Name: spec.Name, URL: p.base, SHA256: sum}, dir)
}

// fetch brings the tarball into the fetcher's store. Without a locked sha256
// any bytes are the right ones: they give the repository its identity.
func (o Options) fetch(ctx context.Context, spec Spec, p place, locked string) (input.Digest, error) {
	r := input.Request{Name: "opam repository " + spec.Name, URLs: []string{p.base}, Unchecked: locked == ""}
	if p.isPath() {
		name, err := filepath.Abs(filepath.Join(o.Dir, filepath.FromSlash(p.base)))
		if err != nil {
			return input.Digest{}, err
		}
		r.URLs = []string{(&url.URL{Scheme: "file", Path: filepath.ToSlash(name)}).String()}
	}
	if locked != "" {
		sum, err := input.ParseDigest("sha256:" + locked)
		if err != nil {
			return input.Digest{}, err
		}
		r.Sum = sum
	}
	got, err := o.Fetcher.Fetch(ctx, []input.Request{r})
	var wrong *input.ChecksumError
	if errors.As(err, &wrong) {
		return input.Digest{}, &ChangedError{Spec: spec, SHA256: locked, Err: err}
	}
	if err != nil {
		return input.Digest{}, err
	}
	return got[0].Sum, nil
}

// openGit fetches the commit, unless it is here already.
func (o Options) openGit(ctx context.Context, spec Spec, p place) (*repository, error) {
	if locked, ok := o.locked(spec); ok {
		at, err := parsePlace(locked.URL)
		if err != nil {
			return nil, err
		}
		p.ref = at.ref
	}
	if isCommit(p.ref) && isDir(o.kept("git-"+p.ref)) {
		return o.newGit(spec, p, p.ref), nil
	}
	g := Git{Dir: filepath.Join(o.Cache, "git"), Offline: o.Fetcher.Offline, Program: cmp.Or(o.Git, "git")}
	remote, err := g.remote(p)
	if err != nil {
		return nil, err
	}
	o.tell(spec, "fetching")
	commit, err := remote.fetch(ctx, p.ref)
	if err != nil {
		return nil, err
	}
	_, err = o.keep(ctx, "git-"+commit, func(into *os.Root) error {
		o.tell(spec, "unpacking")
		return remote.unpack(ctx, commit, into)
	})
	if errors.Is(err, errNoPackages) {
		return nil, &NotRepositoryError{spec, `there is no folder "packages" in the commit ` + commit}
	}
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	return o.newGit(spec, p, commit), nil
}

func (o Options) newGit(spec Spec, p place, commit string) *repository {
	named, err := parsePlace(spec.URL)
	if err != nil {
		named = p
	}
	return newRepository(lock.Repository{Name: spec.Name, URL: p.lockedURL(commit), Ref: named.ref}, o.kept("git-"+commit))
}
