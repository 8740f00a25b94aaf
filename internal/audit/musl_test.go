package audit

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRealMusl reads busybox and apk of a real Alpine root.
func TestRealMusl(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("OFARM_TESTBED")
	if dir == "" {
		t.Skip("OFARM_TESTBED is not set")
	}
	f, err := os.Open(filepath.Join(dir, "alpine", "alpine-minirootfs-3.20.3-x86_64.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if name := strings.TrimPrefix(h.Name, "./"); name != "bin/busybox" && name != "sbin/apk" {
			continue
		}
		seen++
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readBytes(data, Options{})
		if err != nil || got.Libc != Musl || got.Interpreter != "/lib/ld-musl-x86_64.so.1" || got.Floor != "" || got.Linkage != Dynamic || !got.PIE {
			t.Errorf("%s: got %+v, %v", h.Name, got, err)
		}
		if v := only(t, Policy{ThreadStack: 8 << 20}.Violations(got), RuleThreadStack); !strings.Contains(v.Why, "128 KiB") {
			t.Errorf("%s: got %v", h.Name, v)
		}
	}
	if seen != 2 {
		t.Errorf("found %d of 2 files", seen)
	}
}

// TestThreadStack: the size counts where libc may be musl.
func TestThreadStack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"start.c": "void _start(void) { for (;;); }\n"},
		"-o", "sized", "start.c", "-nostdlib", "-static", "-no-pie", "-Wl,-z,stack-size=8388608")
	build(t, dir, nil, "-o", "unsized", "start.c", "-nostdlib", "-static", "-no-pie")
	build(t, dir, map[string]string{"hello.c": hello}, "-o", "glibc", "hello.c", "-static")
	p := Policy{ThreadStack: 8 << 20}
	for name, want := range map[string]int{"sized": 0, "unsized": 1, "glibc": 0} {
		r, err := File(filepath.Join(dir, name), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Violations(r); len(got) != want {
			t.Errorf("%s: got %v, want %d", name, got, want)
		}
	}
}
