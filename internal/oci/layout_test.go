package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	contentlocal "github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// open opens a layout in a folder of the test.
func open(t *testing.T) *Layout {
	t.Helper()
	l, err := Open(filepath.Join(t.TempDir(), "layout"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// linux is the platform of the images here.
var linux = ocispec.Platform{OS: "linux", Architecture: "amd64"}

// image writes an image with one layer of one file.
func image(t *testing.T, l *Layout, text string) digest.Digest {
	t.Helper()
	layer, err := l.WriteLayer(func(w io.Writer) error { return WriteTree(w, []Entry{file("file", text)}) })
	if err != nil {
		t.Fatal(err)
	}
	d, err := l.WriteImage(Image{Platform: linux, Layers: []Descriptor{layer}, Env: []string{"PATH=/bin"}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// blobCount counts the blobs and the files that aren't whole.
func blobCount(t *testing.T, l *Layout) (n int) {
	t.Helper()
	for _, dir := range []string{filepath.Join("blobs", "sha256"), tmpDir} {
		entries, err := os.ReadDir(filepath.Join(l.dir, dir))
		if err != nil {
			t.Fatal(err)
		}
		n += len(entries)
	}
	return n
}

func TestLayoutIsValid(t *testing.T) {
	l := open(t)
	if _, err := Open(l.Dir()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"oci-layout": `{"imageLayoutVersion":"1.0.0"}`,
		"index.json": `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`,
	} {
		b, err := os.ReadFile(filepath.Join(l.Dir(), name))
		if diff := cmp.Diff(want, string(b)); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}

// BuildKit reads an image through containerd's content store, by digest.
func TestContainerdReadsIt(t *testing.T) {
	l := open(t)
	d := image(t, l, "hello")
	store, err := contentlocal.NewStore(l.Dir())
	if err != nil {
		t.Fatal(err)
	}
	info, err := store.Info(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	b, err := content.ReadBlob(t.Context(), store, Descriptor{Digest: d, Size: info.Size})
	if err != nil {
		t.Fatal(err)
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(b, &m); err != nil || m.MediaType != ocispec.MediaTypeImageManifest {
		t.Fatalf("%s: %v", b, err)
	}
	configJSON, err := content.ReadBlob(t.Context(), store, m.Config)
	if err != nil {
		t.Fatal(err)
	}
	var config ocispec.Image
	if err := json.Unmarshal(configJSON, &config); err != nil {
		t.Fatal(err)
	}
	layer, err := content.ReadBlob(t.Context(), store, m.Layers[0])
	if err != nil {
		t.Fatal(err)
	}
	if config.RootFS.DiffIDs[0] != digest.FromBytes(layer) {
		t.Error("the diff id isn't the digest of the uncompressed layer")
	}
	if diff := cmp.Diff([]string{"0 0644 0:0 file hello"}, list(t, layer)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestImagesAreDeterministic(t *testing.T) {
	img := Image{
		Platform: linux, Env: []string{"B=1", "A=2"}, Dir: "/work",
		Labels: map[string]string{"x": "1", "a": "2", "k": "3"}, Created: time.Unix(Epoch, 0),
	}
	want, err := open(t).WriteImage(img)
	if err != nil {
		t.Fatal(err)
	}
	for range 25 {
		if got, err := open(t).WriteImage(img); err != nil || got != want {
			t.Fatalf("got %s, %v, want %s", got, err, want)
		}
	}
	img.Created = img.Created.In(time.FixedZone("", 3600))
	if got, _ := open(t).WriteImage(img); got != want {
		t.Error("the time zone changes the image")
	}
}

func TestWriteImageRefuses(t *testing.T) {
	tests := map[string]Image{
		"platform": {},
		"gzip": {Platform: linux, Layers: []Descriptor{{MediaType: ocispec.MediaTypeImageLayerGzip,
			Digest: digest.FromString("x")}}},
		"digest": {Platform: linux, Layers: []Descriptor{{MediaType: ocispec.MediaTypeImageLayer, Digest: "sha256:../x"}}},
	}
	for name, img := range tests {
		if _, err := open(t).WriteImage(img); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFailedLayerLeavesNothing(t *testing.T) {
	l := open(t)
	_, err := l.WriteLayer(func(w io.Writer) error {
		w.Write([]byte("half"))
		return io.ErrUnexpectedEOF
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) || blobCount(t, l) != 0 {
		t.Errorf("%d files left, %v", blobCount(t, l), err)
	}
}

func TestRemember(t *testing.T) {
	l := open(t)
	if _, ok := l.Lookup("key"); ok {
		t.Error("an empty layout knows the key")
	}
	d := image(t, l, "hello")
	if err := l.Remember("key", d); err != nil {
		t.Fatal(err)
	}
	if got, ok := l.Lookup("key"); !ok || got != d {
		t.Errorf("got %v, %v", got, ok)
	}
	if _, ok := l.Lookup("other"); ok {
		t.Error("another key is known")
	}
	if err := l.Remember("key", "sha256:12"); err == nil {
		t.Error("a digest that is none was remembered")
	}
}

func TestLookupTrustsOnlyWholeImages(t *testing.T) {
	damage := map[string]func(path string) error{
		"gone":     os.Remove,
		"shorter":  func(path string) error { return os.Truncate(path, 1) },
		"empty":    func(path string) error { return os.Truncate(path, 0) },
		"replaced": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o755)) },
	}
	for name, damage := range damage {
		t.Run(name, func(t *testing.T) {
			l := open(t)
			d := image(t, l, "hello")
			paths := []string{l.BlobPath(d)}
			blobs, err := l.blobs(d)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range blobs {
				paths = append(paths, l.BlobPath(b.Digest))
			}
			for _, path := range append(paths, l.refPath("key")) {
				image(t, l, "hello")
				if err := l.Remember("key", d); err != nil {
					t.Fatal(err)
				}
				if err := damage(path); err != nil {
					t.Fatal(err)
				}
				if _, ok := l.Lookup("key"); ok {
					t.Errorf("trusted though %s is damaged", path)
				}
				if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestConcurrentWriters(t *testing.T) {
	l := open(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			text := strings.Repeat("x", i%5)
			d := image(t, l, text)
			if err := l.Remember(text, d); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range 5 {
		if _, ok := l.Lookup(strings.Repeat("x", i)); !ok {
			t.Errorf("image %d is lost", i)
		}
	}
	if n := blobCount(t, l); n != 15 {
		t.Errorf("%d files, want 15", n)
	}
}

// age makes everything in the layout old.
func age(t *testing.T, l *Layout, to time.Time) {
	t.Helper()
	err := filepath.WalkDir(l.dir, func(p string, d fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(p, to, to))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPrune(t *testing.T) {
	l := open(t)
	now := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) // the files' real times are later
	for _, key := range []string{"kept", "dropped", "used", "written again"} {
		if err := l.Remember(key, image(t, l, key)); err != nil {
			t.Fatal(err)
		}
	}
	image(t, l, "forgotten")
	if err := os.WriteFile(filepath.Join(l.dir, tmpDir, "blob-crashed"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	age(t, l, now.Add(-time.Hour))
	l.Lookup("used")
	rewritten := image(t, l, "written again")
	image(t, l, "new")
	freed, err := l.Prune(func(key string, _ digest.Digest) bool { return key == "kept" }, now)
	if err != nil || freed == 0 {
		t.Fatalf("freed %d, %v", freed, err)
	}
	for key, want := range map[string]bool{"kept": true, "used": true, "dropped": false, "written again": false} {
		if _, ok := l.Lookup(key); ok != want {
			t.Errorf("%s: got %v", key, ok)
		}
	}
	if !l.whole(rewritten) {
		t.Error("an image that was just written is gone")
	}
	if n := blobCount(t, l); n != 4*3 {
		t.Errorf("%d files, want those of 4 images", n)
	}
}

func TestWriteOverEqualBlob(t *testing.T) {
	l := open(t)
	var digests []digest.Digest
	for range 2 {
		d, err := l.WriteLayer(func(w io.Writer) error { _, err := io.Copy(w, bytes.NewReader([]byte("x"))); return err })
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, d.Digest)
	}
	if digests[0] != digests[1] || blobCount(t, l) != 1 {
		t.Errorf("got %v", digests)
	}
}
