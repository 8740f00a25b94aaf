package solve

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/ociindex"
	digest "github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// world is what the tests with a real daemon share: an engine, and a base
// image with one program.
type world struct {
	engine *Engine
	base   baseImage
}

// baseImage is an OCI layout with one image.
type baseImage struct {
	dir    string
	digest digest.Digest
}

// options finds only a private daemon, from the repository's buildkitd, or from
// a copy that a user can read who can't read the repository.
func options(t testing.TB, state string) Options {
	t.Helper()
	bin, err := filepath.Abs(cmp.Or(os.Getenv("SOLVE_TEST_BIN"), "../../bin"))
	if err != nil {
		t.Fatal(err)
	}
	return Options{Sockets: []string{}, StateDir: state, BinDir: bin, Path: os.Getenv("PATH")}
}

// lacking skips a test, or fails it where a daemon is required.
func lacking(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("OFARM_TEST_DAEMON") == "require" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// needDaemon skips where a private daemon can't be started.
func needDaemon(t testing.TB) {
	t.Helper()
	if _, err := thisHost(options(t, "")).command(places{state: t.TempDir()}, Options{}); err != nil {
		lacking(t, err.Error())
	}
}

// newWorld starts a private daemon with an empty state.
func newWorld(t testing.TB) *world {
	t.Helper()
	needDaemon(t)
	return &world{engine: find(t, options(t, t.TempDir())), base: base(t)}
}

// find is Find, closed at the test's end.
func find(t testing.TB, o Options) *Engine {
	t.Helper()
	e, err := Find(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// run runs requests, and shows the progress when the test fails.
func (w *world) run(t testing.TB, ctx context.Context, o RunOptions, reqs ...Request) ([]Result, error) {
	t.Helper()
	for i := range reqs {
		reqs[i].OCIStores = map[string]string{"base": w.base.dir}
	}
	var shown bytes.Buffer
	if o.Output == nil {
		o.Output, o.Progress = &shown, "plain"
	}
	t.Cleanup(func() {
		if t.Failed() && shown.Len() > 0 {
			t.Log(shown.String())
		}
	})
	return w.engine.Run(ctx, reqs, o)
}

// root is the image as a state.
func (w *world) root() llb.State {
	return llb.OCILayout("local/base@"+w.base.digest.String(), llb.OCIStore("", "base"), llb.WithCustomName("base"))
}

// step runs the program, with an empty folder at /out, which is returned.
func (w *world) step(name string, args ...string) llb.State {
	return w.stepOn(nil, name, args...)
}

// stepOn is step with other states mounted read-only.
func (w *world) stepOn(deps []llb.State, name string, args ...string) llb.State {
	opts := []llb.RunOption{
		llb.Args(append([]string{"/bin/prog"}, args...)),
		llb.Network(llb.NetModeNone),
		llb.ReadonlyRootFS(),
		llb.WithCustomName(name),
	}
	for i, d := range deps {
		opts = append(opts, llb.AddMount("/deps/"+string(rune('a'+i)), d, llb.Readonly))
	}
	return w.root().Run(opts...).AddMount("/out", llb.Scratch())
}

func marshal(t testing.TB, s llb.State) *llb.Definition {
	t.Helper()
	def, err := s.Marshal(t.Context(), llb.Platform(ocispecs.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// program builds the tests' program once; another test process may have done
// so.
var program = sync.OnceValues(func() ([]byte, error) {
	if file := os.Getenv("SOLVE_TEST_PROG"); file != "" {
		return os.ReadFile(file)
	}
	dir, err := os.MkdirTemp("", "solve-prog")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "prog"), "./testdata/prog")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return out, err
	}
	return os.ReadFile(filepath.Join(dir, "prog"))
})

// base makes an OCI layout with one image of one layer: /bin/prog and the
// folders that steps mount on.
func base(t testing.TB) baseImage {
	t.Helper()
	prog, err := program()
	if err != nil {
		t.Fatalf("%v\n%s", err, prog)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, name := range []string{"bin/", "out/", "deps/", "tmp/"} {
		write(t, w, &tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}, nil)
	}
	write(t, w, &tar.Header{Typeflag: tar.TypeReg, Name: "bin/prog", Mode: 0o755, Size: int64(len(prog))}, prog)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return layout(t, layer.Bytes())
}

func write(t testing.TB, w *tar.Writer, h *tar.Header, data []byte) {
	t.Helper()
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
}

// layout writes an image of one uncompressed layer.
func layout(t testing.TB, layer []byte) baseImage {
	t.Helper()
	dir := t.TempDir()
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		t.Fatal(err)
	}
	blob := func(mediaType string, data []byte) ocispecs.Descriptor {
		d := ocispecs.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
		if err := os.WriteFile(filepath.Join(blobs, d.Digest.Encoded()), data, 0o644); err != nil {
			t.Fatal(err)
		}
		return d
	}
	asJSON := func(mediaType string, v any) ocispecs.Descriptor {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return blob(mediaType, data)
	}
	l := blob(ocispecs.MediaTypeImageLayer, layer)
	var image ocispecs.Image
	image.OS, image.Architecture = "linux", runtime.GOARCH
	image.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{l.Digest}}
	manifest := asJSON(ocispecs.MediaTypeImageManifest, ocispecs.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispecs.MediaTypeImageManifest,
		Config:    asJSON(ocispecs.MediaTypeImageConfig, image),
		Layers:    []ocispecs.Descriptor{l},
	})
	if err := ociindex.NewStoreIndex(dir).Put(manifest, ociindex.Tag("base")); err != nil {
		t.Fatal(err)
	}
	return baseImage{dir, manifest.Digest}
}

// contains fails the test unless s has all of list.
func contains(t testing.TB, s string, list ...string) {
	t.Helper()
	for _, part := range list {
		if !strings.Contains(s, part) {
			t.Errorf("no %q in:\n%s", part, s)
		}
	}
}
