package oci

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// file makes a file's entry.
func file(path, content string) Entry {
	return Entry{Path: path, Mode: 0o644, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(content)), nil
	}}
}

// list describes a tar, one line per entry.
func list(t *testing.T, b []byte) []string {
	t.Helper()
	var lines []string
	tr := tar.NewReader(bytes.NewReader(b))
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		if h.ModTime.Unix() != Epoch || h.Uname != "" {
			t.Errorf("%s: time %v, owner %q", h.Name, h.ModTime, h.Uname)
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%c %04o %d:%d %s %s%s", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Name, h.Linkname, content)))
	}
}

func TestWriteTree(t *testing.T) {
	entries := []Entry{
		{Path: "a/hard", Type: Hardlink, Linkname: "z/prog"},
		{Path: "z/prog", Mode: 0o4755, GID: 42, Size: 2, Open: file("", "hi").Open},
		file("a/b/c", "deep"),
		{Path: "a-", Type: Symlink, Linkname: "../../etc"},
		{Path: "a/b", Type: Dir, Mode: 0o700},
		{Path: "empty"},
	}
	var out bytes.Buffer
	if err := WriteTree(&out, entries); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"5 0755 0:0 a/",
		"2 0777 0:0 a- ../../etc",
		"5 0700 0:0 a/b/",
		"0 0644 0:0 a/b/c deep",
		"0 0000 0:0 empty",
		"5 0755 0:0 z/",
		"0 4755 0:42 z/prog hi",
		"1 4755 0:42 a/hard z/prog",
	}
	if diff := cmp.Diff(want, list(t, out.Bytes())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if bytes.Contains(out.Bytes(), []byte("PaxHeader")) {
		t.Error("PAX headers where none are needed")
	}
}

func TestWriteTreeUnusualNames(t *testing.T) {
	entries := []Entry{file(strings.Repeat("long/", 60)+"name", "x"), file("ünï\ncode", "y"), file("-dash", "z")}
	var out bytes.Buffer
	if err := WriteTree(&out, entries); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command("tar", "-x", "-C", dir)
	cmd.Stdin = &out
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(dir, e.Path)); err != nil {
			t.Error(err)
		}
	}
}

func TestWriteTreeRefuses(t *testing.T) {
	tests := map[string]struct {
		entries []Entry
		want    string
	}{
		"climbing":      {[]Entry{file("../x", "")}, `"../x": the path leaves the tree`},
		"climbing in":   {[]Entry{file("a/../../x", "")}, "not clean"},
		"root's parent": {[]Entry{{Path: "..", Type: Dir}}, "leaves the tree"},
		"absolute":      {[]Entry{file("/etc/passwd", "")}, "leaves the tree"},
		"unclean":       {[]Entry{file("a//b", "")}, "not clean"},
		"empty":         {[]Entry{file("", "")}, "not clean"},
		"root":          {[]Entry{{Path: ".", Type: Dir}}, "not clean"},
		"nul":           {[]Entry{file("a\x00b", "")}, "NUL"},
		"twice":         {[]Entry{file("a", "1"), file("a", "2")}, `"a": it is there twice`},
		"below a file":  {[]Entry{file("a", ""), file("a/b", "")}, `"a/b": "a" is not a folder`},
		"below a link":  {[]Entry{{Path: "a", Type: Symlink, Linkname: "/"}, file("a/b/c", "")}, `"a" is not a folder`},
		"device":        {[]Entry{{Path: "null", Type: tar.TypeChar}}, "unknown type"},
		"hard to none":  {[]Entry{{Path: "a", Type: Hardlink, Linkname: "b"}}, "no file of the tree"},
		"hard to dir":   {[]Entry{{Path: "a", Type: Hardlink, Linkname: "b"}, {Path: "b", Type: Dir}}, "no file of the tree"},
		"hard out":      {[]Entry{{Path: "a", Type: Hardlink, Linkname: "../b"}}, "no file of the tree"},
		"link to none":  {[]Entry{{Path: "a", Type: Symlink}}, "names nothing"},
		"shorter":       {[]Entry{{Path: "a", Size: 3, Open: file("", "12").Open}}, "a: it has not the 3 bytes"},
		"longer":        {[]Entry{{Path: "a", Size: 1, Open: file("", "12").Open}}, "a: it has not the 1 bytes"},
		"unreadable": {[]Entry{{Path: "a", Size: 1, Open: func() (io.ReadCloser, error) { return os.Open("/none") }}},
			"a: open /none"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := WriteTree(io.Discard, test.entries)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// The order in which entries come doesn't matter.
func TestWriteTreeOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(rapid.StringMatching(`[a-c]{1,2}(/[a-c.-]{1,2}x){0,2}`), rapid.ID).Draw(t, "names")
		entries := []Entry{{Path: "zz/hard", Type: Hardlink, Linkname: "zz/file"}, file("zz/file", "x")}
		for i, name := range names {
			entries = append(entries, file(name+"/f", fmt.Sprint(i)))
		}
		var one, two bytes.Buffer
		if err := WriteTree(&one, entries); err != nil {
			t.Fatal(err)
		}
		if err := WriteTree(&two, rapid.Permutation(entries).Draw(t, "order")); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Fatal("another order gave other bytes")
		}
	})
}

// The bytes are fixed: a change loses every cached base and source.
func TestWriteTreeGolden(t *testing.T) {
	l := open(t)
	d, err := l.WriteLayer(func(w io.Writer) error { return WriteTree(w, []Entry{file("a/b", "x")}) })
	if err != nil {
		t.Fatal(err)
	}
	if want := "sha256:2db907eeba78d0a66490f9c3ed0cf0edd6ef050b34ac80c8bddf9bde61875115"; d.Digest.String() != want {
		t.Errorf("got %s, want %s", d.Digest, want)
	}
}
