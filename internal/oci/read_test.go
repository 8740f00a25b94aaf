package oci

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// TestReadImage reads what was written, and refuses what says the same otherwise.
func TestReadImage(t *testing.T) {
	l, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	layer, err := l.WriteLayer(func(w io.Writer) error { return WriteTree(w, nil) })
	if err != nil {
		t.Fatal(err)
	}
	want := Image{
		Platform: ocispec.Platform{OS: "linux", Architecture: "arm64"}, Layers: []Descriptor{layer},
		Env: []string{"A=b"}, Dir: "/", Created: time.Unix(5, 0).UTC(), Labels: map[string]string{"z": "1", "a": "2"},
	}
	d, err := l.WriteImage(want)
	if err != nil {
		t.Fatal(err)
	}
	got, manifest, err := l.Image(d)
	if err != nil || digest.FromBytes(manifest) != d {
		t.Fatalf("%s: %v", manifest, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	config, _, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{
		"a blank":          {string(config), string(manifest) + "\n"},
		"config's blank":   {string(config) + " ", string(manifest)},
		"other config":     {"{}", string(manifest)},
		"no JSON":          {string(config), "x"},
		"config's no JSON": {"x", string(manifest)},
		"packed layer":     {string(config), strings.Replace(string(manifest), layer.MediaType, layer.MediaType+"+gzip", 1)},
		"another place":    {string(config), strings.Replace(string(manifest), "}]", `,"urls":["http://127.0.0.1:1/x"]}]`, 1)},
		"no digest":        {string(config), strings.Replace(string(manifest), layer.Digest.String(), "sha256:../../x", 1)},
		"index":            {string(config), marshalled(t, ocispec.Index{MediaType: ocispec.MediaTypeImageIndex})},
	} {
		if img, err := ReadImage([]byte(c[0]), []byte(c[1])); err == nil {
			t.Errorf("%s: got %+v", name, img)
		}
	}
}

func marshalled(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAdopt(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(filepath.Join(dir, "layout"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("blob"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := digest.FromString("blob")
	if err := l.Adopt(file, d); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(l.BlobPath(d)); string(got) != "blob" || err != nil {
		t.Errorf("got %q: %v", got, err)
	}
	if err := l.Adopt(file, d); err != nil {
		t.Errorf("another process was faster: %v", err)
	}
	if err := l.Adopt(file, digest.FromString("other")); err == nil {
		t.Error("adopted what isn't there")
	}
}
