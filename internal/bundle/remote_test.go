package bundle

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/registry"
	"github.com/ofarm/ofarm/internal/testworld/registrytest"
)

// shelf is a registry behind a proxy.
type shelf struct {
	*registrytest.Proxy
	t *testing.T
}

func newShelf(t *testing.T) shelf {
	t.Helper()
	p := registrytest.NewProxy(registrytest.Start(t))
	t.Cleanup(p.Close)
	return shelf{p, t}
}

func (s shelf) ref(name string) registry.Ref {
	s.t.Helper()
	r, err := registry.ParseRef(s.Host + "/" + name)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s shelf) options(name string) PushOptions {
	return PushOptions{Client: registry.New(registry.Options{}), To: s.ref(name)}
}

// push pushes the titled inputs from a store.
func (s shelf) push(name string, contents titled) Pushed {
	s.t.Helper()
	store, inputs := stored(s.t, contents)
	p, err := Push(s.t.Context(), s.options(name), []byte(testLock), inputs, store)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s shelf) open(name string) *Remote {
	s.t.Helper()
	b, err := OpenRemote(s.t.Context(), registry.New(registry.Options{}), s.ref(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// pull fetches all inputs of a bundle into a store, and writes it to a file.
func pull(ctx context.Context, b *Remote, store *input.Store, progress ...func(input.Event)) ([]byte, error) {
	lock, err := b.Lock()
	if err != nil {
		return nil, err
	}
	var list []input.Request
	for _, in := range b.Inputs() {
		list = append(list, input.Request{Name: in.Title, Sum: in.Sum, Size: in.Size})
	}
	f := input.Fetcher{Store: store, Holders: []input.Holder{b}, Offline: true, Parallel: 1}
	for _, p := range progress {
		f.Progress = p
	}
	if _, err := f.Fetch(ctx, list); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err = Write(ctx, &out, lock, b.Inputs(), store)
	return out.Bytes(), err
}

func emptyStore(t *testing.T) *input.Store {
	t.Helper()
	store, err := input.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// TestPushThenPull pushes a bundle from a store and from its file, and pulls the
// same bytes as the file has.
func TestPushThenPull(t *testing.T) {
	s := newShelf(t)
	data := written(t, some)
	pushed := s.push("team/hello:1", some)
	if pushed.Count != (Count{Inputs: 5}) || pushed.Sent != 6 || pushed.Size == 0 {
		t.Errorf("got %+v", pushed)
	}
	got, err := pull(t.Context(), s.open("team/hello:1"), emptyStore(t))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, want %d: %v", len(got), len(data), err)
	}
	b, err := Open(file(t, data))
	if err != nil {
		t.Fatal(err)
	}
	s.Asked()
	again, err := b.Push(t.Context(), s.options("team/hello:2"))
	if err != nil || again.Ref.Digest != pushed.Ref.Digest || again.Sent != 0 || again.Inputs != pushed.Inputs {
		t.Errorf("got %+v: %v", again, err)
	}
	if diff := cmp.Diff([]string{"PUT /v2/team/hello/manifests/2"}, s.Asked(http.MethodPut, http.MethodPost, http.MethodPatch)); diff != "" {
		t.Error(diff)
	}
	if b := s.open("team/hello@" + pushed.Ref.Digest.String()); b.Path() != "oci://"+s.Host+"/team/hello@"+pushed.Ref.Digest.String() {
		t.Errorf("got %s", b.Path())
	}
}

// TestPullResumes kills a pull in its middle: what was pulled isn't pulled again,
// and of what was being pulled only the rest.
func TestPullResumes(t *testing.T) {
	s := newShelf(t)
	large := titled{"a": "first", "b": strings.Repeat("second ", 1<<17)}
	s.push("team/hello:1", large)
	second := input.SumBytes([]byte(large["b"]))
	store := emptyStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.Answer(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, second.Hex()) {
			_, _ = io.WriteString(w, large["b"][:400_000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		next.ServeHTTP(w, r)
	})
	b, err := OpenRemote(ctx, registry.New(registry.Options{}), s.ref("team/hello:1"))
	if err != nil {
		t.Fatal(err)
	}
	kill := func(e input.Event) {
		if e.Name == "b" && e.Done > 0 {
			cancel()
		}
	}
	if _, err := pull(ctx, b, store, kill); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	var from string
	s.Answer(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		from += r.Header.Get("Range")
		next.ServeHTTP(w, r)
	})
	s.Asked()
	got, err := pull(t.Context(), s.open("team/hello:1"), store)
	if err != nil || !bytes.Equal(got, written(t, large)) {
		t.Errorf("%d bytes: %v", len(got), err)
	}
	if asked := strings.Join(s.Asked(http.MethodGet), " "); strings.Contains(asked, input.SumBytes([]byte("first")).Hex()) || !strings.HasPrefix(from, "bytes=") || from == "bytes=0-" {
		t.Errorf("asked %s from %q", asked, from)
	}
}

// TestRemoteDamage pulls from a registry that flips bytes of an input, cuts it
// off, and lacks it.
func TestRemoteDamage(t *testing.T) {
	s := newShelf(t)
	s.push("team/hello:1", some)
	title := "debian/pool/a_1.deb"
	sum := input.SumBytes([]byte(some[title]))
	spoil := func(answer func(w http.ResponseWriter, r *http.Request, next http.Handler)) error {
		t.Helper()
		s.Answer(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, sum.Hex()) {
				answer(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		})
		store := emptyStore(t)
		_, err := pull(t.Context(), s.open("team/hello:1"), store)
		if err == nil || !strings.Contains(err.Error(), title) {
			t.Fatalf("got %v, want %q named", err, title)
		}
		if store.Has(sum) {
			t.Error("it is in the store")
		}
		return err
	}
	change := func(f func([]byte) []byte) func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) { registrytest.Spoil(w, r, next, f) }
	}
	var damaged *DamagedError
	if err := spoil(change(func(b []byte) []byte { b[9] ^= 1; return b })); !errors.As(err, &damaged) ||
		damaged.Entry != "blobs/sha256/"+sum.Hex()+" ("+title+")" || !strings.HasPrefix(damaged.Path, "oci://"+s.Host) || !damaged.Remote {
		t.Errorf("flipped: %v", err)
	}
	var broken *registry.UnreachableError
	if err := spoil(change(func(b []byte) []byte { return b[:9] })); !errors.As(err, &broken) {
		t.Errorf("cut off: %v", err)
	}
	var none *registry.NotFoundError
	if err := spoil(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { http.Error(w, "", http.StatusNotFound) }); !errors.As(err, &none) {
		t.Errorf("lacking: %v", err)
	}
}

// TestNoBundle opens what a registry has and is no bundle.
func TestNoBundle(t *testing.T) {
	s := newShelf(t)
	s.push("team/hello:1", some)
	other := registry.Contents{
		MediaType: "application/vnd.oci.image.manifest.v1+json",
		Manifest:  []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}]}`),
	}
	if _, err := registry.New(registry.Options{}).Push(t.Context(), s.ref("team/hello:other"), other); err != nil {
		t.Fatal(err)
	}
	var none *NotBundleError
	if _, err := OpenRemote(t.Context(), registry.New(registry.Options{}), s.ref("team/hello:other")); !errors.As(err, &none) || !none.Remote {
		t.Errorf("got %v", err)
	}
	b := s.open("team/hello:1")
	lacking := input.SumBytes([]byte("none"))
	if _, err := b.OpenInput(lacking); b.Has(lacking) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestPushErrors pushes what the store lacks, or has damaged: nothing looks whole
// afterwards.
func TestPushErrors(t *testing.T) {
	s := newShelf(t)
	store, inputs := stored(t, titled{"a": "text"})
	fail := func(in ...Input) error {
		t.Helper()
		_, err := Push(t.Context(), s.options("team/hello:1"), []byte(testLock), in, store)
		if _, open := OpenRemote(t.Context(), registry.New(registry.Options{}), s.ref("team/hello:1")); open == nil {
			t.Error("there is a bundle")
		}
		return err
	}
	if err := fail(Input{Title: "b", Sum: input.SumBytes([]byte("none"))}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	path := store.Path(inputs[0].Sum)
	if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte("tExt"), 0o644)); err != nil {
		t.Fatal(err)
	}
	var damaged *registry.DamagedError
	if err := fail(inputs[0]); !errors.As(err, &damaged) || !strings.Contains(err.Error(), filepath.Base(path)) {
		t.Errorf("damaged: %v", err)
	}
}
