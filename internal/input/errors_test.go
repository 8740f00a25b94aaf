package input

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refusing returns the URL of a port where nobody listens.
func refusing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// fetchError fetches what can't be had, and returns the error without the parts
// that differ from run to run.
func fetchError(t *testing.T, f Fetcher, replace []string, requests ...Request) (string, error) {
	t.Helper()
	_, err := f.Fetch(t.Context(), requests)
	if err == nil {
		t.Fatal("no error")
	}
	return strings.NewReplacer(append(replace, f.Store.Dir(), "STORE")...).Replace(err.Error()), err
}

func TestNotFound(t *testing.T) {
	s := serve(t, http.NotFound)
	d := SumBytes([]byte("x"))
	got, err := fetchError(t, fetcher(t), []string{s.URL, "http://host"},
		Request{Name: "b", Sum: d, URLs: []string{s.URL + "/1", "file:///none/2"}},
		Request{Name: "a", Checksums: sumsOf(nil)[2:]})
	want := `fetching inputs: 2 errors:
a: there is no place to fetch it from
b (` + d.String() + `): no place has it
  http://host/1: 404 Not Found
  file:///none/2: open /none/2: no such file or directory`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var missing *NotFoundError
	if !errors.As(err, &missing) || missing.Name != "a" {
		t.Errorf("got %v", missing)
	}
}

func TestWrongChecksum(t *testing.T) {
	s := serve(t, content([]byte("other")))
	d := SumBytes([]byte("right"))
	r := Request{Name: "thing", Sum: d, URLs: []string{strings.Replace(s.URL, "//", "//me:secret@", 1), refusing(t)}}
	got, err := fetchError(t, fetcher(t), []string{strings.TrimPrefix(s.URL, "http://"), "host"}, r)
	var wrong *ChecksumError
	if !errors.As(err, &wrong) || wrong.Sum != d || len(wrong.Tried) != 2 {
		t.Fatalf("got %v", err)
	}
	want := "http://me:xxxxx@host: other bytes: got sha256=" + SumBytes([]byte("other")).Hex() + ", want sha256=" + d.Hex()
	if !strings.Contains(got, want) || strings.Contains(got, "secret") {
		t.Errorf("got %s\nwant in it %s", got, want)
	}
}

func TestUnavailable(t *testing.T) {
	s := serve(t, http.NotFound)
	f := fetcher(t)
	_, err := f.Fetch(t.Context(), []Request{request([]byte("x"), s.URL, refusing(t))})
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}

// countingTransport counts attempts to connect.
type countingTransport struct{ n atomic.Int32 }

func (c *countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return nil, &net.OpError{Op: "dial", Err: errors.New("unreachable")}
}

// A host that can't be reached is given up, so that a closed network doesn't
// cost a timeout per input.
func TestUnreachableHostIsGivenUp(t *testing.T) {
	transport := &countingTransport{}
	f := fetcher(t)
	f.Transport, f.Parallel = transport, 2
	var requests []Request
	for i := range 50 {
		requests = append(requests, request([]byte{byte(i)}, "https://host.example/x"))
	}
	_, err := f.Fetch(t.Context(), requests)
	if n := transport.n.Load(); n > 6 || err == nil {
		t.Errorf("%d connections for 50 inputs: %v", n, err)
	}
}

func TestOffline(t *testing.T) {
	data := []byte("x")
	s := serve(t, content(data))
	f := fetcher(t)
	f.Offline = true
	f.Mirrors.ByHash = []Mirror{{URL: s.URL}}
	second := Request{Name: "another", Sum: SumBytes([]byte("y")), URLs: []string{s.URL}}
	got, err := fetchError(t, f, nil, request(data, s.URL), second)
	want := `fetching inputs: offline, and 2 inputs are not in the cache folder:
  another (` + second.Sum.String() + `)
  thing (` + SumBytes(data).String() + `)`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var offline *OfflineError
	if !errors.As(err, &offline) || len(offline.Missing) != 2 || len(s.asked()) != 0 {
		t.Errorf("asked %v: %v", s.asked(), err)
	}
	if len(f.Store.files(t)) != 0 {
		t.Errorf("left over: %v", f.Store.files(t))
	}
}

// What can be had is fetched, whatever else fails.
func TestFailureStopsNobody(t *testing.T) {
	data := payload(1000)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/good" {
			content(data)(w, r)
			return
		}
		http.NotFound(w, r)
	})
	f := fetcher(t)
	f.Parallel = 1
	if _, err := f.Fetch(t.Context(), []Request{request([]byte("x"), s.URL+"/bad"), request(data, s.URL+"/good")}); err == nil {
		t.Fatal("no error")
	}
	if !f.Store.Has(SumBytes(data)) {
		t.Error("the other input isn't there")
	}
}
