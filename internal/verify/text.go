package verify

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// isText tells whether a file starts like a text: valid UTF-8 or Latin without
// control characters but those of line ends and pages.
func isText(b []byte) bool {
	const looked = 8 << 10
	b = b[:min(len(b), looked)]
	control := bytes.IndexFunc(b, func(r rune) bool { return r < 0x20 && !strings.ContainsRune("\t\n\v\f\r\x1b", r) })
	if control >= 0 || len(b) == 0 {
		return false
	}
	for range utf8.UTFMax - 1 { // the last character may be cut
		if utf8.Valid(b) {
			return true
		}
		b = b[:max(len(b)-1, 0)]
	}
	return false
}

// text explains texts line by line.
func (x *explainer) text(at string, a, b []byte, _ int) bool {
	where := func(i item) string { return join(at, fmt.Sprintf("line %d", i.at)) }
	return x.items(lines(a), lines(b), where)
}

// lines numbers lines from 1. The last has no end where the text has none, and so
// differs from one that has.
func lines(b []byte) []item {
	var out []item
	for line := range strings.Lines(string(b)) {
		out = append(out, item{line, len(out) + 1})
	}
	return out
}
