package input

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// errStalled is the answer of a place that sends nothing for too long.
var errStalled = errors.New("it stopped sending")

// client opens places.
type client struct {
	http      *http.Client
	stall     time.Duration
	userAgent string
}

// body is what a place sends.
type body struct {
	io.ReadCloser
	start int64  // position of the first byte in the input
	total int64  // size of the whole input, negative if the place doesn't say
	etag  string // strong validator, if any
}

// client makes the client of one Fetch, and what closes its connections.
func (f Fetcher) client() (*client, func()) {
	transport, done := f.Transport, func() {}
	if transport == nil {
		own := &http.Transport{
			Proxy:               f.Proxy,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			MaxIdleConnsPerHost: f.parallel(),
			ForceAttemptHTTP2:   true,
		}
		transport, done = own, own.CloseIdleConnections
	}
	limit := f.parallel() + f.retries()
	return &client{
		http:      &http.Client{Transport: &gate{next: transport, limit: limit, failures: map[string]int{}}},
		stall:     cmp.Or(f.Stall, time.Minute),
		userAgent: cmp.Or(f.UserAgent, "ofarm"),
	}, done
}

// open asks a place for the bytes from start on. The place may send all of
// them nonetheless.
func (c *client) open(ctx context.Context, place string, start int64, etag string) (*body, error) {
	u, err := url.Parse(place)
	if err != nil {
		return nil, &placeError{err}
	}
	switch u.Scheme {
	case "file":
		return openFile(u, start)
	case "http", "https":
		return c.get(ctx, u, start, etag)
	}
	return nil, &placeError{fmt.Errorf("the scheme %q is not file, http or https", u.Scheme)}
}

// openFile opens a file:// URL.
func openFile(u *url.URL, start int64) (*body, error) {
	path, err := filePath(u)
	if err != nil {
		return nil, &placeError{err}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &placeError{err}
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a file")
	}
	if err == nil && info.Size() < start {
		start = 0
	}
	if err == nil {
		_, err = f.Seek(start, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, &placeError{err}
	}
	return &body{ReadCloser: f, start: start, total: info.Size()}, nil
}

// get makes a GET request. A range that the server can't serve is asked for as
// a whole.
func (c *client) get(ctx context.Context, u *url.URL, start int64, etag string) (*body, error) {
	w := watch(ctx, c.stall)
	resp, err := c.http.Do(c.request(w.ctx, u, start, etag))
	if err != nil {
		err = w.cause(bare(err))
		w.Close()
		return nil, err
	}
	w.ReadCloser = resp.Body
	b := &body{ReadCloser: w, total: resp.ContentLength, etag: strong(resp.Header.Get("ETag"))}
	switch {
	case resp.StatusCode == http.StatusOK:
		return b, nil
	case resp.StatusCode == http.StatusPartialContent && rangeStart(resp) == start && start > 0:
		b.start = start
		if b.total >= 0 {
			b.total += start
		}
		return b, nil
	}
	w.Close()
	if start > 0 && badRange(resp.StatusCode) {
		return c.get(ctx, u, 0, "")
	}
	return nil, &statusError{code: resp.StatusCode, after: retryAfter(resp)}
}

// badRange reports whether the status answers a request for a range, and not as
// it was asked.
func badRange(code int) bool {
	return code == http.StatusPartialContent || code == http.StatusRequestedRangeNotSatisfiable
}

// request makes the request for the bytes from start on. It asks for the bytes
// as they are: a server that packs them would spoil the checksum.
func (c *client) request(ctx context.Context, u *url.URL, start int64, etag string) *http.Request {
	r := (&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}).WithContext(ctx)
	r.Header.Set("User-Agent", c.userAgent)
	r.Header.Set("Accept-Encoding", "identity")
	if start > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", start))
		if etag != "" {
			r.Header.Set("If-Range", etag)
		}
	}
	return r
}

// strong returns the ETag if it promises equal bytes.
func strong(etag string) string {
	if strings.HasPrefix(etag, `"`) {
		return etag
	}
	return ""
}

// rangeStart is the first position of a partial answer, or -1.
func rangeStart(resp *http.Response) int64 {
	var first, last int64
	if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/", &first, &last); err != nil {
		return -1
	}
	return first
}

// retryAfter is how long the server asks to wait, if it says so in seconds.
func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 1<<20)) * time.Second
}

// watched is a response body that fails when nothing comes for too long.
type watched struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	stall  time.Duration
}

// watch starts the clock of a request.
func watch(ctx context.Context, stall time.Duration) *watched {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(stall, func() { cancel(errStalled) })
	return &watched{ctx: ctx, cancel: cancel, stall: stall, timer: timer}
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.ReadCloser.Read(b)
	w.timer.Reset(w.stall)
	if err != nil && err != io.EOF {
		err = w.cause(err)
	}
	return n, err
}

// cause says why a request was cut off, if it was we who did so.
func (w *watched) cause(err error) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	return err
}

// Close ends the request, also one without an answer.
func (w *watched) Close() error {
	w.timer.Stop()
	w.cancel(nil)
	if w.ReadCloser == nil {
		return nil
	}
	return w.ReadCloser.Close()
}

// gate keeps requests from hosts that can't be reached.
type gate struct {
	next     http.RoundTripper
	limit    int // failed connections in a row after which a host is given up
	mu       sync.Mutex
	failures map[string]int
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.closed(r.URL.Host) {
		return nil, &placeError{fmt.Errorf("%s could not be reached before", r.URL.Host)}
	}
	resp, err := g.next.RoundTrip(r)
	if r.Context().Err() == nil {
		g.count(r.URL.Host, err)
	}
	return resp, err
}

// closed reports whether the host was given up.
func (g *gate) closed(host string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failures[host] >= g.limit
}

// count notes how a request ended.
func (g *gate) count(host string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var op *net.OpError
	switch {
	case isUnknownHost(err):
		g.failures[host] = g.limit
	case errors.As(err, &op) && op.Op == "dial" && op.Timeout():
		g.failures[host] += (g.limit + 1) / 2 // slow, and not likely to pass
	case errors.As(err, &op) && op.Op == "dial":
		g.failures[host]++
	case err == nil:
		g.failures[host] = 0
	}
}

// placeError is an answer that asking again won't change.
type placeError struct{ err error }

func (e *placeError) Error() string { return e.err.Error() }
func (e *placeError) Unwrap() error { return e.err }

// statusError is an HTTP answer without a file.
type statusError struct {
	code  int
	after time.Duration // how long the server asks to wait
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%d %s", e.code, http.StatusText(e.code))
}

// passes reports whether the answer may be another one later.
func (e *statusError) passes() bool {
	switch e.code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return e.after <= longestPause
	}
	return false
}

// mayPass reports whether asking the same place again may help, and how long
// it wants to be left alone before.
func mayPass(err error) (time.Duration, bool) {
	var status *statusError
	if errors.As(err, &status) {
		return status.after, status.passes()
	}
	var place *placeError
	var wrong *mismatch
	var certificate *tls.CertificateVerificationError
	lasting := err == nil || isLocalFailure(err) || isUnknownHost(err) || errors.As(err, &place) ||
		errors.As(err, &wrong) || errors.As(err, &certificate) || errors.Is(err, context.Canceled)
	return 0, !lasting
}

// isUnknownHost reports whether there is no host of that name.
func isUnknownHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// bare takes the method and the URL off an error: a message has them already.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// redact takes a password out of a URL.
func redact(place string) string {
	if u, err := url.Parse(place); err == nil && u.User != nil {
		return u.Redacted()
	}
	return place
}
