package testworld

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sourceArchive is a tar.gz of files below a top folder.
func sourceArchive(t *testing.T, files map[string]string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: "top-1.0/" + name, Mode: 0o755, Size: int64(len(text))}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestUnpackSource(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "source")
	archive := sourceArchive(t, map[string]string{"configure": "x", "src/a.c": "y"})
	if err := unpackSource(dir, "pool/top_1.0.orig.tar.gz", archive); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"configure": "x", "src/a.c": "y"} {
		if got := string(readFile(t, dir, name)); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// testWorkshop is a workshop of the test bed's Alpine root: it has a shell and
// no compiler.
func testWorkshop(t *testing.T) *workshop {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a chroot needs root")
	}
	tarball := minirootfs()
	if tarball == "" {
		t.Skip("OFARM_TESTBED names no test bed")
	}
	root, err := readRoot(tarball)
	if err != nil {
		t.Fatal(err)
	}
	w := &workshop{dir: t.TempDir(), jobs: 3}
	if err := root.writeTo(w.dir); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestCompile(t *testing.T) {
	w := testWorkshop(t)
	s := source{poolFile{name: "x", path: "x_1.0.orig.tar.gz"}, "1.0"}
	log := filepath.Join(t.TempDir(), "log")
	const script = `#!/bin/sh
set -eu
mkdir "$DESTDIR/usr"
cat here >"$DESTDIR/usr/$VERSION-$JOBS"
/sbin/ip -o link | cut -d: -f2 >"$DESTDIR/links"
echo $$ >"$DESTDIR/pid"
`
	files, err := w.compile(t.Context(), s, sourceArchive(t, map[string]string{"here": "x"}), []byte(script), log)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"usr/1.0-3": "x", "links": " lo\n", "pid": "1\n"} {
		if got := string(files[name].body); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestCompileFails(t *testing.T) {
	w := testWorkshop(t)
	s := source{poolFile{name: "x", path: "x_1.0.orig.tar.gz"}, "1.0"}
	log := filepath.Join(t.TempDir(), "log")
	_, err := w.compile(t.Context(), s, sourceArchive(t, nil), []byte("echo no compiler; exit 3"), log)
	for _, want := range []string{"compiling x 1.0", "exit status 3", "no compiler", log} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(w.dir, "build")); !os.IsNotExist(err) {
		t.Errorf("what was unpacked is still there: %v", err)
	}
}
