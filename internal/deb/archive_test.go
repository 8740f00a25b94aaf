package deb

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// An item is a file of a package made for a test.
type item struct {
	name string // ends with "/" for a folder
	body string
	link string // for a symbolic link; "=" before it for a hard one
	mode int64
}

func packTar(t testing.TB, items []item) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, i := range items {
		h := &tar.Header{Name: i.name, Mode: 0o644 | i.mode, Size: int64(len(i.body)), Typeflag: tar.TypeReg}
		switch {
		case strings.HasSuffix(i.name, "/"):
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		case strings.HasPrefix(i.link, "="):
			h.Typeflag, h.Linkname = tar.TypeLink, i.link[1:]
		case i.link != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, i.link
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(i.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compress(t testing.TB, suffix string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch suffix {
	case "":
		return data
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".xz":
		w, err = xz.NewWriter(&b)
	case ".zst":
		w, err = zstd.NewWriter(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packAr makes an ar file of name, content, name, content ...
func packAr(members ...any) []byte {
	b := []byte("!<arch>\n")
	for i := 0; i < len(members); i += 2 {
		data := members[i+1].([]byte)
		b = fmt.Appendf(b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", members[i], 0, 0, 0, "100644", len(data))
		b = append(b, data...)
		if len(data)%2 == 1 {
			b = append(b, '\n')
		}
	}
	return b
}

const control = "Package: hello\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: A <a@example.org>\nDescription: says hello\n"

func packDeb(t testing.TB, suffix string, control, files []item) []byte {
	t.Helper()
	return packAr("debian-binary", []byte("2.0\n"),
		"control.tar"+suffix, compress(t, suffix, packTar(t, control)),
		"data.tar"+suffix, compress(t, suffix, packTar(t, files)))
}

func helloControl() []item {
	return []item{
		{name: "./"}, {name: "./control", body: control}, {name: "./postinst", body: "#!/bin/sh\n", mode: 0o111},
		{name: "./conffiles", body: "/etc/hello\nremove-on-upgrade /etc/gone\n"},
	}
}

func helloFiles() []item {
	return []item{
		{name: "./"}, {name: "./usr/"}, {name: "./usr/bin/"}, {name: "./usr/bin/hello", body: "hello", mode: 0o111},
		{name: "./usr/bin/hi", link: "=./usr/bin/hello"}, {name: "./usr/bin/out", link: "../../../../etc/passwd"},
		{name: "./etc/"}, {name: "./etc/hello", body: "x"},
	}
}

// list reads all of a package file: "name content" or "name -> target".
func list(r io.Reader, ahead bool) ([]string, *Archive, error) {
	a, err := Open(r)
	if err != nil {
		return nil, nil, err
	}
	defer a.Close()
	if ahead {
		if err := a.ReadAhead(1); err != nil {
			return nil, a, err
		}
	}
	var out []string
	for {
		h, err := a.Next()
		if err == io.EOF {
			return out, a, nil
		}
		if err != nil {
			return out, a, err
		}
		body, err := io.ReadAll(a)
		if err != nil {
			return out, a, err
		}
		s := h.Name
		if h.Linkname != "" {
			s += " -> " + h.Linkname
		}
		if len(body) > 0 {
			s += " " + string(body)
		}
		out = append(out, s)
	}
}

func TestOpen(t *testing.T) {
	want := []string{
		".", "usr", "usr/bin", "usr/bin/hello hello", "usr/bin/hi -> usr/bin/hello",
		"usr/bin/out -> ../../../../etc/passwd", "etc", "etc/hello x",
	}
	for _, suffix := range []string{"", ".gz", ".xz", ".zst"} {
		for _, ahead := range []bool{false, true} {
			got, a, err := list(bytes.NewReader(packDeb(t, suffix, helloControl(), helloFiles())), ahead)
			if err != nil {
				t.Errorf("%q: %v", suffix, err)
				continue
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q (-want +got)\n%s", suffix, diff)
			}
			if a.Control.Get("Version") != "1.0-1" || string(a.File("postinst")) != "#!/bin/sh\n" || a.File("control") != nil {
				t.Errorf("%q: control part %v, %v", suffix, a.Control, a.Files)
			}
			if diff := cmp.Diff([]string{"/etc/hello"}, a.Conffiles()); diff != "" {
				t.Errorf("conffiles (-want +got)\n%s", diff)
			}
		}
	}
}

// TestTruncated cuts a package file at many places: nothing shorter passes but
// for the padding at the end.
func TestTruncated(t *testing.T) {
	for _, suffix := range []string{"", ".gz", ".xz", ".zst"} {
		whole := packDeb(t, suffix, helloControl(), helloFiles())
		whole = whole[:len(whole)-len(whole)%2]
		step := 5
		if suffix == "" {
			step = 97 // the plain tars are long
		}
		for n := 0; n < len(whole)-1; n += step {
			_, _, err := list(bytes.NewReader(whole[:n]), n%2 == 0)
			if err == nil {
				t.Errorf("%q: cut to %d of %d bytes, it passes", suffix, n, len(whole))
			}
			if n > 8 && suffix == "" && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("cut to %d of %d bytes: %v, want an unexpected EOF", n, len(whole), err)
			}
		}
	}
}

func TestDamaged(t *testing.T) {
	good := packDeb(t, ".xz", helloControl(), helloFiles())
	want, _, err := list(bytes.NewReader(good), false)
	if err != nil {
		t.Fatal(err)
	}
	for i := bytes.Index(good, []byte("data.tar")) + 60; i < len(good)-1; i += 5 {
		bad := bytes.Clone(good)
		bad[i] ^= 0x55
		got, _, err := list(bytes.NewReader(bad), false)
		if err == nil && !slices.Equal(got, want) {
			t.Errorf("a flipped byte %d passes and changes the files to %q", i, got)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	tars := packTar(t, helloControl())
	for want, data := range map[string][]byte{
		"not a package file: it does not start":        []byte("PK\x03\x04 and more"),
		`its first member is "x"`:                      packAr("x", []byte("2.0\n")),
		`package format "3.0"`:                         packAr("debian-binary", []byte("3.0\n")),
		`no member "control.tar"`:                      packAr("debian-binary", []byte("2.0\n")),
		`member "data.tar" where "control.tar" should`: packAr("debian-binary", []byte("2.0\n"), "data.tar", tars),
		"its compression is not one of":                packAr("debian-binary", []byte("2.0\n"), "control.tar.br", tars),
		`no member "data.tar"`:                         packAr("debian-binary", []byte("2.0\n"), "_x", tars, "control.tar", tars),
		`control has no field "Version"`:               packDeb(t, "", []item{{name: "control", body: "Package: a\n"}}, nil),
		"control has 0 paragraphs":                     packDeb(t, "", nil, nil),
		`"../a" is not a package name`:                 packDeb(t, "", []item{{name: "control", body: "Package: ../a\nVersion: 1\nArchitecture: all\n"}}, nil),
		`"./usr/../../etc/passwd" leaves the root`:     packDeb(t, "", helloControl(), []item{{name: "./usr/../../etc/passwd", body: "x"}}),
		`hard link: "../x" leaves the root`:            packDeb(t, "", helloControl(), []item{{name: "a", link: "=../x"}}),
	} {
		_, _, err := list(bytes.NewReader(data), false)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestReadAheadStops closes an archive in its middle.
func TestReadAheadStops(t *testing.T) {
	big := item{name: "big", body: strings.Repeat("x", 3*chunkSize)}
	a, err := Open(bytes.NewReader(packDeb(t, ".gz", helloControl(), []item{big, big, big})))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.ReadAhead(chunkSize); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Next(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// TestOpenAsDpkgDeb reads what dpkg-deb builds.
func TestOpenAsDpkgDeb(t *testing.T) {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("no dpkg-deb")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"DEBIAN/control": control, "usr/share/hello": "hello\n", "etc/odd name": "1"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, "root", name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "root", name), text)
	}
	for _, z := range []string{"none", "gzip", "xz", "zstd"} {
		file := filepath.Join(dir, z+".deb")
		out, err := exec.Command("dpkg-deb", "--root-owner-group", "-Z"+z, "-b", filepath.Join(dir, "root"), file).CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%s", err, out)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, a, err := list(bytes.NewReader(data), true)
		if err != nil {
			t.Fatalf("%s: %v", z, err)
		}
		want := []string{".", "etc", "etc/odd name 1", "usr", "usr/share", "usr/share/hello hello\n"}
		if diff := cmp.Diff(want, got); diff != "" || a.Control.Get("Package") != "hello" {
			t.Errorf("%s: %v (-want +got)\n%s", z, a.Control, diff)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(packDeb(f, "", helloControl(), helloFiles()))
	f.Add(packDeb(f, ".gz", helloControl(), nil))
	f.Add([]byte("!<arch>\ndebian-binary   0           0     0     100644  -4        `\n2.0\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		names, _, err := list(bytes.NewReader(data), false)
		for _, n := range names {
			if err == nil && (strings.HasPrefix(n, "/") || strings.HasPrefix(n, "../")) {
				t.Errorf("%q is outside of the root", n)
			}
		}
	})
}
