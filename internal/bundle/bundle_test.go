package bundle

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"pgregory.net/rapid"

	"github.com/ofarm/ofarm/internal/input"
)

const testLock = "ofarm.lock 1\nepoch 1\n"

// titled are inputs by title.
type titled = map[string]string

// some are inputs of all kinds: an empty one, one of two blocks, one that fills
// its block, one that is two things, and one that is also the config.
var some = titled{
	"opam/a.1/opam":        "",
	"opam/b.1/opam":        strings.Repeat("o", blockSize),
	"debian/pool/a_1.deb":  strings.Repeat("deb", 200),
	"sources/a.1/source":   "the source",
	"sources/b.1/source":   "the source",
	"opam/b.1/files/empty": "{}",
}

// stored puts inputs into a new store.
func stored(t testing.TB, contents titled) (*input.Store, []Input) {
	t.Helper()
	store, err := input.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var inputs []Input
	for title, text := range contents {
		in := Input{Title: title, Sum: input.SumBytes([]byte(text))}
		if _, err := store.Put(strings.NewReader(text), in.Sum); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, in)
	}
	return store, inputs
}

// written is a bundle of the inputs, as bytes.
func written(t testing.TB, contents titled) []byte {
	t.Helper()
	store, inputs := stored(t, contents)
	var b bytes.Buffer
	if _, err := Write(context.Background(), &b, []byte(testLock), inputs, store); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// file writes a bundle to a file.
func file(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b.tar")
	if err := os.WriteFile(path, data, 0o444); err != nil {
		t.Fatal(err)
	}
	return path
}

// checkAll opens a bundle and reads all of it.
func checkAll(path string) error {
	b, err := Open(path)
	if err != nil {
		return err
	}
	return b.Verify(context.Background())
}

func TestWriteThenOpen(t *testing.T) {
	b, err := Open(file(t, written(t, some)))
	if err != nil {
		t.Fatal(err)
	}
	got := titled{}
	for _, in := range b.Inputs() {
		r, err := b.OpenInput(in.Sum)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil || r.Close() != nil || int64(len(data)) != in.Size || !b.Has(in.Sum) {
			t.Errorf("%s: %d bytes: %v", in.Title, len(data), err)
		}
		got[in.Title] = string(data)
	}
	if diff := cmp.Diff(some, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if l, err := b.Lock(); string(l) != testLock || err != nil {
		t.Errorf("lock %q: %v", l, err)
	}
	other := input.SumBytes([]byte("other"))
	if _, err := b.OpenInput(other); b.Has(other) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what it doesn't have: %v", err)
	}
	if err := b.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestSameBytes writes the same inputs in any order, and some of them twice,
// from different stores.
func TestSameBytes(t *testing.T) {
	store, all := stored(t, some)
	other, _ := stored(t, some)
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, len(all)).Draw(r, "inputs")
		inputs := rapid.Permutation(all).Draw(r, "which")[:n]
		twice := slices.Concat(inputs, rapid.Permutation(inputs).Draw(r, "again"))
		var a, b bytes.Buffer
		first, err := Write(t.Context(), &a, []byte(testLock), inputs, store)
		if err != nil {
			r.Fatal(err)
		}
		second, err := Write(t.Context(), &b, []byte(testLock), twice, other)
		if err != nil {
			r.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) || first != second {
			r.Fatal("different bytes")
		}
		if first.Sum != input.SumBytes(a.Bytes()) || first.Size != int64(a.Len()) {
			r.Fatal("the bytes have another digest or size")
		}
		if err := checkAll(file(t, a.Bytes())); err != nil {
			r.Fatal(err)
		}
	})
}

// names lists the entries of a tar in order.
func names(t *testing.T, data []byte) []string {
	t.Helper()
	var out []string
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Mode != 0o644 || h.ModTime.Unix() != 0 || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%s has %+v", h.Name, h)
		}
		out = append(out, h.Name)
	}
}

// TestLayout looks at a bundle as another tool would.
func TestLayout(t *testing.T) {
	data := written(t, some)
	got := names(t, data)
	blob := func(text string) string { return "blobs/sha256/" + input.SumBytes([]byte(text)).Hex() }
	sums := []string{blob(""), blob(some["debian/pool/a_1.deb"]), blob(some["opam/b.1/opam"]), blob("the source")}
	slices.Sort(sums)
	want := append([]string{"oci-layout", "index.json", got[2], blob("{}"), blob(testLock)}, sums...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n := len(data); n%blockSize != 0 || ocispec.DescriptorEmptyJSON.Digest.Encoded() != input.SumBytes([]byte("{}")).Hex() {
		t.Errorf("%d bytes", n)
	}
}

func TestWriteErrors(t *testing.T) {
	store, inputs := stored(t, titled{"a": "text"})
	fail := func(in Input) error {
		t.Helper()
		name := filepath.Join(t.TempDir(), "b.tar")
		_, err := WriteFile(t.Context(), name, []byte(testLock), append(inputs, in), store)
		if left, _ := os.ReadDir(filepath.Dir(name)); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
		return err
	}
	if err := fail(Input{Title: "b", Sum: input.SumBytes([]byte("none"))}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	for _, title := range []string{"", ".", "/a", "../a", "a/../b", "a//b", "a\x1b[2J", "a\u202eb"} {
		if err := fail(Input{Title: title, Sum: inputs[0].Sum}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", title)) {
			t.Errorf("title %q: %v", title, err)
		}
	}
	path := store.Path(inputs[0].Sum)
	if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte("tExt"), 0o644)); err != nil {
		t.Fatal(err)
	}
	var wrong *input.ChecksumError
	if err := fail(inputs[0]); !errors.As(err, &wrong) || wrong.Name != "a" {
		t.Errorf("damaged in the store: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Write(ctx, io.Discard, nil, nil, store); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestStores takes inputs from two stores, and refuses more than a manifest holds.
func TestStores(t *testing.T) {
	one, inputs := stored(t, titled{"a": "text"})
	two, more := stored(t, titled{"b": "other"})
	var got bytes.Buffer
	if _, err := Write(t.Context(), &got, []byte(testLock), append(inputs, more...), Stores{one, two}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), written(t, titled{"a": "text", "b": "other"})) {
		t.Error("different bytes")
	}
	if _, err := (Stores{one}).OpenFile(more[0].Sum); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	var many []Input
	for i := range mostManifest / 100 {
		many = append(many, Input{Title: fmt.Sprint("a/", i), Sum: inputs[0].Sum})
	}
	if _, err := Write(t.Context(), io.Discard, []byte(testLock), many, one); err == nil || !strings.Contains(err.Error(), "too many for a bundle") {
		t.Errorf("got %v", err)
	}
}
