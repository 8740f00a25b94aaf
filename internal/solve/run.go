package solve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/moby/buildkit/client/llb"
)

// DefaultTail is how many lines of a failed step's log its error shows when
// [RunOptions.Tail] is zero.
const DefaultTail = 20

// Request is one definition to solve.
type Request struct {
	// Name is the target's: it is in errors and before the progress of what
	// belongs to no vertex of the definition. Unique among a run's requests.
	Name string
	// Definition is what to solve.
	Definition *llb.Definition
	// OCIStores are folders in the OCI image layout, by the name the
	// definition calls them (llb.OCIStore).
	OCIStores map[string]string
	// LocalDirs are folders by the name the definition calls them (llb.Local).
	LocalDirs map[string]string
	// Export is the folder that the result's files shall make up; what was
	// there before is replaced as a whole. Empty: nothing is exported.
	Export string
	// OnExport looks at the files in dir before they take their place; if it
	// fails they don't. May be nil.
	OnExport func(ctx context.Context, dir string) error
	// Tar reads the result as a tar stream, in the place of Export. If it fails,
	// so does the request; what it leaves unread is thrown away. Nil: nothing is
	// sent.
	Tar func(r io.Reader) error
	// CacheFrom and CacheTo are caches to import and export.
	CacheFrom, CacheTo []CacheEntry
}

// CacheEntry is a cache to import or export, as buildctl's --import-cache and
// --export-cache: Type "local" with Attrs "src" or "dest", "registry" with
// "ref", and so on.
type CacheEntry struct {
	Type  string
	Attrs map[string]string
}

// RunOptions say how a run shows and keeps what happens.
type RunOptions struct {
	// Progress is auto, plain, tty, rawjson or quiet; empty means auto.
	Progress string
	// Output is where progress is shown; for tty it must be a terminal's
	// *os.File. Nil shows nothing.
	Output io.Writer
	// LogDir gets one file per vertex that says something, written while it
	// runs; created when needed. Empty: no files.
	LogDir string
	// Tail is how many lines of a failed step's log its error has; 0 means
	// DefaultTail.
	Tail int
	// ModTime is set on all exported files and folders, unless zero.
	ModTime time.Time
	// Describe returns the command a vertex runs, by its digest
	// ("sha256:…"); "" or nil means the exec's own arguments.
	Describe func(digest string) string
	// DockerConfig is the folder of docker's config.json, for registry caches
	// that need a login; empty means none.
	DockerConfig string
}

// Result is what came of a request.
type Result struct {
	// Name is the request's.
	Name string
	// Vertices counts the definition's vertices.
	Vertices int
	// Cached counts those of them that didn't have to be executed.
	Cached int
	// Executed names the exec vertices that ran, sorted. One that two requests
	// share runs once and is named in both.
	Executed []string
	// Steps are the definition's vertices that BuildKit told about, in order
	// of their start, those that never started last, then by name.
	Steps []Step
	// Exporter is the exporter's response.
	Exporter map[string]string
	// Files are the exported files, relative to Export, slash-separated,
	// sorted.
	Files []string
}

// Step is a vertex as it went.
type Step struct {
	Name   string
	Digest string
	Exec   bool
	Cached bool
	// Started and Completed are the daemon's clock; zero if it didn't happen.
	Started, Completed time.Time
}

// Duration is from the first step's start to the last one's end, on the
// daemon's clock.
func (r Result) Duration() time.Duration {
	var first, last time.Time
	for _, s := range r.Steps {
		if !s.Started.IsZero() && (first.IsZero() || s.Started.Before(first)) {
			first = s.Started
		}
		if s.Completed.After(last) {
			last = s.Completed
		}
	}
	if first.IsZero() || last.Before(first) {
		return 0
	}
	return last.Sub(first)
}

// Run solves all requests at once and returns their results in the requests'
// order. A request that fails doesn't stop the others; its result is what is
// known of it. The error has all failures, sorted by request: [*StepError],
// [*LostError], [*RequestError]. When ctx ends, Run cancels the solves, waits
// for the daemon to end them, and returns an error that is ctx's cause.
func (e *Engine) Run(ctx context.Context, reqs []Request, o RunOptions) ([]Result, error) {
	if err := checkRequests(reqs); err != nil {
		return nil, err
	}
	h, err := newHub(len(reqs), o)
	if err != nil {
		return nil, err
	}
	results, errs := make([]Result, len(reqs)), make([]error, len(reqs))
	var all sync.WaitGroup
	for i := range reqs {
		all.Go(func() { results[i], errs[i] = e.solve(ctx, reqs[i], h, i, o) })
	}
	all.Wait()
	err = h.close()
	if ctx.Err() != nil {
		return results, fmt.Errorf("solving: %w", context.Cause(ctx))
	}
	return results, joinFailures(reqs, errs, err)
}

// joinFailures makes one error of all requests' and another one.
func joinFailures(reqs []Request, errs []error, other error) error {
	order := make([]int, len(reqs))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return reqs[order[i]].Name < reqs[order[j]].Name })
	all := &multierror.Error{ErrorFormat: joinErrors}
	for _, i := range order {
		if errs[i] != nil {
			all = multierror.Append(all, errs[i])
		}
	}
	if other != nil {
		all = multierror.Append(all, other)
	}
	return all.ErrorOrNil()
}

// joinErrors spells errors one after another.
func joinErrors(errs []error) string {
	list := make([]string, len(errs))
	for i, err := range errs {
		list[i] = err.Error()
	}
	return strings.Join(list, "\n")
}

// checkRequests refuses requests that would get in each other's way.
func checkRequests(reqs []Request) error {
	names, exports := map[string]bool{}, map[string]string{}
	for _, r := range reqs {
		if names[r.Name] {
			return fmt.Errorf("solving: two requests are named %q", r.Name)
		}
		names[r.Name] = true
		if r.Definition == nil || len(r.Definition.Def) == 0 {
			return &RequestError{Request: r.Name, Err: errors.New("its definition is empty")}
		}
		if r.Export == "" {
			continue
		}
		if r.Tar != nil {
			return &RequestError{Request: r.Name, Err: errors.New("it exports and sends a tar")}
		}
		dir := filepath.Clean(r.Export)
		if other, ok := exports[dir]; ok {
			return fmt.Errorf("solving: %q and %q export to the same folder %s", other, r.Name, dir)
		}
		exports[dir] = r.Name
	}
	return nil
}
