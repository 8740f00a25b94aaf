package base

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A debFile is a file of a Debian package made for a test.
type debFile struct {
	name string // ends with "/" for a folder
	body string
	link string // target of a symbolic link; "=" before it for a hard one
	mode int64
}

// debTar makes a plain tar, as newer than every epoch as it gets.
func debTar(t *testing.T, files []debFile) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{
			Name: f.name, Mode: 0o644 | f.mode, Size: int64(len(f.body)), Typeflag: tar.TypeReg,
			ModTime: time.Unix(2e9, 0), Gid: 42, Gname: "shadow",
		}
		switch {
		case strings.HasSuffix(f.name, "/"):
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		case strings.HasPrefix(f.link, "="):
			h.Typeflag, h.Linkname = tar.TypeLink, f.link[1:]
		case f.link != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// debPackage makes a package of the architecture amd64; fields are lines of its control file.
func debPackage(t *testing.T, name, fields string, files ...debFile) Input {
	t.Helper()
	control := fmt.Sprintf("Package: %s\nVersion: 1\nArchitecture: amd64\nMaintainer: A\nDescription: x\n%s", name, fields)
	data := []byte("!<arch>\n")
	for _, m := range []struct {
		name string
		data []byte
	}{
		{"debian-binary", []byte("2.0\n")},
		{"control.tar", debTar(t, []debFile{{name: "./control", body: control}})},
		{"data.tar", debTar(t, files)},
	} {
		data = fmt.Appendf(data, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", m.name, 0, 0, 0, "100644", len(m.data))
		data = append(data, m.data...)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	return Input{Name: name, Version: "1", Arch: "amd64", Open: open}
}

// debianRoot assembles packages and returns the layer and what it says: path to "kind content" or "kind -> target".
func debianRoot(t *testing.T, pkgs ...Input) ([]byte, map[string]string) {
	t.Helper()
	var b bytes.Buffer
	if err := Debian(&b, pkgs, Options{Epoch: time.Unix(1e9, 0)}); err != nil {
		t.Fatal(err)
	}
	tree := make(map[string]string)
	r := tar.NewReader(bytes.NewReader(b.Bytes()))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return b.Bytes(), tree
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := tree[h.Name]; twice {
			t.Errorf("%s comes twice", h.Name)
		}
		if h.ModTime.After(time.Unix(1e9, 0)) || h.Uname != "" || h.Gname != "" {
			t.Errorf("%s: time %v, owner %q %q", h.Name, h.ModTime, h.Uname, h.Gname)
		}
		if h.Linkname != "" {
			body = []byte("-> " + h.Linkname)
		}
		tree[h.Name] = strings.TrimSpace(fmt.Sprintf("%c %o %d %s", h.Typeflag, h.Mode, h.Gid, body))
	}
}

// without drops what Debian adds to every root.
func without(tree map[string]string) map[string]string {
	for name := range tree {
		if strings.HasPrefix(name, "var/") || strings.HasPrefix(name, "etc/") || strings.HasPrefix(name, "usr/sbin/") {
			delete(tree, name)
		}
	}
	return tree
}

func helloPackage(t *testing.T) Input {
	return debPackage(t, "hello", "", debFile{name: "./"}, debFile{name: "./bin/"},
		debFile{name: "./bin/hello", body: "hello", mode: 0o4111}, debFile{name: "./bin/hi", link: "=./bin/hello"},
		debFile{name: "./lib/deep/hello.so", link: "../../bin/hello"})
}

func TestDebian(t *testing.T) {
	_, tree := debianRoot(t, helloPackage(t))
	want := map[string]string{
		"bin/": "5 755 42", "bin/hello": "0 4755 42 hello", "bin/hi": "1 644 42 -> bin/hello",
		"lib/": "5 755 0", "lib/deep/": "5 755 0", "lib/deep/hello.so": "2 644 42 -> ../../bin/hello",
		"etc/": "5 755 0", "etc/fstab": "0 644 0", "etc/hostname": "0 644 0 localhost\n", "etc/machine-id": "0 444 0",
		"etc/resolv.conf": "0 644 0", "usr/": "5 755 0", "usr/sbin/": "5 755 0",
		"usr/sbin/policy-rc.d": "0 755 0 #!/bin/sh\nexit 101",
		"var/lib/dpkg/parts/":  "5 755 0", "var/lib/dpkg/status": "0 644 0 Package: hello\nStatus: install ok unpacked\n" +
			"Maintainer: A\nArchitecture: amd64\nVersion: 1\nDescription: x",
		"var/lib/dpkg/info/hello.list": "0 644 0 /.\n/bin\n/bin/hello\n/bin/hi\n/lib/deep/hello.so",
	}
	for name, w := range want {
		if got := tree[name]; got != strings.TrimSpace(w) {
			t.Errorf("%s: %q, want %q", name, got, w)
		}
	}
}

func TestDebianMergedUsr(t *testing.T) {
	_, tree := debianRoot(t, helloPackage(t), debPackage(t, "usr-is-merged", ""))
	if got := tree["var/lib/dpkg/info/hello.list"]; !strings.Contains(got, "\n/bin/hello\n") {
		t.Errorf("dpkg's list is not what the package says: %q", got)
	}
	want := map[string]string{
		"usr/": "5 755 0", "usr/sbin": "", "usr/bin/hello": "0 4755 42 hello", "usr/bin/hi": "1 644 42 -> usr/bin/hello",
		"usr/lib/deep/": "5 755 0", "usr/lib/deep/hello.so": "2 644 42 -> ../../bin/hello",
	}
	delete(want, "usr/sbin")
	for _, name := range mergedNames() {
		want[name] = "2 777 0 -> usr/" + name
		want["usr/"+name+"/"] = "5 755 0"
	}
	delete(want, "usr/sbin/")
	if diff := cmp.Diff(want, without(tree)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDebianReplaces(t *testing.T) {
	file := func(body string) debFile { return debFile{name: "./usr/share/x", body: body} }
	old := debPackage(t, "a", "", file("old"))
	for _, pkgs := range [][]Input{
		{old, debPackage(t, "b", "Replaces: a (<< 2)\n", file("new"))},
		{debPackage(t, "b", "Replaces: c, a\n", file("new")), old},
	} {
		_, tree := debianRoot(t, pkgs...)
		if got := tree["usr/share/x"]; got != "0 644 42 new" {
			t.Errorf("usr/share/x is %q, want that of b", got)
		}
		if a, b := tree["var/lib/dpkg/info/a.list"], tree["var/lib/dpkg/info/b.list"]; strings.Contains(a, "x") || !strings.Contains(b, "x") {
			t.Errorf("lists: a has %q, b has %q", a, b)
		}
	}
	err := Debian(io.Discard, []Input{old, debPackage(t, "b", "Replaces: a (<< 1)\n", file("new"))}, Options{})
	var conflict *PathConflict
	if !errors.As(err, &conflict) || conflict.Path != "usr/share/x" || conflict.First != "a" || conflict.Second != "b" {
		t.Errorf("neither replaces the other: %v", err)
	}
}

// TestDebianLinks follows links between packages as dpkg does in a root.
func TestDebianLinks(t *testing.T) {
	_, tree := debianRoot(t,
		debPackage(t, "a", "", debFile{name: "./usr/"}, debFile{name: "./usr/doc", link: "share/doc"}, debFile{name: "./usr/real/"}),
		debPackage(t, "b", "", debFile{name: "./usr/doc/"}, debFile{name: "./usr/doc/b", body: "b"}, debFile{name: "./usr/real", link: "other"}),
		debPackage(t, "c", "", debFile{name: "./usr/abs", link: "/usr/doc"}, debFile{name: "./usr/abs/c", body: "c"}))
	want := map[string]string{
		"usr/": "5 755 42", "usr/doc": "2 644 42 -> share/doc", "usr/real/": "5 755 42", "usr/abs": "2 644 42 -> /usr/doc",
		"usr/share/": "5 755 0", "usr/share/doc/": "5 755 0", "usr/share/doc/b": "0 644 42 b", "usr/share/doc/c": "0 644 42 c",
	}
	if diff := cmp.Diff(want, without(tree)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDebianIsTheSameInAnyOrder(t *testing.T) {
	pkgs := []Input{
		helloPackage(t), debPackage(t, "usr-is-merged", ""),
		debPackage(t, "y", "Replaces: x\n", debFile{name: "./f", body: "y"}),
		debPackage(t, "x", "Replaces: y\n", debFile{name: "./f", body: "x"}),
		debPackage(t, "z", "Multi-Arch: same\n", debFile{name: "./usr/" + strings.Repeat("long/", 60) + "name", body: "z"}),
	}
	first, _ := debianRoot(t, pkgs...)
	for range 25 {
		rand.Shuffle(len(pkgs), func(i, j int) { pkgs[i], pkgs[j] = pkgs[j], pkgs[i] })
		if again, _ := debianRoot(t, pkgs...); !bytes.Equal(first, again) {
			t.Fatal("another order gives another layer")
		}
	}
}

func TestDebianErrors(t *testing.T) {
	wrong := helloPackage(t)
	wrong.Version = "2"
	cut := helloPackage(t)
	whole := cut.Open
	cut.Open = func() (io.ReadCloser, error) {
		r, err := whole()
		return io.NopCloser(io.LimitReader(r, 4000)), err
	}
	broken := helloPackage(t)
	broken.Open = func() (io.ReadCloser, error) { return nil, errors.New("no such file") }
	for want, pkgs := range map[string][]Input{
		`hello: the package file says Version "1", want "2"`:                      {wrong},
		"hello: data.tar: unexpected EOF":                                         {cut},
		"hello: no such file":                                                     {broken},
		"hello is given twice":                                                    {helloPackage(t), helloPackage(t)},
		`loop: usr/a/x: too many links`:                                           {debPackage(t, "loop", "", debFile{name: "usr/a", link: "b"}, debFile{name: "usr/b", link: "a"}, debFile{name: "usr/a/x"})},
		`evil: data.tar: "../x" leaves the root`:                                  {debPackage(t, "evil", "", debFile{name: "../x"})},
		"f is in a and in b, and neither replaces the other":                      {debPackage(t, "a", "", debFile{name: "f"}), debPackage(t, "b", "", debFile{name: "f"})},
		`bad: reading its field Replaces: relation "x (": no closing parenthesis`: {debPackage(t, "bad", "Replaces: x (\n")},
	} {
		err := Debian(io.Discard, pkgs, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
