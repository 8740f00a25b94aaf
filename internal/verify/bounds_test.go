package verify

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"time"
)

// What is looked at of large files is bounded, so that they take seconds.
func TestTextAtIsBounded(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte("x"), 1<<20)
	for _, at := range []int{0, 1, 1 << 19, 1<<20 - 1} {
		if got := textAt(long, at); len(got) < nearby || len(got) > 2*nearby {
			t.Errorf("%d bytes at %d", len(got), at)
		}
	}
}

// Of more lines than are compared, those at the first difference are told.
func TestExplainManyItems(t *testing.T) {
	t.Parallel()
	var first, again strings.Builder
	for i := range maxItems + 10 {
		fmt.Fprintf(&first, "since 2026-01-01, %d\n", i)
		fmt.Fprintf(&again, "since 2026-01-02, %d\n", i)
	}
	expect{cause: Timestamp, where: "line 2", what: `"since 2026-01-01, 0" and "since 2026-01-02, 0"`}.check(t,
		explain(t, []byte("a\n"+first.String()), []byte("a\n"+again.String()), Hints{}))
	expect{cause: Timestamp, where: "byte 1", what: `"since 2026-01-01, 0" and "since 2026-01-02, 0`}.check(t,
		explain(t, []byte("\x00"+first.String()+"."), []byte("\x00"+again.String()), Hints{}))
	for _, lists := range [][]item{lines([]byte(first.String()), 1), texts([]byte(first.String()), 0)} {
		if len(lists) != maxItems+1 {
			t.Errorf("%d items", len(lists))
		}
	}
	// One line more among as many is a difference of one line.
	expect{cause: Unknown, where: "line 2", what: `nothing and "b"`}.check(t,
		explain(t, []byte("a\n"+first.String()), []byte("a\nb\n"+first.String()), Hints{}))
}

// What is packed may be larger than files that are opened.
func TestExplainLargeContent(t *testing.T) {
	t.Parallel()
	pack := func(text string) []byte {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		_, _ = w.Write(make([]byte, maxWhole))
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		return b.Bytes()
	}
	expect{cause: Timestamp, where: "gzip: byte 3355444", what: `"on 2026-01-01" and "on 2026-01-02"`}.check(t,
		explain(t, pack("on 2026-01-01"), pack("on 2026-01-02"), Hints{}))
}

// The steps of a build that took them from a cache ran long before it.
func TestExplainCachedSteps(t *testing.T) {
	t.Parallel()
	hints := circumstances
	hints.First.Start, hints.First.End = firstTime.Add(-400*24*time.Hour), firstTime
	const early, again = 1769990400, 1944043200 // 27 days before, and in the second build
	number := func(seconds uint32) []byte {
		return append([]byte("\x01\x02\x03\x04"), byte(seconds), byte(seconds>>8), byte(seconds>>16), byte(seconds>>24), 0, 0)
	}
	expect{cause: Timestamp, where: "byte 4", what: "2026-02-02T00:00:00Z"}.check(t, explain(t, number(early), number(again), hints))
	expect{cause: Unknown, where: "byte 4"}.check(t, explain(t, number(early), number(again), circumstances))
}

func TestExplainText(t *testing.T) {
	t.Parallel()
	d := ExplainText("bin/x", "where the link leads", "/tmp/w1/project/x", "/srv/w22/project/x", circumstances)
	expect{cause: BuildPath, where: "where the link leads", what: `"/tmp/w1/project/x" and "/srv/w22/project/x"`}.check(t, d)
	d = ExplainText("bin/x", "its name", "x\x1b[2J", "y", circumstances)
	expect{cause: Unknown, where: "its name", what: `"x\x1b[2J" and "y"`}.check(t, d)
	if d.Also != nil {
		t.Errorf("also %q", d.Also)
	}
}

func TestExplainKinds(t *testing.T) {
	t.Parallel()
	elf := func(text string) []byte { // without a table of sections
		h := []byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x3e\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 40))
		h[52], h[54], h[58] = 64, 56, 64
		return append(h, text...)
	}
	expect{cause: Unknown, where: "the file", what: "an empty file and text"}.check(t, explain(t, nil, []byte("a\n"), Hints{}))
	d := explain(t, elf("of 2026-01-01"), elf("of 2026-01-02"), Hints{})
	expect{cause: Timestamp, where: "byte 76", what: `"of 2026-01-01" and "of 2026-01-02"`}.check(t, d)
	if d.Where != "byte 76" || d.Also != nil {
		t.Errorf("where %q, also %q", d.Where, d.Also)
	}
}

// Both are paths of the build.
func TestExplainTwoPathsOfTheBuild(t *testing.T) {
	t.Parallel()
	d := ExplainText("bin/x", "line 1", "/ofarm/build/a.ml", "/ofarm/switch/a.ml", circumstances)
	if strings.Contains(d.CauseText, "one side") {
		t.Errorf("%+v", d)
	}
}
