package bundle

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-multierror"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"pgregory.net/rapid"

	"github.com/ofarm/ofarm/internal/input"
)

// part is an entry of a tar, to be taken apart and put together otherwise.
type part struct {
	header tar.Header
	data   []byte
}

func (p part) name() string { return p.header.Name }

func takeApart(t testing.TB, data []byte) []part {
	t.Helper()
	var out []part
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, part{*h, content})
	}
}

func putTogether(t testing.TB, parts []part) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, p := range parts {
		p.header.Size = int64(len(p.data))
		if err := w.WriteHeader(&p.header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// refused wants a DamagedError of an entry whose name begins so.
func refused(t testing.TB, data []byte, entry string) {
	t.Helper()
	err := checkAll(file(t, data))
	var damaged *DamagedError
	if !errors.As(err, &damaged) {
		t.Fatalf("got %v, want a damaged %q", err, entry)
	}
	if !strings.HasPrefix(damaged.Entry, entry) {
		t.Errorf("got %v, want the entry %q", err, entry)
	}
}

// entryAt is the entry that has the byte at an offset.
func entryAt(parts []part, at int) string {
	for _, p := range parts {
		size := int(entry{size: int64(len(p.data))}.padding()) + blockSize + len(p.data)
		if at < size {
			return p.name()
		}
		at -= size
	}
	return "the end of the file"
}

// scan does what Open does, to bytes.
func scan(data []byte) error {
	b := &Bundle{places: map[input.Digest]place{}}
	return b.read(&scanner{file: bytes.NewReader(data), size: int64(len(data))})
}

// TestEveryFlippedByte flips some bits of each byte of a bundle. The damage is
// found in the entry that has it, or in the one that it names.
func TestEveryFlippedByte(t *testing.T) {
	data := written(t, some)
	parts := takeApart(t, data)
	for at := range data {
		spoilt := slices.Clone(data)
		spoilt[at] ^= 1 << (at % 8)
		err := scan(spoilt)
		if err == nil {
			err = checkAll(file(t, spoilt))
		}
		var damaged *DamagedError
		if !errors.As(err, &damaged) {
			t.Fatalf("byte %d (%s): %v", at, entryAt(parts, at), err)
		}
		where := entryAt(parts, at)
		named := strings.HasPrefix(damaged.Entry, where)
		header := where == "index.json" || strings.Contains(err.Error(), "doesn't belong there") ||
			strings.Contains(err.Error(), "leads out")
		if !named && !header {
			t.Fatalf("byte %d is in %s: %v", at, where, err)
		}
	}
}

// TestTruncated cuts a bundle off anywhere.
func TestTruncated(t *testing.T) {
	data := written(t, some)
	parts := takeApart(t, data)
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, len(data)-1).Draw(r, "length")
		refused(t, data[:n], entryAt(parts, n))
	})
	refused(t, append(slices.Clone(data), 0), "the end of the file")
	refused(t, append(slices.Clone(data), data...), "the end of the file")
}

// TestMissing leaves each entry out.
func TestMissing(t *testing.T) {
	parts := takeApart(t, written(t, some))
	for i, p := range parts {
		refused(t, putTogether(t, slices.Delete(slices.Clone(parts), i, i+1)), p.name())
	}
}

// TestExtra puts one more entry into each place.
func TestExtra(t *testing.T) {
	parts := takeApart(t, written(t, some))
	extra := part{parts[0].header, []byte("extra")}
	for _, name := range []string{"x", "blobs/sha256/" + strings.Repeat("0", 64), "../x", "/etc/passwd", "blobs/sha256/../../../x", parts[0].name()} {
		extra.header.Name = name
		want := name
		if strings.HasPrefix(name, "/") || strings.Contains(name, "..") {
			want = `"` + name
		}
		for i := range len(parts) + 1 {
			data := putTogether(t, slices.Insert(slices.Clone(parts), i, extra))
			refused(t, data, "")
			if err := checkAll(file(t, data)); !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q named", err, want)
			}
		}
	}
}

// TestKinds puts what is no file in an entry's place.
func TestKinds(t *testing.T) {
	parts := takeApart(t, written(t, some))
	for i := range parts {
		link := slices.Clone(parts)
		link[i].header.Typeflag, link[i].header.Linkname, link[i].data = tar.TypeSymlink, "../../secret", nil
		refused(t, putTogether(t, link), parts[i].name())
		later := slices.Clone(parts)
		later[i].header.ModTime = later[i].header.ModTime.AddDate(1, 0, 0)
		refused(t, putTogether(t, later), parts[i].name())
	}
	swapped := slices.Clone(parts)
	n := len(swapped)
	swapped[n-1], swapped[n-2] = swapped[n-2], swapped[n-1]
	refused(t, putTogether(t, swapped), parts[n-2].name())
}

// remade is a bundle whose manifest was changed, and named anew by the index.
func remade(t *testing.T, change func(*ocispec.Manifest)) []byte {
	t.Helper()
	parts := takeApart(t, written(t, some))
	var m ocispec.Manifest
	if err := json.Unmarshal(parts[2].data, &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	parts[2].data = marshal(m)
	parts[2].header.Name = blobName(digest.FromBytes(parts[2].data))
	parts[1].data = indexFile(digest.FromBytes(parts[2].data), int64(len(parts[2].data)))
	return putTogether(t, parts)
}

// TestManifests has manifests that their index names, and that no bundle has.
func TestManifests(t *testing.T) {
	if err := checkAll(file(t, remade(t, func(*ocispec.Manifest) {}))); err != nil {
		t.Fatal(err)
	}
	title := func(s string) map[string]string { return map[string]string{ocispec.AnnotationTitle: s} }
	other := digest.Digest(input.SumBytes([]byte("other")).String())
	for name, change := range map[string]func(*ocispec.Manifest){
		"no layer":          func(m *ocispec.Manifest) { m.Layers = nil },
		"no lock":           func(m *ocispec.Manifest) { m.Layers = m.Layers[1:] },
		"layer left out":    func(m *ocispec.Manifest) { m.Layers = m.Layers[:2] },
		"layer added":       func(m *ocispec.Manifest) { l := m.Layers[1]; l.Digest = other; m.Layers = append(m.Layers, l) },
		"other order":       func(m *ocispec.Manifest) { m.Layers[1], m.Layers[2] = m.Layers[2], m.Layers[1] },
		"twice":             func(m *ocispec.Manifest) { m.Layers = append(m.Layers, m.Layers[len(m.Layers)-1]) },
		"title climbs out":  func(m *ocispec.Manifest) { m.Layers[1].Annotations = title("../../etc/passwd") },
		"absolute title":    func(m *ocispec.Manifest) { m.Layers[1].Annotations = title("/etc/passwd") },
		"no title":          func(m *ocispec.Manifest) { m.Layers[1].Annotations = nil },
		"digest climbs out": func(m *ocispec.Manifest) { m.Layers[1].Digest = "sha256:../../../../etc/passwd" },
		"other function":    func(m *ocispec.Manifest) { m.Layers[1].Digest = digest.SHA512.FromString("x") },
		"negative size":     func(m *ocispec.Manifest) { m.Layers[1].Size = -1 },
		"huge size":         func(m *ocispec.Manifest) { m.Layers[1].Size = 1 << 62 },
		"two sizes":         func(m *ocispec.Manifest) { m.Layers[len(m.Layers)-1].Size++ },
		"other type":        func(m *ocispec.Manifest) { m.ArtifactType = "application/x" },
		"a config":          func(m *ocispec.Manifest) { m.Config.Digest = other },
		"more":              func(m *ocispec.Manifest) { m.Annotations = title("x") },
	} {
		t.Run(name, func(t *testing.T) { refused(t, remade(t, change), "blobs/sha256/") })
	}
}

// TestVerifyReportsAll damages two inputs.
func TestVerifyReportsAll(t *testing.T) {
	parts := takeApart(t, written(t, some))
	n := len(parts)
	for i := n - 3; i < n; i++ {
		if len(parts[i].data) > 0 {
			parts[i].data[0] ^= 1
		}
	}
	err := checkAll(file(t, putTogether(t, parts)))
	var many *multierror.Error
	if !errors.As(err, &many) || len(many.Errors) != 2 {
		t.Errorf("got %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(written(f, titled{"a": "b"}))
	f.Add(written(f, nil))
	f.Add([]byte("oci-layout"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if scan(data) != nil {
			return
		}
		b, err := Open(file(t, data))
		if err != nil {
			t.Fatal(err)
		}
		if b.Verify(t.Context()) != nil {
			return
		}
		// What is accepted is what would be written.
		contents := titled{}
		for _, in := range b.Inputs() {
			r, err := b.OpenInput(in.Sum)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(r)
			r.Close()
			contents[in.Title] = string(text)
		}
		store, inputs := stored(t, contents)
		l, err := b.Lock()
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if _, err := Write(t.Context(), &again, l, inputs, store); err != nil {
			t.Fatal(err)
		}
		if len(contents) == len(b.Inputs()) && !bytes.Equal(again.Bytes(), data) {
			t.Error("written again, the bundle has other bytes")
		}
	})
}
