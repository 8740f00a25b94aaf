package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/hashicorp/go-multierror"
	"golang.org/x/sync/errgroup"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opamrepo"
)

// Fetcher brings sources into the store of Files: files as that does, and the
// trees of git's commits, as the tar that [opamrepo.Git.Archive] makes.
type Fetcher struct {
	Files input.Fetcher
	// Git fetches commits. It is offline where Files is.
	Git opamrepo.Git
	// TempDir is where packed archives are unpacked; empty means [os.TempDir].
	TempDir string
	// Tell is told what is about to be fetched from a git remote, if set; several
	// goroutines call it at once. Files report to their own Progress.
	Tell func(name, place string)
}

// Request asks for a locked source, which messages call name.
func Request(name string, src lock.Source) (input.Request, error) {
	r := input.Request{Name: name, Size: src.Size, URLs: src.URLs}
	var err error
	if r.Sum, err = input.ParseDigest("sha256:" + src.SHA256); err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	for _, c := range src.Checksums {
		sum, err := input.ParseChecksum(c)
		if err != nil {
			return r, fmt.Errorf("%s: %w", name, err)
		}
		r.Checksums = append(r.Checksums, sum)
	}
	return r, nil
}

// isGit tells whether a URL is that of a git repository.
func isGit(place string) bool {
	kind, err := opamrepo.ParseKind(place)
	return err == nil && kind == opamrepo.GitCommit
}

// Fetch brings every requested source into the store. A request whose first URL
// is that of a git commit needs the digest: by-hash mirrors are asked for it,
// and then it is made again of the commit. One source that can't be had
// doesn't keep the others from being fetched; all failures are reported. A
// commit whose tree is another one is an [*input.ChecksumError].
func (f Fetcher) Fetch(ctx context.Context, requests []input.Request) error {
	var files, commits []input.Request
	for _, r := range requests {
		if len(r.URLs) > 0 && isGit(r.URLs[0]) {
			commits = append(commits, r)
		} else {
			files = append(files, r)
		}
	}
	_, err := f.Files.Fetch(ctx, files)
	if len(commits) == 0 {
		return err
	}
	errs := make([]error, len(commits))
	var group errgroup.Group
	group.SetLimit(parallelCommits)
	for i, r := range commits {
		group.Go(func() error {
			errs[i] = f.fetchCommit(ctx, r)
			return nil
		})
	}
	group.Wait() //nolint:errcheck // it has none: they are in errs
	return multierror.Append(multierror.Append(nil, err), errs...).ErrorOrNil()
}

// parallelCommits is how many commits are fetched at once.
const parallelCommits = 4

// fetchCommit brings the source of a locked commit into the store.
func (f Fetcher) fetchCommit(ctx context.Context, r input.Request) error {
	mirrored := r
	mirrored.URLs = nil
	_, errFiles := f.Files.Fetch(ctx, []input.Request{mirrored})
	var held *input.HolderError
	if errFiles == nil || ctx.Err() != nil || errors.As(errFiles, &held) {
		return errFiles
	}
	_, _, err := f.archive(ctx, r.Name, r.URLs[0], r.Sum.Checksum())
	var wrong *input.ChecksumError
	var offline *opamrepo.OfflineError
	if len(f.Files.Holders) > 0 && errors.As(err, &offline) {
		return errFiles
	}
	if errors.As(err, &wrong) {
		return &input.ChecksumError{Failure: input.Failure{
			Name: r.Name, Sum: r.Sum, Tried: []input.Try{{Place: Redacted(r.URLs[0]), Answer: wrong.Tried[0].Answer}},
		}}
	}
	return err
}

// Archive brings the tree that a git URL names now into the store, and returns
// the URL with its commit. name is what messages call the source.
func (f Fetcher) Archive(ctx context.Context, name, place string) (locked string, got input.Result, err error) {
	commit, got, err := f.archive(ctx, name, place)
	if err != nil {
		return "", got, err
	}
	locked, err = opamrepo.LockedURL(place, commit)
	return locked, got, err
}

// archive brings the tree that a git URL names into the store, if it has all the
// checksums.
func (f Fetcher) archive(ctx context.Context, name, place string, sums ...input.Checksum) (commit string, got input.Result, err error) {
	if f.Tell != nil {
		f.Tell(name, Redacted(place))
	}
	g := f.Git
	g.Offline = g.Offline || f.Files.Offline
	pr, pw := io.Pipe()
	done := make(chan error, 1)
	go func() {
		var err error
		commit, err = g.Archive(ctx, pw, place)
		pw.CloseWithError(err)
		done <- err
	}()
	got.Sum, got.Size, err = f.Files.Store.PutUnknown(pr, sums...)
	pr.CloseWithError(errClosed)
	if errGit := <-done; errGit != nil && (err == nil || errors.Is(err, errGit)) {
		err = errGit
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return commit, got, err
}

// errClosed says that nobody reads an archive any more.
var errClosed = errors.New("the archive is not read to its end")

// Redacted is a URL without its password, for messages.
func Redacted(place string) string {
	u, err := url.Parse(place)
	if err != nil {
		return place
	}
	return u.Redacted()
}
