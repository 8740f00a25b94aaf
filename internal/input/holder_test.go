package input

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// heap is a holder in memory.
type heap map[Digest]string

func (h heap) Has(d Digest) bool {
	_, ok := h[d]
	return ok
}

var errBroken = errors.New("broken")

// OpenInput fails in the middle of what is "broken".
func (h heap) OpenInput(d Digest) (io.ReadCloser, error) {
	var r io.Reader = strings.NewReader(h[d])
	if h[d] == "broken" {
		r = io.MultiReader(r, failing{})
	}
	return io.NopCloser(r), nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

// holding returns a fetcher with a holder of the texts.
func holding(t *testing.T, texts ...string) Fetcher {
	h := heap{}
	for _, text := range texts {
		h[SumBytes([]byte(text))] = text
	}
	f := fetcher(t)
	f.Holders = []Holder{heap{}, h}
	return f
}

func TestHolderComesFirst(t *testing.T) {
	s := serve(t, http.NotFound)
	f := holding(t, "held")
	f.Mirrors.ByHash = []Mirror{{URL: s.URL, First: true}}
	mustFetch(t, f, []byte("held"), request([]byte("held"), s.URL))
	if asked := s.asked(); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
}

// What an interrupted transfer has left doesn't spoil what a holder gives.
func TestHolderAfterBrokenTransfer(t *testing.T) {
	data := payload(1000)
	s := serve(t, broken(data, 100, http.NotFound))
	f := fetcher(t)
	if _, err := f.Fetch(t.Context(), []Request{request(data, s.URL)}); err == nil {
		t.Fatal("no error")
	}
	f.Holders = holding(t, string(data)).Holders
	mustFetch(t, f, data, request(data))
}

// Who has an input and can't give it is to blame; nobody else is asked.
func TestBrokenHolder(t *testing.T) {
	s := serve(t, content([]byte("broken")))
	f := holding(t, "broken", "fine")
	_, err := f.Fetch(t.Context(), []Request{request([]byte("broken"), s.URL), request([]byte("fine"))})
	var held *HolderError
	if !errors.As(err, &held) || held.Name != "thing" || !errors.Is(err, errBroken) || len(s.asked()) > 0 {
		t.Errorf("asked %v: %v", s.asked(), err)
	}
	if !f.Store.Has(SumBytes([]byte("fine"))) || f.Store.Has(SumBytes([]byte("broken"))) {
		t.Error("the store has the wrong ones")
	}
	wrong := heap{SumBytes([]byte("right")): "wrong"}
	f.Holders = []Holder{wrong}
	if _, err := f.Fetch(t.Context(), []Request{request([]byte("right"))}); !errors.As(err, &held) {
		t.Errorf("other bytes: %v", err)
	}
	if left := f.Store.files(t); len(left) != 1 {
		t.Errorf("left over: %v", left)
	}
}

func TestTake(t *testing.T) {
	s := serve(t, content([]byte("elsewhere")))
	f := holding(t, "held")
	err := f.Take(t.Context(), []Request{request([]byte("held")), request([]byte("elsewhere"), s.URL), {Name: "x", Unchecked: true}})
	if err != nil || !f.Store.Has(SumBytes([]byte("held"))) || len(s.asked()) > 0 {
		t.Errorf("asked %v: %v", s.asked(), err)
	}
	var b bytes.Buffer
	f.Progress = func(e Event) { b.WriteString(e.Name) }
	if err := f.Take(t.Context(), nil); err != nil || b.Len() > 0 {
		t.Errorf("%s: %v", b.String(), err)
	}
}

func TestOfflineNamesHolders(t *testing.T) {
	f := holding(t, "held")
	f.Offline = true
	_, err := f.Fetch(t.Context(), []Request{request([]byte("other"))})
	var offline *OfflineError
	if !errors.As(err, &offline) || !offline.Held || !strings.Contains(err.Error(), "1 input is neither in the cache folder nor in a bundle") {
		t.Errorf("got %v", err)
	}
}

// stopping is a holder that stops after some bytes of each reading.
type stopping struct {
	heap
	after int
	from  []int64 // where readings began
}

func (s *stopping) OpenInput(d Digest) (io.ReadCloser, error) { return s.OpenInputAt(d, 0) }

func (s *stopping) OpenInputAt(d Digest, offset int64) (io.ReadCloser, error) {
	s.from = append(s.from, offset)
	rest := s.heap[d][offset:]
	if len(rest) <= s.after {
		return io.NopCloser(strings.NewReader(rest)), nil
	}
	return io.NopCloser(io.MultiReader(strings.NewReader(rest[:s.after]), failing{})), nil
}

// TestResumer takes an input in pieces, in the middle of which its first bytes
// are damaged.
func TestResumer(t *testing.T) {
	data := "abcdefgh"
	sum := SumBytes([]byte(data))
	h := &stopping{heap: heap{sum: data}, after: 3}
	f := fetcher(t)
	f.Holders = []Holder{h}
	fetch := func() error {
		_, err := f.Fetch(t.Context(), []Request{request([]byte(data))})
		return err
	}
	for range 2 {
		if err := fetch(); !errors.Is(err, errBroken) {
			t.Fatalf("got %v", err)
		}
	}
	part := filepath.Join(f.Store.Dir(), partialDir, "sha256-"+sum.Hex())
	if got, err := os.ReadFile(part); string(got) != "abcdef" {
		t.Fatalf("%q is left: %v", got, err)
	}
	if err := os.WriteFile(part, []byte("abXdef"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := fetch(); !errors.Is(err, errBroken) {
		t.Fatalf("got %v", err)
	}
	h.after = 5
	mustFetch(t, f, []byte(data), request([]byte(data)))
	if diff := cmp.Diff([]int64{0, 3, 6, 0, 3}, h.from); diff != "" {
		t.Errorf("began (-want +got)\n%s", diff)
	}
}
