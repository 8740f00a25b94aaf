package input

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// firstPause is the wait before the first retry; it doubles each time.
	firstPause = 500 * time.Millisecond
	// longestPause bounds the wait, also the one that a server asks for: who
	// wants more has failed, and the next place is asked.
	longestPause = time.Minute
	// eventStep is how many bytes pass between two events of one transfer.
	eventStep = 256 << 10
)

// download is the transfer of one input.
type download struct {
	fetcher Fetcher
	client  *client
	group   *group
	part    *partial
	tried   []Try
	etag    string // of the last answer
	etagOf  string // the place that gave it
	told    int64  // bytes at the last event
}

// run asks one place after another.
func (d *download) run(ctx context.Context) (Result, error) {
	if err := d.open(ctx); err != nil {
		return Result{}, d.local(err)
	}
	defer d.part.close()
	if r, ok := d.already(); ok {
		return r, nil
	}
	if r, held, err := d.take(); held || err != nil {
		return r, err
	}
	places := d.group.places
	if d.fetcher.Offline {
		places = withoutRemote(places)
	}
	for _, place := range places {
		err := d.ask(ctx, place)
		if err == nil {
			return d.commit(place)
		}
		if isLocalFailure(err) || ctx.Err() != nil {
			return Result{}, err
		}
		d.tried = append(d.tried, Try{Place: redact(place), Answer: err})
	}
	return Result{}, d.fetcher.failure(Failure{Name: d.group.Name, Sum: d.group.digest(), Tried: d.tried})
}

// open opens the partial file.
func (d *download) open(ctx context.Context) (err error) {
	if sums := d.group.checksums(); len(sums) > 0 {
		d.part, err = d.fetcher.Store.openPartial(ctx, sums)
	} else {
		d.part, err = d.fetcher.Store.newPartial(nil)
	}
	return err
}

// already looks whether there is nothing left to do: another process has
// stored the input, or an interrupted one had got all its bytes.
func (d *download) already() (Result, bool) {
	if r, ok := d.fetcher.lookup(d.group); ok {
		d.part.discard()
		return r, true
	}
	if d.part.size() > 0 && d.part.sums.check(d.group.Size) == nil {
		r, err := d.commit("")
		return r, err == nil
	}
	return Result{}, false
}

// commit puts the file into the store.
func (d *download) commit(place string) (Result, error) {
	sum, err := d.part.commit()
	if err != nil {
		return Result{}, d.local(err)
	}
	return Result{Sum: sum, Size: d.part.size(), From: redact(place)}, nil
}

// ask asks one place, again after failures that may pass.
func (d *download) ask(ctx context.Context, place string) error {
	pause := firstPause
	for attempt := 0; ; attempt++ {
		err := d.attempt(ctx, place)
		wait, again := mayPass(err)
		if !again || attempt == d.fetcher.retries() || ctx.Err() != nil {
			return err
		}
		if err := d.fetcher.sleep(ctx, max(pause, wait)); err != nil {
			return err
		}
		pause = min(2*pause, longestPause)
	}
}

// attempt transfers the input, or what is missing of it. If it doesn't fit to
// what was there before, it is transferred as a whole.
func (d *download) attempt(ctx context.Context, place string) error {
	resumed, err := d.transfer(ctx, place)
	var wrong *mismatch
	for errors.As(err, &wrong) {
		if err := d.restart(); err != nil {
			return err
		}
		if !resumed {
			break
		}
		resumed, err = d.transfer(ctx, place)
	}
	return err
}

// transfer makes one request. It reports whether earlier bytes were built upon.
func (d *download) transfer(ctx context.Context, place string) (resumed bool, err error) {
	if len(d.part.sums.wanted) == 0 {
		if err := d.restart(); err != nil {
			return false, err
		}
	}
	etag := ""
	if d.etagOf == place {
		etag = d.etag
	}
	body, err := d.client.open(ctx, place, d.part.size(), etag)
	if err != nil {
		return false, err
	}
	defer body.Close()
	d.etag, d.etagOf = body.etag, place
	if body.start == 0 {
		if err := d.restart(); err != nil {
			return false, err
		}
	}
	return body.start > 0, d.copy(body)
}

// copy appends the body and checks the whole.
func (d *download) copy(body *body) error {
	d.told = d.part.size()
	size := d.group.Size
	w := &tracked{download: d, total: cmp.Or(size, max(0, body.total))}
	d.progress(w.total)
	var r io.Reader = body
	if size > 0 {
		r = io.LimitReader(body, size-d.part.size()+1)
	}
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	if body.total < 0 && d.part.size() < size {
		return io.ErrUnexpectedEOF
	}
	return d.part.sums.check(size)
}

// progress tells how far the transfer is.
func (d *download) progress(total int64) {
	d.fetcher.tell(Event{ID: d.group.members[0], Name: d.group.Name, State: Fetching,
		Done: d.part.size(), Total: total, From: redact(d.etagOf)})
}

// restart throws away what was transferred.
func (d *download) restart() error {
	if err := d.part.restart(); err != nil {
		return d.local(err)
	}
	return nil
}

// tracked writes to a download's partial file and tells of it.
type tracked struct {
	*download
	total int64
}

func (t *tracked) Write(b []byte) (int, error) {
	n, err := t.part.Write(b)
	if err != nil {
		return n, t.local(err)
	}
	if t.part.size()-t.told >= eventStep {
		t.told = t.part.size()
		t.progress(t.total)
	}
	return n, nil
}

// localError is a failure of the store, for which no place is to blame.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// isLocalFailure reports whether asking elsewhere is of no use.
func isLocalFailure(err error) bool {
	var local *localError
	return errors.As(err, &local)
}

// local wraps a failure of the store. What was written to a full disk is
// removed, so that the disk isn't left full.
func (d *download) local(err error) error {
	err = spaceError(d.fetcher.Store.dir, d.group.Size, err)
	var full *NoSpaceError
	if errors.As(err, &full) {
		if d.part != nil {
			full.Need = max(d.group.Size, d.part.size())
			d.part.discard()
		}
		return &localError{full}
	}
	return &localError{fmt.Errorf("storing %s: %w", d.group.Name, err)}
}

// sleep waits between two attempts.
func (f Fetcher) sleep(ctx context.Context, pause time.Duration) error {
	if f.Sleep != nil {
		return f.Sleep(ctx, pause)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
