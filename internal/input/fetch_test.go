package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// payload returns n bytes that differ from place to place.
func payload(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return b
}

// server serves handler and counts the requests.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string // path, and range if there is one
}

func serve(t *testing.T, handler http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, strings.TrimSpace(r.URL.Path+" "+r.Header.Get("Range")))
		s.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// asked lists the requests so far.
func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.requests...)
}

// content serves data, with ranges.
func content(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

// broken breaks off after the first n bytes of an answer that promises more;
// the next requests are served by then.
func broken(data []byte, n int, then http.HandlerFunc) http.HandlerFunc {
	var calls atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) > 1 {
			then(w, r)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		w.Write(data[:n])
	}
}

// fetcher returns a fetcher that doesn't wait.
func fetcher(t *testing.T) Fetcher {
	return Fetcher{
		Store: openStore(t),
		Stall: 20 * time.Second,
		Sleep: func(ctx context.Context, d time.Duration) error { return ctx.Err() },
	}
}

// request asks for data at the URLs.
func request(data []byte, urls ...string) Request {
	return Request{Name: "thing", Sum: SumBytes(data), Size: int64(len(data)), URLs: urls}
}

// mustFetch fetches and compares what arrived.
func mustFetch(t *testing.T, f Fetcher, data []byte, r Request) Result {
	t.Helper()
	results, err := f.Fetch(t.Context(), []Request{r})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Store.ReadFile(results[0].Sum); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("got %d bytes, %v", len(got), err)
	}
	if results[0].Size != int64(len(data)) {
		t.Errorf("got size %d", results[0].Size)
	}
	return results[0]
}

func TestFetch(t *testing.T) {
	data := payload(100_000)
	s := serve(t, content(data))
	f := fetcher(t)
	r := mustFetch(t, f, data, request(data, s.URL+"/a"))
	if r.From != s.URL+"/a" {
		t.Errorf("got from %q", r.From)
	}
	r = mustFetch(t, f, data, request(data, s.URL+"/a"))
	if r.From != "" || len(s.asked()) != 1 {
		t.Errorf("fetched again from %q: %v", r.From, s.asked())
	}
	if len(f.Store.files(t)) != 1 {
		t.Errorf("left over: %v", f.Store.files(t))
	}
}

func TestFetchByOtherSums(t *testing.T) {
	data := payload(1000)
	s := serve(t, content(data))
	for _, c := range sumsOf(data) {
		f := fetcher(t)
		r := Request{Name: "thing", Checksums: []Checksum{c}, URLs: []string{s.URL}}
		if got := mustFetch(t, f, data, r); got.Sum != SumBytes(data) {
			t.Errorf("%s: got %v", c, got)
		}
		if got := mustFetch(t, f, data, r); got.From != "" {
			t.Errorf("%s: fetched again", c)
		}
	}
	wrong := sumsOf([]byte("other"))
	_, err := fetcher(t).Fetch(t.Context(), []Request{{Name: "thing", Sum: SumBytes(data),
		Checksums: wrong[2:], URLs: []string{s.URL}}})
	var sum *ChecksumError
	if !errors.As(err, &sum) {
		t.Errorf("one wrong sum of two: got %v", err)
	}
}

func TestFetchUnchecked(t *testing.T) {
	var n atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "release %d", n.Add(1)) })
	f := fetcher(t)
	r := Request{Name: "InRelease", Unchecked: true, URLs: []string{s.URL}}
	first := mustFetch(t, f, []byte("release 1"), r)
	second := mustFetch(t, f, []byte("release 2"), r)
	if first.Sum == second.Sum {
		t.Error("an unchecked file came from the store")
	}
}

func TestOrderOfPlaces(t *testing.T) {
	r := Request{Sum: SumBytes(nil), URLs: []string{"https://up.example/x"}, Archive: "debian", Path: "pool/g++/a_1%3a+b~c.deb"}
	m := Mirrors{
		ByHash: []Mirror{{URL: "https://slow.example/c/"}, {URL: "https://near.example", First: true},
			{URL: "file:///srv/c"}, {URL: "http://127.0.0.1:8000"}},
		Archives: map[string][]string{"debian": {"https://deb.example/debian/"}, "alpine": {"https://no.example"}},
	}
	hash := "/sha256/e3/" + emptyHex
	want := []string{
		"https://near.example" + hash, "file:///srv/c" + hash, "http://127.0.0.1:8000" + hash,
		"https://up.example/x",
		"https://deb.example/debian/pool/g++/a_1%253a+b~c.deb",
		"https://slow.example/c" + hash,
	}
	if diff := cmp.Diff(want, m.places(r)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestStoreIsAMirror(t *testing.T) {
	data := payload(3000)
	other := openStore(t)
	sums := sumsOf(data)
	if _, _, err := other.PutUnknown(bytes.NewReader(data), sums...); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.FileServer(http.Dir(other.Dir())))
	defer s.Close()
	for _, base := range []string{s.URL, "file://" + other.Dir()} {
		for _, c := range sums {
			f := fetcher(t)
			f.Mirrors.ByHash = []Mirror{{URL: base}}
			mustFetch(t, f, data, Request{Name: "thing", Checksums: []Checksum{c}})
		}
	}
}

func TestNextPlaceAfterBadAnswer(t *testing.T) {
	data := payload(5000)
	flipped := bytes.Clone(data)
	flipped[17] ^= 1
	bad := map[string]http.HandlerFunc{
		"404":       http.NotFound,
		"403":       func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"garbage":   content([]byte("<html>log in</html>")),
		"flipped":   content(flipped),
		"longer":    content(append(bytes.Clone(data), 'x')),
		"empty":     content(nil),
		"loop":      func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
		"always502": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(502) },
		"truncated": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5000")
			w.Write(data[:10])
		},
	}
	good := serve(t, content(data))
	for name, handler := range bad {
		t.Run(name, func(t *testing.T) {
			s := serve(t, handler)
			f := fetcher(t)
			if r := mustFetch(t, f, data, request(data, s.URL, good.URL)); r.From != good.URL {
				t.Errorf("got from %q", r.From)
			}
			if len(f.Store.files(t)) != 1 {
				t.Errorf("left over: %v", f.Store.files(t))
			}
		})
	}
}

func TestRedirect(t *testing.T) {
	data := payload(10)
	good := serve(t, content(data))
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, good.URL+"/there", http.StatusFound) })
	mustFetch(t, fetcher(t), data, request(data, s.URL))
}

func TestRetries(t *testing.T) {
	data := payload(10)
	var calls atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch calls.Add(1) {
		case 1:
			w.WriteHeader(503)
		case 2:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(429)
		default:
			w.Write(data)
		}
	})
	f := fetcher(t)
	var pauses []time.Duration
	f.Sleep = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
	mustFetch(t, f, data, request(data, s.URL))
	if diff := cmp.Diff([]time.Duration{firstPause, 7 * time.Second}, pauses); diff != "" {
		t.Errorf("pauses (-want +got)\n%s", diff)
	}
}

func TestHowOftenAPlaceIsAsked(t *testing.T) {
	tests := map[string]struct{ status, retries, want int }{
		"404":      {404, 0, 1},
		"410":      {410, 0, 1},
		"403":      {403, 0, 1},
		"500":      {500, 0, 4},
		"500 once": {500, 1, 2},
		"never":    {500, -1, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(test.status) })
			f := fetcher(t)
			f.Retries = test.retries
			_, err := f.Fetch(t.Context(), []Request{request([]byte("x"), s.URL)})
			if err == nil || len(s.asked()) != test.want {
				t.Errorf("asked %d times, want %d: %v", len(s.asked()), test.want, err)
			}
		})
	}
}

func TestDedup(t *testing.T) {
	data := payload(100)
	s := serve(t, content(data))
	f := fetcher(t)
	var events []Event
	var mu sync.Mutex
	f.Progress = func(e Event) { mu.Lock(); defer mu.Unlock(); events = append(events, e) }
	r := request(data, s.URL)
	elsewhere := request(data, s.URL+"/b")
	elsewhere.Sum, elsewhere.Checksums = Digest{}, []Checksum{SumBytes(data).Checksum()}
	results, err := f.Fetch(t.Context(), []Request{r, elsewhere, r})
	if err != nil || len(s.asked()) != 1 {
		t.Fatalf("%v: %v", s.asked(), err)
	}
	for _, got := range results {
		if got.Sum != SumBytes(data) {
			t.Errorf("got %v", results)
		}
	}
	if events[0].State != Queued || events[len(events)-1].State != Done || len(events) != 3 {
		t.Errorf("got events %v", events)
	}
}

func TestManyInParallel(t *testing.T) {
	var now, most atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		fmt.Fprint(w, r.URL.Path)
	})
	var requests []Request
	for i := range 60 {
		p := fmt.Sprintf("/file-%d", i)
		requests = append(requests, Request{Name: p, Sum: SumBytes([]byte(p)), URLs: []string{s.URL + p}})
	}
	f := fetcher(t)
	f.Parallel = 3
	results, err := f.Fetch(t.Context(), requests)
	if err != nil || most.Load() > 3 {
		t.Fatalf("%d at once: %v", most.Load(), err)
	}
	for i, r := range results {
		if r.Sum != requests[i].Sum {
			t.Errorf("result %d is another's", i)
		}
	}
}

func TestBadRequests(t *testing.T) {
	tests := map[string]Request{
		"no checksum": {Name: "x"},
		"climbs":      {Name: "x", Sum: SumBytes(nil), Archive: "debian", Path: "../x"},
		"absolute":    {Name: "x", Sum: SumBytes(nil), Archive: "debian", Path: "/x"},
		"two sums":    {Name: "x", Sum: SumBytes(nil), Checksums: []Checksum{SumBytes([]byte("x")).Checksum()}},
		"bad sum":     {Name: "x", Checksums: []Checksum{{Kind: "md5", Hex: "../../x"}}},
	}
	for name, r := range tests {
		if _, err := fetcher(t).Fetch(t.Context(), []Request{r}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFileURLs(t *testing.T) {
	data := payload(100)
	dir := t.TempDir()
	path := filepath.Join(dir, "a b%20.tar")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	f := fetcher(t)
	f.Offline = true
	f.Mirrors.Archives = map[string][]string{"local": {"file://" + dir}}
	mustFetch(t, f, data, Request{Name: "thing", Sum: SumBytes(data), Archive: "local", Path: "a b%20.tar"})

	for _, bad := range []string{"file://", "file://host/x", "file://" + dir, "ftp://host/x", "://", "plain"} {
		if _, err := fetcher(t).Fetch(t.Context(), []Request{request(data, bad)}); err == nil {
			t.Errorf("%q gave the file", bad)
		}
	}
}
