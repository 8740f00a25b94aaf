package base

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/apk"
)

var epoch = time.Unix(1_700_000_000, 0).UTC()

// testSigner signs the packages that tests make.
var testSigner = sync.OnceValue(func() apk.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return apk.Signer{KeyName: "test.rsa.pub", Private: key}
})

// An entry is a file of a made package.
type entry struct {
	name string // a folder's ends with a slash
	body string
	link string // symlink
	hard string // hard link
	mode int64
}

// pack makes a package file.
func pack(t *testing.T, info apk.Info, entries ...entry) Input {
	t.Helper()
	var files bytes.Buffer
	tw := tar.NewWriter(&files)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, ModTime: time.Unix(1_800_000_000, 0), Typeflag: tar.TypeReg}
		switch {
		case strings.HasSuffix(e.name, "/"):
			h.Typeflag = tar.TypeDir
		case e.link != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
		case e.hard != "":
			h.Typeflag, h.Linkname = tar.TypeLink, e.hard
		default:
			h.Size = int64(len(e.body))
		}
		if h.Mode == 0 {
			h.Mode = 0o644
			if h.Typeflag == tar.TypeDir {
				h.Mode = 0o755
			}
		}
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tw, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return packTar(t, info, &files)
}

func packTar(t *testing.T, info apk.Info, files io.Reader) Input {
	t.Helper()
	if info.Version == "" {
		info.Version = "1-r0"
	}
	if info.Arch == "" {
		info.Arch = "x86_64"
	}
	var b bytes.Buffer
	if _, err := apk.WritePackage(&b, info, files, testSigner()); err != nil {
		t.Fatal(err)
	}
	return Input{Name: info.Name, Version: info.Version, Arch: info.Arch, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b.Bytes())), nil
	}}
}

func named(name string) apk.Info { return apk.Info{Package: apk.Package{Name: name}} }

// unpackInto lays a layer over a tree of lines, one per path: what it is, whose, what it holds.
func unpackInto(t *testing.T, tree map[string]string, layer []byte) {
	t.Helper()
	tr := tar.NewReader(bytes.NewReader(layer))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		if h.ModTime.After(epoch) {
			t.Errorf("%s is newer than the epoch: %s", h.Name, h.ModTime)
		}
		if dir := path.Dir(path.Clean(h.Name)); dir != "." && tree[dir] == "" {
			t.Errorf("%s comes before its folder", h.Name)
		}
		tree[path.Clean(h.Name)] = fmt.Sprintf("%c %o %d:%d %s %x", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Linkname, body)
	}
}

func assemble(t *testing.T, pkgs []Input) ([]byte, map[string]string) {
	t.Helper()
	var b bytes.Buffer
	if err := Alpine(&b, pkgs, Options{Epoch: epoch}); err != nil {
		t.Fatal(err)
	}
	tree := map[string]string{}
	unpackInto(t, tree, b.Bytes())
	return b.Bytes(), tree
}

// bodyOf takes a made file's content out of a layer.
func bodyOf(t *testing.T, layer []byte, name string) string {
	t.Helper()
	tr := tar.NewReader(bytes.NewReader(layer))
	for {
		h, err := tr.Next()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if h.Name == name {
			b, err := io.ReadAll(tr)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
	}
}

// world is a few packages that meet all rules at once.
func world(t *testing.T) []Input {
	busybox := named("busybox")
	busybox.Triggers = []string{"/bin", "/usr/bin"}
	busybox.Scripts = []apk.Script{{Name: ".post-install", Body: []byte("#!/bin/busybox sh\n")}}
	newer := named("newer")
	newer.Replaces = []apk.Dependency{{Name: "busybox"}}
	return []Input{
		pack(t, busybox, entry{name: "bin/"}, entry{name: "bin/busybox", body: "bb", mode: 0o755},
			entry{name: "etc/busybox-paths.d/busybox", body: "bin/sh\nusr/bin/awk\nbin/tar\n"},
			entry{name: "etc/shared", body: "old"}),
		pack(t, newer, entry{name: "etc/", mode: 0o700}, entry{name: "etc/shared", body: "new"}),
		pack(t, named("tar"), entry{name: "bin/tar", body: "real tar", mode: 0o755},
			entry{name: "bin/gtar", hard: "bin/tar", mode: 0o755}, entry{name: "bin/ltar", link: "tar", mode: 0o777}),
		pack(t, named("empty")),
	}
}

func TestAlpineIsTheSameInAnyOrder(t *testing.T) {
	pkgs := world(t)
	want, _ := assemble(t, pkgs)
	for i := range 25 {
		rng := rand2(i)
		rng.Shuffle(len(pkgs), func(i, j int) { pkgs[i], pkgs[j] = pkgs[j], pkgs[i] })
		if got, _ := assemble(t, pkgs); !bytes.Equal(got, want) {
			t.Fatalf("order %d gives other bytes", i)
		}
	}
}

func TestAlpineTree(t *testing.T) {
	layer, tree := assemble(t, world(t))
	want := map[string]string{
		"bin/sh":      "2 777 0:0 /bin/busybox ",
		"usr/bin/awk": "2 777 0:0 /bin/busybox ",
		"bin/tar":     fmt.Sprintf("0 755 0:0  %x", "real tar"),
		"bin/gtar":    "1 755 0:0 bin/tar ",
		"bin/ltar":    "2 777 0:0 tar ",
		"etc":         "5 700 0:0  ",
		"etc/shared":  fmt.Sprintf("0 644 0:0  %x", "new"),
		"tmp":         "5 1777 0:0  ",
	}
	for name, line := range want {
		if tree[name] != line {
			t.Errorf("%s is %q, want %q", name, tree[name], line)
		}
	}
	if got := bodyOf(t, layer, "etc/apk/world"); got != "busybox\nempty\nnewer\ntar\n" {
		t.Errorf("world is %q", got)
	}
	if got := bodyOf(t, layer, "lib/apk/db/triggers"); !strings.HasSuffix(got, " /bin /usr/bin\n") {
		t.Errorf("triggers are %q", got)
	}
}

func TestAlpineExtraEqualsBoth(t *testing.T) {
	pkgs := world(t)
	for cut := range len(pkgs) + 1 {
		_, want := assemble(t, pkgs)
		base, extra := pkgs[:cut], pkgs[cut:]
		_, got := assemble(t, base)
		var layer bytes.Buffer
		if err := AlpineExtra(&layer, base, extra, Options{Epoch: epoch}); err != nil {
			t.Fatal(err)
		}
		unpackInto(t, got, layer.Bytes())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("base of %d packages (-together +two layers):\n%s", cut, diff)
		}
	}
}

func TestAlpineErrors(t *testing.T) {
	a := pack(t, named("a"), entry{name: "x", body: "1"}, entry{name: "d/", mode: 0o755})
	b := pack(t, named("b"), entry{name: "x", body: "2"})
	renamed := a
	renamed.Name = "c"
	tests := map[string]struct {
		pkgs []Input
		want string
	}{
		"same path":         {[]Input{a, b}, "x is in a-1-r0 and in b-1-r0, and neither replaces the other"},
		"twice":             {[]Input{a, a}, `package "a" is there twice`},
		"other package":     {[]Input{renamed}, "the package file holds a-1-r0"},
		"folder and file":   {[]Input{a, pack(t, named("e"), entry{name: "d", body: "f"})}, "d is a folder in a-1-r0 and a file"},
		"apk's own":         {[]Input{pack(t, named("f"), entry{name: "etc/apk/world", body: "f"})}, "belongs to apk's database"},
		"hard link outside": {[]Input{pack(t, named("g"), entry{name: "y", hard: "nowhere"})}, `hard link to "nowhere"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := Alpine(io.Discard, tt.pkgs, Options{Epoch: epoch})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want one with %q", err, tt.want)
			}
		})
	}
}

func rand2(seed int) *mathrand.Rand { return mathrand.New(mathrand.NewPCG(uint64(seed), 0)) }
