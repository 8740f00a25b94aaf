package farm_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/registry"
	"github.com/ofarm/ofarm/internal/testworld/registrytest"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
	"github.com/ofarm/ofarm/targets"
)

// baseBench is a project of two targets with a registry.
type baseBench struct {
	*registrytest.Proxy
	t       *testing.T
	dir     string
	world   *shellworld.World
	project *farm.Project
	lock    *lock.File
	ids     []lock.TargetID
	client  *registry.Client
}

func newBaseBench(t *testing.T) *baseBench {
	t.Helper()
	server := registrytest.Start(t)
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("apt-get install busybox-static")
	}
	root, err := shellworld.Busybox(busybox)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b := &baseBench{Proxy: registrytest.NewProxy(server), t: t, dir: dir, world: shellworld.New(filepath.Join(dir, "world"), root)}
	t.Cleanup(b.Close)
	b.client = registry.New(registry.Options{})
	at := filepath.Join(dir, "app")
	app := shellworld.Package{Name: "app", Script: "true\n"}
	if err := errors.Join(os.MkdirAll(b.path("bin"), 0o755), os.WriteFile(b.path("bin/ofarm-cc-linux-amd64"), nil, 0o755),
		b.world.Project(at, app, "", "alpine-3.20", "alpine-3.21")); err != nil {
		t.Fatal(err)
	}
	if b.project, err = farm.OpenProject(at); err != nil {
		t.Fatal(err)
	}
	if b.lock, _, err = b.project.ReadLock(); err != nil {
		t.Fatal(err)
	}
	if b.ids, err = farm.TargetIDs(b.lock, nil, targets.LinuxAMD64); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *baseBench) path(name string) string { return filepath.Join(b.dir, name) }

// farm opens a farm with a cache folder. With bases it has no mirror.
func (b *baseBench) farm(cache string, bases ...farm.BaseRef) *farm.Farm {
	b.t.Helper()
	f, err := farm.Open(b.path(cache), b.path("bin"), input.Fetcher{Offline: true})
	if err != nil {
		b.t.Fatal(err)
	}
	if len(bases) == 0 {
		f.Fetcher.Mirrors = b.world.Mirrors().For(b.lock.Targets)
	}
	f.Bases, f.Registry = bases, b.client
	return f
}

// images are the bases' images of builds of some targets.
func (b *baseBench) images(ctx context.Context, f *farm.Farm, ids ...lock.TargetID) ([]digest.Digest, error) {
	plans, err := f.Plans(ctx, farm.BuildOptions{Project: b.project, Lock: b.lock, Targets: ids})
	if err != nil {
		b.t.Fatal(err)
	}
	images, err := f.Images(ctx, b.project, b.lock, plans)
	var out []digest.Digest
	for i, img := range images {
		out = append(out, img.Roots[plans[i].Roots[0].Name])
	}
	return out, err
}

// push pushes the bases from a farm of their own.
func (b *baseBench) push() (refs []farm.BaseRef, digests []digest.Digest) {
	b.t.Helper()
	f := b.farm("pushing")
	bases, err := f.AssembleBases(b.t.Context(), b.lock, b.ids)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, base := range bases {
		pushed, err := f.PushBase(b.t.Context(), b.client, registry.Ref{Host: b.Host, Repository: "team/bases"}, base)
		if err != nil {
			b.t.Fatal(err)
		}
		refs = append(refs, farm.BaseRef{Ref: pushed.Ref})
		digests = append(digests, base.Image)
	}
	return refs, digests
}

// TestBasesFromRegistry takes bases from a registry, and never the package files
// that they are made of.
func TestBasesFromRegistry(t *testing.T) {
	b := newBaseBench(t)
	refs, digests := b.push()
	local, err := b.images(t.Context(), b.farm("local"), b.ids...)
	if err != nil || !slices.Equal(local, digests) || refs[0].Ref.Digest != digests[0] {
		t.Fatalf("assembled %s, pushed %s as %v: %v", local, digests, refs, err)
	}
	if want := "alpine-3.20-" + digests[0].Encoded()[:12]; refs[0].Ref.Tag != want {
		t.Errorf("the tag is %s, want %s", refs[0].Ref.Tag, want)
	}
	b.Asked()
	refs[1].Target = b.ids[1].Name
	f := b.farm("taking", refs...)
	for range 2 {
		if got, err := b.images(t.Context(), f, b.ids...); err != nil || !slices.Equal(got, digests) {
			t.Fatalf("took %s, want %s: %v", got, digests, err)
		}
	}
	if got := len(b.Asked(http.MethodGet)); got != 6 {
		t.Errorf("asked for %d things, want a manifest, a config and a layer of two", got)
	}
	f.Registry = registry.New(registry.Options{Offline: true})
	if got, err := b.images(t.Context(), f, b.ids[0]); err != nil || got[0] != digests[0] {
		t.Errorf("offline: %s: %v", got, err)
	}
	for _, where := range []string{"sha256/*/*", "partial/*"} {
		if left, _ := filepath.Glob(b.path("taking/pulls/" + where)); len(left) > 0 {
			t.Errorf("left over: %s", left)
		}
	}
	for _, p := range b.lock.Targets[0].Base {
		sum, _ := input.ParseDigest("sha256:" + p.SHA256)
		if f.Store.Has(sum) {
			t.Errorf("%s was fetched", p.Name)
		}
	}
}

// TestWrongBase names images that aren't the base.
func TestWrongBase(t *testing.T) {
	b := newBaseBench(t)
	refs, digests := b.push()
	first, second := refs[0], refs[1]
	fail := func(cache, want string, from ...farm.BaseRef) error {
		t.Helper()
		f := b.farm(cache, from...)
		if cache == "local" {
			f.Fetcher.Mirrors = b.world.Mirrors().For(b.lock.Targets)
		}
		_, err := b.images(t.Context(), f, b.ids[0])
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		return err
	}
	var wrong *farm.WrongBaseError
	swapped := farm.BaseRef{Ref: second.Ref, Target: b.ids[0].Name}
	if err := fail("one", "is not the base of alpine-3.20 as locked: it is made of other packages", swapped); !errors.As(err, &wrong) || wrong.Ref != second.Ref {
		t.Errorf("got %v", err)
	}
	// An honest base of the other target is no mistake, but it is of no use, and
	// the packages are nowhere.
	var offline *input.OfflineError
	if err := fail("two", "offline", second); !errors.As(err, &offline) {
		t.Errorf("got %v", err)
	}
	other := b.image("sha256:" + strings.Repeat("0", 64))
	fail("three", "is not the base of any target of the lock: it is made of other packages", farm.BaseRef{Ref: other})
	fail("four", "is not a base: ofarm hasn't assembled it", farm.BaseRef{Ref: b.image("")})
	// One that says that it is the base, and has other bytes, shows where the right
	// one is at hand.
	if _, err := b.images(t.Context(), b.farm("local"), b.ids[0]); err != nil {
		t.Fatal(err)
	}
	img, _, err := b.farm("local").Layout.Image(digests[0])
	if err != nil {
		t.Fatal(err)
	}
	liar := b.image(img.Labels["vnd.ofarm.base"])
	fail("local", "that is "+digests[0].String(), farm.BaseRef{Ref: liar})

	// One that is taken is so only where it is named: by whom nobody is asked, others
	// get what is assembled.
	liarIn := func(f *farm.Farm, want digest.Digest) {
		t.Helper()
		f.Fetcher.Mirrors = b.world.Mirrors().For(b.lock.Targets)
		if got, err := b.images(t.Context(), f, b.ids[0]); err != nil || got[0] != want {
			t.Errorf("got %s, want %s: %v", got, want, err)
		}
	}
	liarIn(b.farm("liar", farm.BaseRef{Ref: liar, Here: true}), digests[0])
	liarIn(b.farm("liar2", farm.BaseRef{Ref: liar}), liar.Digest)
	b.Asked()
	liarIn(b.farm("liar2", farm.BaseRef{Ref: liar, Here: true}), liar.Digest)
	if asked := b.Asked(http.MethodGet, http.MethodHead); len(asked) > 0 {
		t.Errorf("asked for %q", asked)
	}
	liarIn(b.farm("liar2"), digests[0])
	if bases, err := b.farm("liar2").AssembleBases(t.Context(), b.lock, b.ids[:1]); err != nil || bases[0].Image != digests[0] {
		t.Errorf("assembled %v, want %s: %v", bases, digests[0], err)
	}

	gone := farm.BaseRef{Ref: first.Ref.With(digest.FromString("none"))}
	var none *registry.NotFoundError
	if err := fail("five", "doesn't have the manifest", gone); !errors.As(err, &none) {
		t.Errorf("got %v", err)
	}
}

// image pushes an image with an empty layer and a base's label.
func (b *baseBench) image(label string) registry.Ref {
	b.t.Helper()
	f := b.farm("images")
	layer, err := f.Layout.WriteLayer(func(w io.Writer) error { return oci.WriteTree(w, nil) })
	if err != nil {
		b.t.Fatal(err)
	}
	img := oci.Image{Platform: ocispec.Platform{OS: "linux", Architecture: "amd64"}, Layers: []oci.Descriptor{layer}}
	if label != "" {
		img.Labels = map[string]string{"vnd.ofarm.base": label}
	}
	d, err := f.Layout.WriteImage(img)
	if err != nil {
		b.t.Fatal(err)
	}
	pushed, err := f.PushBase(b.t.Context(), b.client, registry.Ref{Host: b.Host, Repository: "team/other"}, farm.Base{Target: b.ids[0], Image: d})
	if err != nil {
		b.t.Fatal(err)
	}
	return pushed.Ref
}

// TestBrokenBase takes a base from a registry that flips bytes, and resumes what
// was broken off.
func TestBrokenBase(t *testing.T) {
	b := newBaseBench(t)
	refs, digests := b.push()
	img, _, err := b.farm("pushing").Layout.Image(digests[0])
	if err != nil {
		t.Fatal(err)
	}
	layer := img.Layers[0]
	answer := func(f func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
		b.Answer(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, layer.Digest.Encoded()) {
				f(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	answer(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		registrytest.Spoil(w, r, next, func(b []byte) []byte { b[100] ^= 1; return b })
	})
	var damaged *registry.DamagedError
	if _, err := b.images(t.Context(), b.farm("taking", refs[0]), b.ids[0]); !errors.As(err, &damaged) || !strings.Contains(err.Error(), "alpine-3.20") {
		t.Errorf("flipped: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f := b.farm("resuming", refs[0])
	f.Fetcher.Progress = func(e input.Event) {
		if e.Done > 0 {
			cancel()
		}
	}
	answer(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&stalling{w, int(layer.Size) / 2, r.Context().Done()}, r)
	})
	if _, err := b.images(ctx, f, b.ids[0]); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	var from string
	answer(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		from = r.Header.Get("Range")
		next.ServeHTTP(w, r)
	})
	got, err := b.images(t.Context(), b.farm("resuming", refs[0]), b.ids[0])
	if err != nil || got[0] != digests[0] || !strings.HasPrefix(from, "bytes=") || from == "bytes=0-" {
		t.Errorf("got %s from %q: %v", got, from, err)
	}
}

// stalling is an answer that stands still after some bytes, until whoever asked
// goes.
type stalling struct {
	http.ResponseWriter
	left int
	gone <-chan struct{}
}

func (s *stalling) Write(p []byte) (int, error) {
	n, err := s.ResponseWriter.Write(p[:min(len(p), s.left)])
	s.left -= n
	if err != nil || s.left > 0 {
		return n, err
	}
	if err := http.NewResponseController(s.ResponseWriter).Flush(); err != nil {
		return n, err
	}
	<-s.gone
	return n, context.Canceled
}
