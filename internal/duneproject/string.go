package duneproject

import (
	"strconv"
	"strings"
)

// text gathers a string.
type text struct {
	strings.Builder
	template bool
}

// readString reads "…", or the lines of a block string: each begins with "\|
// (with escapes) or "\> (as it stands) and ends with the line.
func (r *reader) readString() (string, bool) {
	at := r.pos()
	var t text
	if r.has(`"\|`) || r.has(`"\>`) {
		for r.nextBlockLine() {
			r.blockLine(&t)
		}
		return t.String(), t.template
	}
	for r.i++; !r.has(`"`); {
		if r.i == len(r.src) {
			r.fail(at, "string without an end: the closing quote is missing")
		}
		r.char(&t)
	}
	r.i++
	return t.String(), t.template
}

// nextBlockLine goes to the block string's line that is next, past the blanks
// before it, if there is one.
func (r *reader) nextBlockLine() bool {
	rest := strings.TrimLeft(r.src[r.i:], " \t\f")
	if !strings.HasPrefix(rest, `"\|`) && !strings.HasPrefix(rest, `"\>`) {
		return false
	}
	r.i = len(r.src) - len(rest)
	return true
}

// blockLine reads one line with its line break.
func (r *reader) blockLine(t *text) {
	raw := r.has(`"\>`)
	r.i += len(`"\|`)
	switch {
	case r.has(" "):
		r.i++
	case !r.atNewline() && r.i < len(r.src):
		r.fail(r.pos(), "a space is missing after %s", r.src[r.i-3:r.i])
	}
	for r.i < len(r.src) && !r.atNewline() {
		if !raw {
			r.char(t)
			continue
		}
		t.WriteByte(r.src[r.i])
		r.i++
	}
	if r.i < len(r.src) {
		r.lineBreak(t)
	}
}

func (r *reader) lineBreak(t *text) {
	start := r.i
	r.newline()
	t.WriteString(r.src[start:r.i])
}

// char reads one character, escape or line break.
func (r *reader) char(t *text) {
	switch {
	case r.has(`\`):
		r.escape(t)
	case r.atNewline():
		r.lineBreak(t)
	default:
		t.template = t.template || r.has("%{")
		t.WriteByte(r.src[r.i])
		r.i++
	}
}

// escapes are the escapes of one letter.
const escapes = "\\\\\"\"''%%n\nr\rt\tb\b"

// escape reads a backslash and what follows it: a letter, three decimal
// digits, x and two hexadecimal ones, or a line break, which is dropped
// together with the blanks that begin the next line.
func (r *reader) escape(t *text) {
	at := r.pos()
	r.i++
	if r.atNewline() {
		r.newline()
		for r.has(" ") || r.has("\t") {
			r.i++
		}
		return
	}
	rest := r.src[r.i:]
	for k := 0; k < len(escapes) && rest != ""; k += 2 {
		if rest[0] == escapes[k] {
			t.WriteByte(escapes[k+1])
			r.i++
			return
		}
	}
	c, ok := number(rest, 0, 10)
	if !ok && strings.HasPrefix(rest, "x") {
		c, ok = number(rest, 1, 16)
	}
	if !ok {
		r.fail(at, "unknown escape after the backslash")
	}
	t.WriteByte(c)
	r.i += 3
}

// number reads s[from:3] as a byte in the base.
func number(s string, from, base int) (byte, bool) {
	if len(s) < 3 || s[from] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[from:3], base, 8)
	return byte(n), err == nil
}
