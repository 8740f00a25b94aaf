package farm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/llb"
)

func open(t *testing.T) *Farm {
	t.Helper()
	f, err := Open(t.TempDir(), "", input.Fetcher{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// counted is an image of one file whose makings are counted.
func counted(key string, count *atomic.Int32, put func(digest.Digest)) image {
	return image{
		what: key, key: key, put: put,
		layers: []func(io.Writer) error{func(w io.Writer) error {
			count.Add(1)
			return oci.WriteTree(w, []oci.Entry{{Path: key, Mode: 0o644}})
		}},
	}
}

// TestImagesAreMadeOnce prepares equal and different images, again and again.
func TestImagesAreMadeOnce(t *testing.T) {
	f := open(t)
	var count atomic.Int32
	prepare := func() []digest.Digest {
		t.Helper()
		got := make([]digest.Digest, 3)
		set := &imageSet{farm: f}
		for i, key := range []string{"one", "two", "one"} {
			set.images = append(set.images, counted(key, &count, func(d digest.Digest) { got[i] = d }))
		}
		if err := set.prepare(context.Background()); err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := prepare()
	if count.Load() != 2 || first[0] != first[2] || first[0] == first[1] || first[0] == "" {
		t.Fatalf("%d images were made: %v", count.Load(), first)
	}
	if diff := cmp.Diff(first, prepare()); diff != "" || count.Load() != 2 {
		t.Errorf("%d images were made the second time:\n%s", count.Load()-2, diff)
	}
	if err := os.Remove(f.Layout.BlobPath(first[1])); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, prepare()); diff != "" || count.Load() != 3 {
		t.Errorf("%d images were made after one was removed:\n%s", count.Load()-2, diff)
	}
}

// TestFailedImageLeavesNothing makes an image whose second half can't be read.
func TestFailedImageLeavesNothing(t *testing.T) {
	f := open(t)
	before := files(t, f.CacheDir)
	broken := image{
		what: "the source of lwt.5", key: "k", put: func(digest.Digest) {},
		layers: []func(io.Writer) error{func(w io.Writer) error {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
			return errors.New("unexpected end")
		}},
	}
	set := &imageSet{farm: f, images: []image{broken}}
	err := set.prepare(context.Background())
	if err == nil || err.Error() != "making the image of the source of lwt.5: writing a layer: unexpected end" {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, files(t, f.CacheDir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.Contains(d.Name(), "lock") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// put puts bytes into the store.
func put(t *testing.T, f *Farm, data []byte) lock.Input {
	t.Helper()
	d := input.SumBytes(data)
	if _, err := f.Store.Put(bytes.NewReader(data), d); err != nil {
		t.Fatal(err)
	}
	return lock.Input{SHA256: d.Hex(), Size: int64(len(data))}
}

func targz(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	err := w.WriteHeader(&tar.Header{Name: "pkg-1/file", Mode: 0o644, Size: 1 << 16, Typeflag: tar.TypeReg})
	if err == nil {
		_, err = w.Write(make([]byte, 1<<16))
	}
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSources makes the images of sources from the store, with and without
// their archive being whole.
func TestSources(t *testing.T) {
	f := open(t)
	whole := targz(t)
	patch := put(t, f, []byte("a patch"))
	step := func(archive []byte) plan.Step {
		return plan.Step{Name: "pkg.1", Source: &plan.Source{
			Archive: &lock.Source{Input: put(t, f, archive), URLs: []string{"https://example.org/pkg-1.tar.gz?x=y"}},
			Files:   []lock.NamedInput{{Name: "fix.patch", Input: patch}},
		}}
	}
	prepare := func(s plan.Step) (llb.Images, error) {
		t.Helper()
		out := llb.Images{Sources: map[string]digest.Digest{}}
		set := &imageSet{farm: f}
		if err := set.addSource(&lock.File{}, s, &out); err != nil {
			t.Fatal(err)
		}
		return out, set.prepare(context.Background())
	}
	good, err := prepare(step(whole))
	if err != nil || good.Sources["pkg.1"] == "" {
		t.Fatalf("got %v, %v", good, err)
	}
	before := files(t, f.Layout.Dir())
	for name, damaged := range map[string][]byte{"cut off": whole[:len(whole)/2], "cut short": whole[:len(whole)-9]} {
		_, err := prepare(step(damaged))
		if err == nil || !strings.HasPrefix(err.Error(), "making the image of the source of pkg.1: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if diff := cmp.Diff(before, files(t, f.Layout.Dir())); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

// TestMissingInputs asks for an image whose input is nowhere.
func TestMissingInputs(t *testing.T) {
	f := open(t)
	set := &imageSet{farm: f}
	out := llb.Images{Sources: map[string]digest.Digest{}}
	s := plan.Step{Name: "pkg.1", Source: &plan.Source{Archive: &lock.Source{
		Input: lock.Input{SHA256: strings.Repeat("1", 64), Size: 3}, URLs: []string{"https://example.org/pkg-1.tar.gz"},
	}}}
	if err := set.addSource(&lock.File{}, s, &out); err != nil {
		t.Fatal(err)
	}
	var offline *input.OfflineError
	if err := set.prepare(context.Background()); !errors.As(err, &offline) || offline.Missing[0].Name != "pkg.1" {
		t.Errorf("got %v", err)
	}
}

// TestProjectImage is the image of a project's files: of their content alone,
// and without what builds write.
func TestProjectImage(t *testing.T) {
	f := open(t)
	dir := folder(t, map[string]string{"a.opam": head, "src/main.ml": "let () = ()"})
	p := &Project{Dir: dir, output: filepath.Join(dir, "out")}
	image := func() digest.Digest {
		t.Helper()
		d, err := f.projectImage(p)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	change := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	first := image()
	change("src/main.ml", "let () = ()") // touched
	change("ofarm.lock", "ofarm.lock 1\n")
	change("dist/a/bin/a", "an executable")
	change("out/a/bin/a", "an executable")
	if image() != first {
		t.Error("what no build reads is in the image")
	}
	change("src/main.ml", "let () = exit 1")
	if image() == first {
		t.Error("a changed file is not in the image")
	}
}
