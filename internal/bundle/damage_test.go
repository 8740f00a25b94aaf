package bundle

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-multierror"

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

// TestTruncated cuts a bundle off after each byte.
func TestTruncated(t *testing.T) {
	data := written(t, some)
	parts := takeApart(t, data)
	for n := range data {
		err := scan(data[:n])
		var damaged *DamagedError
		var none *NotBundleError
		if n == 0 && errors.As(err, &none) {
			continue
		}
		if !errors.As(err, &damaged) || !strings.HasPrefix(damaged.Entry, entryAt(parts, n)) {
			t.Fatalf("cut off after %d bytes, in %s: %v", n, entryAt(parts, n), err)
		}
	}
	refused(t, data[:len(data)/2], entryAt(parts, len(data)/2))
}

// TestAppended has more behind the end of a bundle.
func TestAppended(t *testing.T) {
	data := written(t, some)
	extra := part{takeApart(t, data)[0].header, []byte("extra")}
	for name, c := range map[string]struct {
		more  []byte
		entry string
	}{
		"a byte":         {[]byte{0}, "the end of the file"},
		"a block":        {make([]byte, blockSize), "the end of the file"},
		"blocks":         {make([]byte, 20*blockSize), "the end of the file"}, // as GNU tar fills a record
		"text":           {[]byte("text"), "the end of the file"},
		"another bundle": {data, "oci-layout"},
		"an entry":       {putTogether(t, []part{named(extra, "x/extra")}), "x/extra"},
		"a way out":      {putTogether(t, []part{named(extra, "../extra")}), `"../extra"`},
	} {
		t.Run(name, func(t *testing.T) { refused(t, slices.Concat(data, c.more), c.entry) })
	}
}

// named is a part under another name.
func named(p part, name string) part {
	p.header.Name = name
	return p
}

// TestReordered exchanges any two entries, and has each twice.
func TestReordered(t *testing.T) {
	parts := takeApart(t, written(t, some))
	for i, p := range parts {
		for j := range i {
			swapped := slices.Clone(parts)
			swapped[i], swapped[j] = parts[j], parts[i]
			refused(t, putTogether(t, swapped), parts[j].name())
		}
		for j := range len(parts) + 1 {
			twice := putTogether(t, slices.Insert(slices.Clone(parts), j, p))
			refused(t, twice, "")
			if err := checkAll(file(t, twice)); !strings.Contains(err.Error(), p.name()) {
				t.Errorf("%s twice: %v", p.name(), err)
			}
		}
	}
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

// TestUnprintable has names that a terminal would obey: they are told quoted.
func TestUnprintable(t *testing.T) {
	parts := takeApart(t, written(t, some))
	for _, name := range []string{"x\x1b[2J", "blobs/sha256/x\x1b[2J"} {
		for i := range len(parts) + 1 {
			extra := named(part{parts[0].header, nil}, name)
			err := checkAll(file(t, putTogether(t, slices.Insert(slices.Clone(parts), i, extra))))
			if err == nil || strings.Contains(err.Error(), "\x1b") || !strings.Contains(err.Error(), `x\x1b[2J`) {
				t.Errorf("%d: got %v", i, err)
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
}

// TestSizes has sizes in the headers that no entry has, in every way of writing
// them: octal, in base 256, negative.
func TestSizes(t *testing.T) {
	data := written(t, some)
	parts := takeApart(t, data)
	at := 0
	for _, p := range parts {
		for _, size := range []string{
			"77777777777\x00", "00000000000\x00", "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff",
			"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "-0000000001\x00", "            ",
		} {
			spoilt := slices.Clone(data)
			if string(spoilt[at+124:at+136]) == size {
				continue // it is empty indeed
			}
			copy(spoilt[at+124:], size)
			header := spoilt[at : at+blockSize]
			copy(header[148:], "        ")
			sum := 0
			for _, c := range header {
				sum += int(c)
			}
			copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
			refused(t, spoilt, p.name())
		}
		at += blockSize + len(p.data) + int(entry{size: int64(len(p.data))}.padding())
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

// TestOtherFiles has files that never were bundles.
func TestOtherFiles(t *testing.T) {
	for name, data := range map[string]string{
		"empty": "", "text": "module x\n", "long": strings.Repeat("module x\n", 1000), "zeros": strings.Repeat("\x00", 2000),
	} {
		path := file(t, []byte(data))
		var none *NotBundleError
		if _, err := Open(path); !errors.As(err, &none) || none.Path != path {
			t.Errorf("%s: %v", name, err)
		}
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
