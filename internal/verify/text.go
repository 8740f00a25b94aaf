package verify

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// isText tells whether a file starts like a text: valid UTF-8 without control
// characters but those of line ends, pages and colours.
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
	start := bytes.LastIndexByte(a[:commonPrefix(a, b)], '\n') + 1
	first := bytes.Count(a[:start], []byte("\n")) + 1
	a, b = a[start:], b[start:]
	_, same, _ := bytes.Cut(a[len(a)-commonSuffix(a, b):], []byte("\n")) // lines at the end
	a, b = a[:len(a)-len(same)], b[:len(b)-len(same)]
	return x.items(lines(a, first), lines(b, first), where)
}

// lines numbers lines, and one more than maxItems if there are more. The last has no
// end where the text has none, and so differs from one that has.
func lines(b []byte, first int) []item {
	var out []item
	for line := range bytes.Lines(b) {
		if len(out) > maxItems {
			break
		}
		out = append(out, item{string(line), first + len(out)})
	}
	return out
}
