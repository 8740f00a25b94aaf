package testworld

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/input"
)

// smallBuilder is a builder of the packages that need neither Debian nor a
// compiler.
func smallBuilder(t *testing.T) *builder {
	t.Helper()
	work := t.TempDir()
	s, err := signer(work)
	if err != nil {
		t.Fatal(err)
	}
	return &builder{
		Options: Options{Dir: t.TempDir(), Work: work, Branch: "v3.20"},
		cache:   cache{dir: t.TempDir(), signer: s},
	}
}

func (b *builder) baseAndMeta(t *testing.T) []made {
	t.Helper()
	base, err := b.cache.getOrMake(b.cache.key("baselayout"), func() ([]unbuilt, error) { return baselayout(b.Branch) })
	if err != nil {
		t.Fatal(err)
	}
	meta, err := b.cache.getOrMake(b.cache.key("meta"), metaPackages)
	if err != nil {
		t.Fatal(err)
	}
	return []made{base, meta}
}

func TestPublish(t *testing.T) {
	b := smallBuilder(t)
	writeTest(t, filepath.Join(b.Dir, "v3.20", "main", "x86_64", "old.apk"), "old")
	w, err := b.publish(b.baseAndMeta(t))
	if err != nil {
		t.Fatal(err)
	}
	keys := publicKeys(t, w)
	if got := readRepository(t, w, "community", keys); len(got) > 0 {
		t.Errorf("community has %d packages", len(got))
	}
	packages := readRepository(t, w, "main", keys)
	if diff := cmp.Diff(w.Packages, packages); diff != "" {
		t.Errorf("index (-world +read):\n%s", diff)
	}
	var names []string
	for _, p := range packages {
		names = append(names, p.Name)
		checkPackage(t, w, p, keys)
	}
	if diff := cmp.Diff([]string{"alpine-baselayout", "build-base", "libc-dev"}, names); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(b.Dir, "v3.20", "main", "x86_64", "old.apk")); !os.IsNotExist(err) {
		t.Errorf("a file of the repository before is still there: %v", err)
	}
}

func publicKeys(t *testing.T, w *World) apk.Keyring {
	t.Helper()
	keys, err := w.Keys()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func readRepository(t *testing.T, w *World, component string, keys apk.Keyring) []apk.Package {
	t.Helper()
	f, err := os.Open(filepath.Join(w.Dir, w.Branch, component, "x86_64", "APKINDEX.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	index, err := apk.ReadIndex(f, keys)
	if err != nil {
		t.Fatal(err)
	}
	return index.Packages
}

// checkPackage reads a package file to its end, where its hash is checked.
func checkPackage(t *testing.T, w *World, p apk.Package, keys apk.Keyring) (files []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(w.Dir, w.Branch, "main", "x86_64", p.File()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	opened, err := apk.Open(f, apk.OpenOptions{Checksum: p.Checksum, Keys: keys})
	if err != nil {
		t.Fatalf("%s: %v", p.ID(), err)
	}
	for {
		h, err := opened.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatalf("%s: %v", p.ID(), err)
		}
		files = append(files, cleanName(h.Name))
	}
}

func TestCacheKeepsAndRepeats(t *testing.T) {
	b := smallBuilder(t)
	first := b.baseAndMeta(t)[0]
	again, found, err := b.cache.get(b.cache.key("baselayout"))
	if err != nil || !found {
		t.Fatalf("the cache lost its packages: %v", err)
	}
	if diff := cmp.Diff(first.packages, again.packages); diff != "" {
		t.Errorf("packages (-made +kept):\n%s", diff)
	}
	other := cache{dir: t.TempDir(), signer: b.cache.signer}
	packages, err := baselayout(b.Branch)
	if err != nil {
		t.Fatal(err)
	}
	second, err := other.put("x", packages)
	if err != nil {
		t.Fatal(err)
	}
	name := first.packages[0].File()
	if one, two := readFile(t, first.dir, name), readFile(t, second.dir, name); !bytes.Equal(one, two) {
		t.Error("two makings of a package differ")
	}
}

func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSignerIsKept(t *testing.T) {
	work := t.TempDir()
	one, err := signer(work)
	if err != nil {
		t.Fatal(err)
	}
	two, err := signer(work)
	if err != nil {
		t.Fatal(err)
	}
	if !one.Private.Equal(two.Private) {
		t.Error("the second call makes another key")
	}
}

func TestDebsAreRemembered(t *testing.T) {
	memory := filepath.Join(t.TempDir(), "debian.tsv")
	want := map[string]debFile{
		"a": {poolFile{"a", "pool/a.deb", input.SumBytes([]byte("a")), 1}, "1-1"},
		"b": {poolFile{"b", "pool/b.deb", input.SumBytes([]byte("b")), 2}, "2:2~x"},
	}
	if err := writeDebs(memory, want); err != nil {
		t.Fatal(err)
	}
	d, err := openDebian(t.Context(), pool{}, memory, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, d.files, cmp.AllowUnexported(debFile{}, poolFile{})); diff != "" {
		t.Errorf("package files (-want +got):\n%s", diff)
	}
}

// TestRepackRoot makes the packages of a real Alpine root again.
func TestRepackRoot(t *testing.T) {
	tarball := minirootfs()
	if tarball == "" {
		t.Skip("OFARM_TESTBED names no test bed")
	}
	b := smallBuilder(t)
	packages, err := repackRoot(tarball)
	if err != nil {
		t.Fatal(err)
	}
	m, err := b.cache.put("root", packages)
	if err != nil {
		t.Fatal(err)
	}
	w, err := b.publish([]made{m})
	if err != nil {
		t.Fatal(err)
	}
	keys := publicKeys(t, w)
	got := map[string]bool{}
	for _, p := range readRepository(t, w, "main", keys) {
		for _, name := range checkPackage(t, w, p, keys) {
			got[name] = true
		}
	}
	for _, name := range unpacked(t, tarball) {
		if !got[name] {
			t.Errorf("no package has %s", name)
		}
	}
}

// unowned are files of the test bed's root that its database gives to no
// package.
var unowned = []string{
	"etc/alpine-release", "etc/apk/arch", "etc/apk/repositories", "etc/apk/world",
	"etc/issue", "etc/os-release", "etc/secfixes.d/alpine", "etc/shells",
}

// unpacked lists the regular files of a root that its packages brought.
func unpacked(t *testing.T, tarball string) (names []string) {
	t.Helper()
	f, err := os.Open(tarball)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(zip)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		name := cleanName(h.Name)
		if h.Typeflag == tar.TypeReg && !slices.Contains(unowned, name) && filepath.Dir(name) != "lib/apk/db" {
			names = append(names, name)
		}
	}
}

func TestWithoutRootPackages(t *testing.T) {
	if _, err := repackRoot(filepath.Join(t.TempDir(), "none.tar.gz")); !os.IsNotExist(errors.Unwrap(err)) {
		t.Errorf("error %v", err)
	}
}
