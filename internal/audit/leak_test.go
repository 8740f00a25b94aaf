package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLeaks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"hello.c": hello}, "-o", "hello", "hello.c")
	path := filepath.Join(dir, "hello")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := readBytes(append(whole, "CAML/ofarm/bytecode.ml\n"...), Options{Prefixes: []string{"/nowhere/", "/ofarm/"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range r.Leaks {
		got = append(got, l.Section+" "+l.Text)
	}
	want := []string{".rodata /ofarm/switch/lib/hello", "(after the sections) /ofarm/bytecode.ml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestLeakInCompressedSection(t *testing.T) {
	t.Parallel()
	r, err := readBytes(compressed(strings.Repeat("x", 3<<20)+"\x00/ofarm/a.ml\x00"), Options{Prefixes: []string{"/ofarm/"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Leak{{Section: ".debug_str", Offset: 3<<20 + 1, Text: "/ofarm/a.ml"}}
	if diff := cmp.Diff(want, r.Leaks); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestLeaksAcrossChunks puts prefixes anywhere, borders of chunks included.
func TestLeaksAcrossChunks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := make([]byte, 2*chunkSize+rapid.IntRange(0, 400).Draw(t, "tail"))
		var want []Leak
		at := 0
		for i := range rapid.IntRange(0, 6).Draw(t, "n") {
			border := rapid.SampledFrom([]int{0, chunkSize, chunkSize + maxText, 2 * chunkSize}).Draw(t, "border")
			off := border + rapid.IntRange(-200, 200).Draw(t, "off")
			text := "/p/" + strings.Repeat("y", i)
			if off < at || off+len(text) > len(b) {
				continue
			}
			copy(b[off:], text)
			want = append(want, Leak{Offset: int64(off), Text: text})
			at = off + len(text) + 1
		}
		r, err := readBytes(b, Options{Prefixes: []string{"/p/"}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.Leaks); diff != "" || r.LeakCount != len(want) {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}

func TestListIsLimitedAndCounted(t *testing.T) {
	t.Parallel()
	r, err := readBytes([]byte(strings.Repeat("/p/x\x00", 50)), Options{Prefixes: []string{"/p/"}, MaxLeaks: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Leaks) != 3 || r.LeakCount != 50 {
		t.Errorf("got %d listed, %d counted", len(r.Leaks), r.LeakCount)
	}
}
