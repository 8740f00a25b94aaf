package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// In whatever order an archive has its entries, and however it is packed, the
// layer is the same.
func TestLayerIsDeterministic(t *testing.T) {
	headers := []tar.Header{{Name: "a/x"}, {Name: "a/y/z", Mode: 0o755}, {Name: "a/b", Typeflag: tar.TypeSymlink, Linkname: "x"},
		{Name: "a/void/", Typeflag: tar.TypeDir}}
	want, err := layer(t, Archive{Path: makeTar(t, headers...)})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		order := rapid.Permutation(headers).Example()
		got, err := layer(t, Archive{Path: makeTar(t, order...)})
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("another order gave another layer: %v", err)
		}
	}
}

// What tar makes of a real source is what we make of it.
func TestRealArchives(t *testing.T) {
	bed := os.Getenv("OFARM_TESTBED")
	if bed == "" {
		t.Skip("OFARM_TESTBED names no test bed")
	}
	path := filepath.Join(bed, "alpine", "alpine-minirootfs-3.20.3-x86_64.tar.gz")
	tree, err := Open(Archive{Path: path, Name: "minirootfs"})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	got := map[string]bool{}
	for _, e := range tree.Entries {
		got[e.Path] = true
	}
	for _, name := range strings.Fields(run(t, "/", "tar", "-tzf", path)) {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
		if name != "" && !got[name] {
			t.Errorf("%s is missing", name)
		}
		delete(got, name)
	}
	if len(got) != 0 {
		t.Errorf("too much: %v", got)
	}
}

func FuzzOpen(f *testing.F) {
	var plain bytes.Buffer
	tw := tar.NewWriter(&plain)
	tw.WriteHeader(&tar.Header{Name: "a/x", Size: 1})
	tw.Write([]byte("x"))
	tw.Close()
	f.Add(plain.Bytes())
	f.Add(packed(plain.String()))
	var zipped bytes.Buffer
	zw := zip.NewWriter(&zipped)
	zw.Create("a/x")
	zw.Close()
	f.Add(zipped.Bytes())
	f.Add([]byte("let x = 1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "source")
		write(t, path, string(b))
		tree, err := Open(Archive{Path: path, Name: "file", TempDir: t.TempDir()})
		if err != nil {
			return
		}
		defer tree.Close()
		for _, e := range tree.Entries {
			if !fs.ValidPath(e.Path) && !strings.Contains(e.Path, "\\") && isUTF8(e.Path) {
				t.Errorf("path %q", e.Path)
			}
		}
	})
}

// isUTF8 reports whether the text is UTF-8, which fs.ValidPath asks for.
func isUTF8(s string) bool { return strings.ToValidUTF8(s, "") == s }
