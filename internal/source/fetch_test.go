package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/oci"
)

// treeOf is a tree of files, in which "-> TARGET" is a symlink.
func treeOf(files map[string]string) *Tree {
	t := &Tree{}
	for name, text := range files {
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			t.Entries = append(t.Entries, oci.Entry{Path: name, Type: oci.Symlink, Linkname: target})
			continue
		}
		r := strings.NewReader(text)
		t.Entries = append(t.Entries, section(r, 0, r.Size()).entry(name))
	}
	return t
}

// TestOpamFile takes the places away one after the other.
func TestOpamFile(t *testing.T) {
	files := map[string]string{"other.opam": "no"}
	for _, name := range OpamFileNames("x") {
		files[name] = name
	}
	for _, want := range OpamFileNames("x") {
		name, data, err := treeOf(files).OpamFile("x")
		if name != want || string(data) != want || err != nil {
			t.Errorf("got %s (%q), %v; want %s", name, data, err, want)
		}
		delete(files, want)
	}
	if _, _, err := treeOf(files).OpamFile("x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestReadFile(t *testing.T) {
	tree := treeOf(map[string]string{
		"sub/file": "text", "sub/link": "-> file", "up": "-> sub/link", "loop": "-> loop", "out": "-> ../../etc/passwd", "gone": "-> nothing",
	})
	tree.Entries = append(tree.Entries, oci.Entry{Path: "sub", Type: oci.Dir})
	for name, want := range map[string]string{
		"sub/file": "text", "sub/link": "text", "up": "text", "loop": "", "out": "", "gone": "", "sub": "", "none": "",
	} {
		data, err := tree.ReadFile(name)
		if string(data) != want || (want == "") != errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %q, %v; want %q", name, data, err, want)
		}
	}
}

// TestFetch has three sources: a file that is there, one that isn't, and a
// commit of a remote that isn't. Both failures are told.
func TestFetch(t *testing.T) {
	dir := t.TempDir()
	store, err := input.Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	var requests []input.Request
	for name, url := range map[string]string{
		"a": "file://" + dir + "/a", "b": "file://" + dir + "/b", "c": "git+file://user:secret@localhost" + dir + "/c#" + strings.Repeat("0", 40),
	} {
		r, err := Request(name, lock.Source{
			Input: lock.Input{SHA256: input.SumBytes([]byte(name)).Hex(), Size: 1}, URLs: []string{url},
			Checksums: []string{"md5=0cc175b9c0f1b6a831c399e269772661"},
		})
		if err != nil {
			t.Fatal(err)
		}
		requests = append(requests, r)
	}
	var told []string
	f := Fetcher{Files: input.Fetcher{Store: store}, Tell: func(name, place string) { told = append(told, name+" "+place) }}
	f.Git.Dir = filepath.Join(dir, "git")
	err = f.Fetch(context.Background(), requests)
	if !store.Has(input.SumBytes([]byte("a"))) || err == nil || !strings.Contains(err.Error(), "b (sha256:") || !strings.Contains(err.Error(), "c: archiving git+file://") {
		t.Errorf("got %v", err)
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], "c git+file://user:xxxxx@localhost") {
		t.Errorf("told %q", told)
	}
}

func TestRequestErrors(t *testing.T) {
	good := lock.Input{SHA256: strings.Repeat("0", 64)}
	for _, src := range []lock.Source{{}, {Input: good, Checksums: []string{"crc=00"}}} {
		if _, err := Request("x.1", src); err == nil || !strings.HasPrefix(err.Error(), "x.1: ") {
			t.Errorf("%v: got %v", src, err)
		}
	}
	if got := URLName("git+https://example.org/x/y.git#abc"); got != "y.git" {
		t.Errorf("got %s", got)
	}
}

// faulty is a holder that has one input, and gives it only if it is given one.
type faulty struct {
	sum  input.Digest
	text string
}

var errFaulty = errors.New("faulty")

func (h faulty) Has(d input.Digest) bool { return d == h.sum }

func (h faulty) OpenInput(input.Digest) (io.ReadCloser, error) {
	if h.text == "" {
		return nil, errFaulty
	}
	return io.NopCloser(strings.NewReader(h.text)), nil
}

// TestFetchCommitFromHolder asks for a commit's source: it is taken from the
// holder that has it, its failure is the end of it, and where no holder has it
// that is said, and not that git is offline.
func TestFetchCommitFromHolder(t *testing.T) {
	sum := input.SumBytes([]byte("tree"))
	r := input.Request{Name: "c", Sum: sum, URLs: []string{"git+https://git.example.org/c#" + strings.Repeat("0", 40)}}
	fetch := func(h input.Holder) error {
		store, err := input.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		f := Fetcher{Files: input.Fetcher{Store: store, Offline: true, Holders: []input.Holder{h}}}
		f.Git.Dir = t.TempDir()
		err = f.Fetch(t.Context(), []input.Request{r})
		if store.Has(sum) != (err == nil) {
			t.Errorf("the store has it: %v; %v", store.Has(sum), err)
		}
		return err
	}
	if err := fetch(faulty{sum, "tree"}); err != nil {
		t.Error(err)
	}
	if err := fetch(faulty{sum, ""}); !errors.Is(err, errFaulty) {
		t.Errorf("a faulty holder: %v", err)
	}
	var offline *input.OfflineError
	if err := fetch(faulty{}); !errors.As(err, &offline) || !offline.Held {
		t.Errorf("another holder: %v", err)
	}
}
