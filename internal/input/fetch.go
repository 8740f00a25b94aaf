package input

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Fetcher fetches inputs into a store. Only Store has to be set.
type Fetcher struct {
	// Store receives the inputs.
	Store *Store
	// Holders are asked first, in this order.
	Holders []Holder
	// Mirrors are asked besides the places that a request names.
	Mirrors Mirrors
	// Parallel is how many inputs are fetched at once; 0 means 8.
	Parallel int
	// Retries is how often one place is asked again after a passing failure;
	// 0 means 3, a negative number means never.
	Retries int
	// Offline forbids every connection. Local files are still read.
	Offline bool
	// Progress is told what happens, if set. Several goroutines call it at once.
	Progress func(Event)
	// UserAgent is sent with requests; empty means "ofarm".
	UserAgent string
	// Proxy chooses a proxy, such as [http.ProxyFromEnvironment]; nil means none.
	Proxy func(*http.Request) (*url.URL, error)
	// Transport makes the connections; nil means one of our own with Proxy.
	Transport http.RoundTripper
	// Stall is how long a transfer may stand still; 0 means a minute.
	Stall time.Duration
	// Sleep waits between retries; nil means to really wait. It returns the
	// context's error when that ends first.
	Sleep func(context.Context, time.Duration) error

	run *Run // set by Fetch
}

// group is several requests for one input.
type group struct {
	Request
	places  []string
	members []int // their positions in the list of requests
}

// Fetch brings every requested input into the store and returns them in the
// order of the requests. Requests for the same input are one transfer. An
// input that can't be had doesn't keep the others from being fetched: the
// error joins the failures of all. After a cancelled context, what was being
// transferred stays in the store's folder for partial files, to be resumed.
func (f Fetcher) Fetch(ctx context.Context, requests []Request) ([]Result, error) {
	f.run = &Run{}
	groups, err := f.group(requests)
	if err != nil {
		return nil, fmt.Errorf("fetching inputs: %w", err)
	}
	results := make([]Result, len(groups))
	errs := make([]error, len(groups))
	missing := f.stored(groups, results)
	f.fetchAll(ctx, missing, groups, results, errs)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("fetching inputs: %w", context.Cause(ctx))
	}
	if err := joinFailures(errs); err != nil {
		return nil, fmt.Errorf("fetching inputs: %w", err)
	}
	return spread(len(requests), groups, results), nil
}

// group joins the requests for the same input, in the order of the requests.
func (f Fetcher) group(requests []Request) ([]*group, error) {
	var groups []*group
	var errs []error
	byKey := map[string]*group{}
	for i, r := range requests {
		if err := r.check(); err != nil {
			errs = append(errs, err)
			continue
		}
		key := r.key(i)
		g := byKey[key]
		if g == nil {
			g = &group{Request: r}
			byKey[key] = g
			groups = append(groups, g)
		}
		g.add(i, r, f.Mirrors.places(r))
	}
	return groups, combine(errs)
}

// key is the same for two requests for the same input.
func (r Request) key(i int) string {
	if d := r.digest(); !d.IsZero() {
		return d.String()
	}
	if sums := r.checksums(); len(sums) > 0 {
		return sums[0].String()
	}
	return fmt.Sprint(i)
}

// add takes another request for the same input into the group.
func (g *group) add(i int, r Request, places []string) {
	g.members = append(g.members, i)
	g.places = unique(append(g.places, places...))
	g.Checksums = sortChecksums(append(g.Checksums, r.Checksums...))
	g.Size = cmp.Or(g.Size, r.Size)
}

// stored fills in the results that the store has, and returns the positions of
// the groups that have to be fetched.
func (f Fetcher) stored(groups []*group, results []Result) []int {
	var missing []int
	for i, g := range groups {
		if r, ok := f.lookup(g); ok {
			results[i] = r
		} else {
			missing = append(missing, i)
		}
	}
	for _, i := range missing {
		f.tell(Event{ID: groups[i].members[0], Name: groups[i].Name, State: Queued, Total: groups[i].Size})
	}
	return missing
}

// lookup asks the store. A file of the wrong size was damaged after it had been
// stored; it is fetched again.
func (f Fetcher) lookup(g *group) (Result, bool) {
	d, ok := f.Store.Find(g.checksums()...)
	if !ok {
		return Result{}, false
	}
	size, ok := f.Store.Size(d)
	return Result{Sum: d, Size: size}, ok && (g.Size == 0 || size == g.Size)
}

// fetchAll fetches the missing groups, some at a time.
func (f Fetcher) fetchAll(ctx context.Context, missing []int, groups []*group, results []Result, errs []error) {
	client, done := f.client()
	defer done()
	var eg errgroup.Group
	eg.SetLimit(f.parallel())
	for _, i := range missing {
		eg.Go(func() error {
			if ctx.Err() == nil {
				results[i], errs[i] = f.fetchOne(ctx, client, groups[i])
			}
			return nil
		})
	}
	_ = eg.Wait()
}

// fetchOne fetches one input and tells of its end.
func (f Fetcher) fetchOne(ctx context.Context, client *client, g *group) (Result, error) {
	d := &download{fetcher: f, client: client, group: g}
	result, err := d.run(ctx)
	event := Event{ID: g.members[0], Name: g.Name, State: Done, Done: result.Size, Total: result.Size, From: result.From}
	if err != nil {
		event.State = Failed
	}
	f.tell(event)
	return result, err
}

// parallel is how many inputs are fetched at once.
func (f Fetcher) parallel() int { return cmp.Or(max(f.Parallel, 0), 8) }

// retries is how often a place is asked again.
func (f Fetcher) retries() int { return max(0, cmp.Or(f.Retries, 3)) }

// tell reports an event, if anybody listens.
func (f Fetcher) tell(e Event) {
	if f.Progress != nil {
		e.Run = f.run
		f.Progress(e)
	}
}

// spread gives every request the result of its group.
func spread(n int, groups []*group, results []Result) []Result {
	all := make([]Result, n)
	for i, g := range groups {
		for _, member := range g.members {
			all[member] = results[i]
		}
	}
	return all
}

// isNotFound reports whether a place answered that it doesn't hold the input.
func isNotFound(err error) bool {
	var status *statusError
	if errors.As(err, &status) {
		return status.code == http.StatusNotFound || status.code == http.StatusGone
	}
	return errors.Is(err, os.ErrNotExist)
}

// withoutRemote drops the places that need a connection.
func withoutRemote(places []string) []string {
	return slices.DeleteFunc(slices.Clone(places), func(place string) bool {
		return !strings.HasPrefix(place, "file:")
	})
}
