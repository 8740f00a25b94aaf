package verify

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tarOf packs headers; Name and Typeflag of each have to be set, and a file's
// content is its Linkname.
func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		content := ""
		if h.Typeflag == tar.TypeReg {
			content, h.Linkname = h.Linkname, ""
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	shaOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" // "a"
	shaOf0 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // ""
)

func TestReadTree(t *testing.T) {
	t.Parallel()
	stream := tarOf(t,
		tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "lib/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "lib/b", Typeflag: tar.TypeReg, Mode: 0o644, Linkname: "a", Uid: 1000, Gid: 7},
		tar.Header{Name: "lib/c", Typeflag: tar.TypeLink, Mode: 0o644, Linkname: "lib/b"},
		tar.Header{Name: "lib/d", Typeflag: tar.TypeLink, Mode: 0o644, Linkname: "./lib/c"},
		tar.Header{Name: "lib-x", Typeflag: tar.TypeReg, Mode: 0o104755},
		tar.Header{Name: "./a", Typeflag: tar.TypeSymlink, Mode: 0o777, Linkname: "../lib/b"},
		tar.Header{Name: "null", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3},
	)
	got, err := ReadTree(bytes.NewReader(append(stream, make([]byte, 10240)...)))
	if err != nil {
		t.Fatal(err)
	}
	want := Tree{
		{Path: "a", Type: Symlink, Mode: 0o777, Linkname: "../lib/b"},
		{Path: "lib", Type: Dir, Mode: 0o755},
		{Path: "lib-x", Type: File, Mode: 0o4755, SHA256: shaOf0},
		{Path: "lib/b", Type: File, Mode: 0o644, Size: 1, SHA256: shaOfA, Owner: "1000:7"},
		{Path: "lib/c", Type: File, Mode: 0o644, Size: 1, SHA256: shaOfA, Hardlink: "lib/b"},
		{Path: "lib/d", Type: File, Mode: 0o644, Size: 1, SHA256: shaOfA, Hardlink: "lib/b"},
		{Path: "null", Type: Char, Mode: 0o666, Linkname: "1:3"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"lib-x", "lib/b", "lib/d"}, got.Holders([]string{"lib/d", "lib-x", "gone"})); diff != "" {
		t.Errorf("Holders (-want +got)\n%s", diff)
	}
}

func TestReadTreeMistakes(t *testing.T) {
	t.Parallel()
	file := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg, Linkname: "a"} }
	whole := tarOf(t, file("x"), file("y"))
	for name, test := range map[string]struct {
		stream []byte
		want   string
	}{
		"climbs":    {tarOf(t, file("a/../../x")), `"a/../../x" climbs out`},
		"twice":     {tarOf(t, file("x"), file("./x")), `"./x": comes twice`},
		"hard link": {tarOf(t, tar.Header{Name: "x", Typeflag: tar.TypeLink, Linkname: "y"}), `"x": hard link to "y"`},
		"link out":  {tarOf(t, tar.Header{Name: "x", Typeflag: tar.TypeLink, Linkname: "../y"}), `"../y" climbs out`},
		"truncated": {whole[:1100], "after 1 entries: unexpected EOF"},
		"no tar":    {bytes.Repeat([]byte("x"), 600), "invalid tar header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadTree(bytes.NewReader(test.stream))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	stream := tarOf(t,
		tar.Header{Name: "d/", Typeflag: tar.TypeDir},
		tar.Header{Name: "d/x", Typeflag: tar.TypeReg, Linkname: "a", Mode: 0o4755},
		tar.Header{Name: "d/other", Typeflag: tar.TypeReg, Linkname: "b"},
		tar.Header{Name: "e/y", Typeflag: tar.TypeLink, Linkname: "d/x"},
	)
	dir := t.TempDir()
	if err := Pick(bytes.NewReader(stream), dir, []string{"e/y", "d/x"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			data, _ := os.ReadFile(path)
			info, _ := e.Info()
			rel, _ := filepath.Rel(dir, path)
			got = append(got, rel+" "+info.Mode().String()+" "+string(data))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"d/x -rw------- a", "e/y -rw------- a"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPickMistakes(t *testing.T) {
	t.Parallel()
	x := tar.Header{Name: "x", Typeflag: tar.TypeReg, Linkname: "a"}
	for name, test := range map[string]struct {
		headers []tar.Header
		paths   []string
		want    string
	}{
		"missing":   {[]tar.Header{x}, []string{"x", "y", "w"}, `no file "w", "y"`},
		"symlink":   {[]tar.Header{{Name: "y", Typeflag: tar.TypeSymlink, Linkname: "x"}, x}, []string{"y"}, `no file "y"`},
		"hard link": {[]tar.Header{x, {Name: "y", Typeflag: tar.TypeLink, Linkname: "x"}}, []string{"y"}, `"y": hard link to "x"`},
		"climbs":    {[]tar.Header{{Name: "../x", Typeflag: tar.TypeReg}}, []string{"../x"}, "climbs out"},
		"there":     {[]tar.Header{{Name: "old", Typeflag: tar.TypeReg}}, []string{"old"}, "file exists"},
		"out":       {[]tar.Header{{Name: "out/x", Typeflag: tar.TypeReg}}, []string{"out/x"}, "escapes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, out := t.TempDir(), t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(out, filepath.Join(dir, "out")); err != nil {
				t.Fatal(err)
			}
			err := Pick(bytes.NewReader(tarOf(t, test.headers...)), dir, test.paths)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if left, _ := os.ReadDir(out); len(left) > 0 {
				t.Errorf("%q was written outside", left[0].Name())
			}
			if old, _ := os.ReadFile(filepath.Join(dir, "old")); string(old) != "old" {
				t.Error("a file was written over")
			}
		})
	}
}

// drawTree draws a tree of a few paths.
func drawTree(t *rapid.T, label string) Tree {
	paths := rapid.SliceOfNDistinct(rapid.SampledFrom(strings.Fields("a a-b a/b b c c/d c/d/e")), 0, 7, rapid.ID).Draw(t, label)
	slices.Sort(paths)
	var out Tree
	for _, p := range paths {
		out = append(out, drawEntry(t, label+" "+p, p))
	}
	return out
}

func drawEntry(t *rapid.T, label, path string) Entry {
	e := Entry{Path: path, Type: rapid.SampledFrom([]Type{File, Dir, Symlink}).Draw(t, label+" type")}
	e.Mode = rapid.SampledFrom([]int64{0o644, 0o755}).Draw(t, label+" mode")
	e.Owner = rapid.SampledFrom([]string{"", "1:1"}).Draw(t, label+" owner")
	switch e.Type {
	case File:
		e.SHA256 = rapid.SampledFrom([]string{shaOfA, shaOf0}).Draw(t, label+" content")
	case Symlink:
		e.Linkname = rapid.SampledFrom([]string{"x", "y"}).Draw(t, label+" link")
	}
	return e
}

// TestCompare draws pairs of trees: what is compared with itself is equal, sides
// can be swapped, each path that differs is listed once and no other, and digests
// agree.
func TestCompare(t *testing.T) {
	t.Parallel()
	swapped := map[Kind]Kind{OnlyFirst: OnlyAgain, OnlyAgain: OnlyFirst}
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawTree(t, "first"), drawTree(t, "again")
		if c := Compare(a, a); len(c) > 0 {
			t.Fatalf("with itself: %v", c)
		}
		there, back := Compare(a, b), Compare(b, a)
		for i, c := range back {
			c.First, c.Again = c.Again, c.First
			if k, ok := swapped[c.Kind]; ok {
				c.Kind = k
			}
			back[i] = c
		}
		if diff := cmp.Diff(there, back); diff != "" {
			t.Fatalf("(-there +back)\n%s", diff)
		}
		if (a.Digest() == b.Digest()) != (len(there) == 0) {
			t.Fatalf("digests don't agree with %v", there)
		}
		var want, got []string
		for _, p := range strings.Fields("a a-b a/b b c c/d c/d/e") {
			x, _ := a.Find(p)
			y, _ := b.Find(p)
			if x != y {
				want = append(want, p)
			}
		}
		for _, c := range there {
			got = append(got, c.Path)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("paths (-want +got)\n%s", diff)
		}
	})
}

func TestCompareKinds(t *testing.T) {
	t.Parallel()
	file := Entry{Path: "x", Type: File, Mode: 0o644, Size: 1, SHA256: shaOfA}
	change := func(f func(e *Entry)) Tree {
		e := file
		f(&e)
		return Tree{e}
	}
	for name, test := range map[string]struct {
		first, again Tree
		want         Kind
	}{
		"gone":    {Tree{file}, nil, OnlyFirst},
		"new":     {nil, Tree{file}, OnlyAgain},
		"type":    {Tree{file}, change(func(e *Entry) { e.Type, e.SHA256, e.Linkname = Symlink, "", "y" }), OtherType},
		"content": {Tree{file}, change(func(e *Entry) { e.SHA256, e.Mode = shaOf0, 0o600 }), OtherContent},
		"link":    {change(func(e *Entry) { e.Linkname = "y" }), change(func(e *Entry) { e.Linkname = "z" }), OtherLink},
		"mode":    {Tree{file}, change(func(e *Entry) { e.Mode = 0o755 }), OtherMode},
		"owner":   {Tree{file}, change(func(e *Entry) { e.Owner = "1:1" }), OtherOwner},
		"nothing": {Tree{file}, change(func(e *Entry) { e.Hardlink = "y" }), ""},
	} {
		got := Compare(test.first, test.again)
		if test.want == "" {
			if len(got) > 0 {
				t.Errorf("%s: %v", name, got)
			}
		} else if len(got) != 1 || got[0].Kind != test.want {
			t.Errorf("%s: %v, want one %q", name, got, test.want)
		}
	}
}

func TestFirstDifferent(t *testing.T) {
	t.Parallel()
	one, other := Tree{{Path: "x", SHA256: shaOfA}}, Tree{{Path: "x", SHA256: shaOf0}}
	steps := []Step{
		{Name: "ocaml", First: one, Again: one},
		{Name: "dune", Depends: []string{"ocaml", "root"}, First: one, Again: other},
		{Name: "fmt", Depends: []string{"dune"}, First: one, Again: one},
		{Name: "lwt", Depends: []string{"fmt"}, First: one, Again: other},
		{Name: "zarith", Depends: []string{"ocaml"}, First: one, Again: nil},
		{Name: "project", Depends: []string{"zarith", "lwt"}, First: one, Again: other},
	}
	var got []string
	for _, f := range FirstDifferent(steps) {
		if f.Culprit() != (len(f.After) == 0) || len(f.Changes) != 1 {
			t.Errorf("%+v", f)
		}
		got = append(got, f.Step+" <- "+strings.Join(f.After, " "))
	}
	want := []string{"dune <- ", "lwt <- dune", "zarith <- ", "project <- dune lwt zarith"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func FuzzReadTree(f *testing.F) {
	f.Add(tarOf(f, tar.Header{Name: "d/", Typeflag: tar.TypeDir}, tar.Header{Name: "d/x", Typeflag: tar.TypeReg, Linkname: "content"},
		tar.Header{Name: "y", Typeflag: tar.TypeLink, Linkname: "d/x"}, tar.Header{Name: "z", Typeflag: tar.TypeSymlink, Linkname: "/"}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := ReadTree(bytes.NewReader(b))
		if err != nil {
			return
		}
		for i, e := range tree {
			if e.Path == "." || e.Path == "" || strings.HasPrefix(e.Path, "/") || strings.HasPrefix(e.Path+"/", "../") {
				t.Errorf("path %q", e.Path)
			}
			if i > 0 && tree[i-1].Path >= e.Path {
				t.Errorf("%q is not before %q", tree[i-1].Path, e.Path)
			}
			if e.Type.String() == "nothing" {
				t.Errorf("%q has no type", e.Path)
			}
		}
	})
}

// What ofarm verify --json prints can be read back.
func TestChangeJSON(t *testing.T) {
	for _, is := range []Type{0, File, Dir, Symlink, Char, Block, FIFO} {
		want := Change{Path: "p", Kind: OtherType, First: Entry{Path: "p", Type: is, Mode: 0o644}}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Change
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s became %+v: %v", text, got, err)
		}
	}
	var got Change
	if err := json.Unmarshal([]byte(`{"first": {"type": "door"}}`), &got); err == nil {
		t.Error("a door was read")
	}
}
