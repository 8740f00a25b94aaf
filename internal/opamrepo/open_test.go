package opamrepo

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
)

// server gives one tarball, which may change, and counts the requests.
type server struct {
	*httptest.Server
	data     atomic.Pointer[[]byte]
	requests atomic.Int32
}

func serve(t testing.TB, data []byte) *server {
	s := &server{}
	s.data.Store(&data)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(*s.data.Load()))
	}))
	t.Cleanup(s.Close)
	return s
}

func mustOpen(t testing.TB, o Options, url string) *Set {
	t.Helper()
	s, err := Open(context.Background(), []Spec{{"main", url}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func has(t testing.TB, s *Set, want ...string) {
	t.Helper()
	if got, err := s.Versions("a"); err != nil || !slices.Equal(got, want) {
		t.Errorf("versions of a: %q, %v; want %q", got, err, want)
	}
}

func TestTarballLifecycle(t *testing.T) {
	first := zip(t, pack(t, files("opam-repository-main/", repo("first", "a.1"))...))
	second := zip(t, pack(t, files("opam-repository-main/", repo("second", "a.2"))...))
	srv := serve(t, first)
	url := srv.URL + "/main.tar.gz"
	o := options(t)
	s := mustOpen(t, o, url)
	has(t, s, "1")
	o.Locked = s.Repositories()
	want := lock.Repository{Name: "main", URL: url, SHA256: input.SumBytes(first).Hex()}
	if o.Locked[0] != want {
		t.Errorf("locked %+v, want %+v", o.Locked[0], want)
	}

	srv.data.Store(&second)
	o.Fetcher.Offline = true
	has(t, mustOpen(t, o, url), "1")
	if n := srv.requests.Load(); n != 1 {
		t.Errorf("%d requests for a repository that is kept", n)
	}

	o.Fetcher.Offline, o.Update = false, true
	s = mustOpen(t, o, url)
	has(t, s, "2")
	if s.Repositories()[0].SHA256 != input.SumBytes(second).Hex() {
		t.Errorf("after an update: %+v", s.Repositories())
	}
}

// TestTarballGone opens a locked tarball on another machine, after its URL has
// got other bytes.
func TestTarballGone(t *testing.T) {
	srv := serve(t, zip(t, pack(t, files("", repo("new", "a.2"))...)))
	o := options(t)
	old := zip(t, pack(t, files("", repo("old", "a.1"))...))
	o.Locked = []lock.Repository{{Name: "main", URL: srv.URL + "/x.tar.gz", SHA256: input.SumBytes(old).Hex()}}
	_, err := Open(context.Background(), FromLock(o.Locked), o)
	var changed *ChangedError
	if !errors.As(err, &changed) || changed.SHA256 != o.Locked[0].SHA256 || changed.Name != "main" {
		t.Fatalf("got %v", err)
	}
	if _, err := o.Fetcher.Store.Put(bytes.NewReader(old), input.SumBytes(old)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(context.Background(), FromLock(o.Locked), o)
	if err != nil {
		t.Fatal(err)
	}
	has(t, s, "1")
}

func TestTarballOffline(t *testing.T) {
	o := options(t)
	o.Fetcher.Offline = true
	_, err := Open(context.Background(), []Spec{{"main", "https://127.0.0.1:1/x.tar.gz"}}, o)
	var offline *input.OfflineError
	if !errors.As(err, &offline) {
		t.Errorf("got %v", err)
	}
}

func TestTarballForms(t *testing.T) {
	plain := pack(t, files("./", repo("r", "a.1"))...)
	var x, z bytes.Buffer
	xw, err := xz.NewWriter(&x)
	if err != nil {
		t.Fatal(err)
	}
	zw, err := zstd.NewWriter(&z)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{xw, zw} {
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range map[string][]byte{"x.tar": plain, "x.tar.gz": zip(t, plain), "x.tar.xz": x.Bytes(), "x.tar.zst": z.Bytes(), "lies.tar.bz2": zip(t, plain)} {
		o := options(t)
		write(t, o.Dir, map[string]string{name: string(data)})
		for _, url := range []string{name, filepath.Join(o.Dir, name), "file://" + filepath.Join(o.Dir, name)} {
			s := mustOpen(t, o, url)
			has(t, s, "1")
			if got := s.Repositories()[0].URL; got != name && got != url {
				t.Errorf("%s is locked as %q", url, got)
			}
		}
	}
}

func TestNoRepository(t *testing.T) {
	o := options(t)
	write(t, o.Dir, map[string]string{
		"empty/x":       "",
		"none.tar":      string(pack(t, files("top/", map[string]string{"README": "x"})...)),
		"page.tar.gz":   "<html>sign in</html>",
		"short.tar.gz":  string(zip(t, pack(t, files("", repo("r", "a.1"))...))[:60]),
		"nothing.tar":   "",
		"file/packages": "",
	})
	for url, want := range map[string]string{
		"none":          "main (none): there is no such folder",
		"empty":         `main (empty): there is no folder "packages" in it`,
		"file":          `main (file): there is no folder "packages" in it`,
		"none.tar":      `there is no folder "packages" in the tarball`,
		"page.tar.gz":   "not a tarball",
		"short.tar.gz":  "unexpected EOF",
		"nothing.tar":   "not a tarball",
		"absent.tar.gz": "no such file",
	} {
		_, err := Open(context.Background(), []Spec{{"main", url}}, o)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "main") {
			t.Errorf("%s: got %v, want %q", url, err, want)
		}
	}
	if found := leftovers(t, o.Cache); len(found) > 0 {
		t.Errorf("left behind: %q", found)
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := Open(context.Background(), []Spec{{"main", "nowhere"}, {"overlay", "ftp://x"}, {"main", "y"}}, options(t))
	for _, want := range []string{"no such folder", `scheme "ftp"`, `are called "main"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

// TestInterrupted cancels an unpacking in its middle: nothing has the final
// name, and the next one cleans up and succeeds.
func TestInterrupted(t *testing.T) {
	o := options(t)
	write(t, o.Dir, map[string]string{"x.tar": string(pack(t, files("", repo("r", "a.1", "b.1"))...))})
	write(t, o.Cache, map[string]string{tempPrefix + "killed/0/packages/a/a.1/opam": "half"})
	ctx, cancel := context.WithCancel(context.Background())
	o.Tell = func(_ Spec, doing string) {
		if doing == "unpacking" {
			cancel()
		}
	}
	if _, err := Open(ctx, []Spec{{"main", "x.tar"}}, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	kept, err := filepath.Glob(filepath.Join(o.Cache, "sha256-*"))
	if err != nil || len(kept) > 0 {
		t.Errorf("kept %q, %v", kept, err)
	}
	o.Tell = nil
	has(t, mustOpen(t, o, "x.tar"), "1")
	if found := leftovers(t, o.Cache); len(found) > 0 {
		t.Errorf("left behind: %q", found)
	}
}

// TestTogether opens the same repositories many times at once.
func TestTogether(t *testing.T) {
	o := options(t)
	var unpacked atomic.Int32
	o.Tell = func(Spec, string) { unpacked.Add(1) }
	write(t, o.Dir, map[string]string{"x.tar": string(pack(t, files("", repo("r", "a.1"))...))})
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			s, err := Open(context.Background(), []Spec{{"main", "x.tar"}}, o)
			if err == nil {
				_, err = s.OpamFile("a", "1")
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if n := unpacked.Load(); n != 1 {
		t.Errorf("unpacked %d times", n)
	}
}

// TestRealRepository opens the whole of opam's own repository.
func TestRealRepository(t *testing.T) {
	testbed := os.Getenv("OFARM_TESTBED")
	if testbed == "" {
		t.Skip("OFARM_TESTBED names no test bed")
	}
	o := options(t)
	start := time.Now()
	s := mustOpen(t, o, filepath.Join(testbed, "opam-repository-2026-08-22.tar.xz"))
	t.Logf("opened for the first time in %v", time.Since(start))
	names, err := s.Names()
	if err != nil || len(names) != 4596 {
		t.Errorf("%d packages, %v", len(names), err)
	}
	versions, err := s.Versions("lwt")
	if err != nil || len(versions) < 20 {
		t.Errorf("versions of lwt: %q, %v", versions, err)
	}
	for _, v := range versions {
		if _, err := s.OpamFile("lwt", v); err != nil {
			t.Error(err)
		}
	}
	o.Locked, o.Fetcher.Offline = s.Repositories(), true
	start = time.Now()
	if _, err := Open(context.Background(), FromLock(o.Locked), o); err != nil {
		t.Error(err)
	}
	t.Logf("and again in %v", time.Since(start))
}
