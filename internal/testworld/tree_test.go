package testworld

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var sameNode = cmp.AllowUnexported(node{})

// drawTree draws a tree whose folders are all there.
func drawTree(t *rapid.T) tree {
	files := tree{}
	name := rapid.StringMatching(`[a-z]{1,3}(/[a-z.+-]{1,4}z){0,3}`)
	for range rapid.IntRange(0, 8).Draw(t, "entries") {
		at := name.Draw(t, "name")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			files.file(at+".f", 0o644, rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(t, "body"))
		case 1:
			files.symlink(at+".l", name.Draw(t, "target"))
		default:
			files.dir(at, 0o755)
		}
	}
	files.addParents()
	return files
}

func same(name string) string { return name }

func TestTreeThroughTar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		files := drawTree(t)
		packed, err := files.tar()
		if err != nil {
			t.Fatal(err)
		}
		got := tree{}
		if err := got.addTar(tar.NewReader(bytes.NewReader(packed)), same); err != nil {
			t.Fatal(err)
		}
		equalTimes := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
		if diff := cmp.Diff(files, got, sameNode, equalTimes); diff != "" {
			t.Errorf("tree (-want +got):\n%s", diff)
		}
	})
}

func TestTreeThroughFolder(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		at, err := os.MkdirTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		files := drawTree(t)
		if err := files.writeTo(at); err != nil {
			t.Fatal(err)
		}
		got, err := readTree(at)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(files, got, sameNode); diff != "" {
			t.Errorf("tree (-want +got):\n%s", diff)
		}
	})
}

func TestAddTar(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Typeflag: tar.TypeDir, Name: "./"},
		{Typeflag: tar.TypeReg, Name: "./a", Mode: 0o104755},
		{Typeflag: tar.TypeLink, Name: "../../b", Linkname: "./a"},
		{Typeflag: tar.TypeReg, Name: "dropped"},
		{Typeflag: tar.TypeChar, Name: "device"},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	got := tree{}
	err := got.addTar(tar.NewReader(&b), func(name string) string {
		if name == "dropped" {
			return ""
		}
		return name
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, got.paths()); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if mode := got["b"].mode; mode != 0o4755 {
		t.Errorf("the hard link's mode is %o", mode)
	}
}

func TestAddTarDeadLink(t *testing.T) {
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Typeflag: tar.TypeLink, Name: "b", Linkname: "a"}); err != nil {
		t.Fatal(err)
	}
	if err := (tree{}).addTar(tar.NewReader(&b), same); err == nil {
		t.Error("a hard link to nothing was taken")
	}
}

// TestWriteToStaysInside lays out an entry below a link that leads outside.
func TestWriteToStaysInside(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	files := tree{}
	files.symlink("a", outside)
	files.file("a/x", 0o644, []byte("x"))
	if err := files.writeTo(dir); err == nil {
		t.Error("a file was written through a link")
	}
	if _, err := os.Stat(filepath.Join(outside, "x")); !os.IsNotExist(err) {
		t.Errorf("the file lies outside: %v", err)
	}
}
