package opam

import (
	"strconv"
	"strings"
)

// readString reads "…" or """…""".
func (l *lexer) readString() {
	at, quote := l.pos(), `"`
	if l.has(`"""`) {
		quote = `"""`
	}
	l.i += len(quote)
	var b strings.Builder
	for l.i < len(l.src) {
		switch c := l.src[l.i]; {
		case l.has(quote):
			l.i += len(quote)
			l.emit(tokString, b.String(), at)
			return
		case c == '\\':
			l.readEscape(&b)
		default:
			l.i++
			b.WriteByte(c)
			if c == '\n' {
				l.newline()
			}
		}
	}
	l.errs.add(at, "string without an end: %s is missing", quote)
}

// escapes are the escapes of one letter.
const escapes = "\\\\\"\"''n\nr\rt\tb\b  "

// readEscape reads a backslash and what follows it: a letter, three decimal
// digits, x and two hexadecimal ones, or a line's end, which is dropped
// together with the blanks that begin the next line.
func (l *lexer) readEscape(b *strings.Builder) {
	at := l.pos()
	l.i++
	if l.has("\n") || l.has("\r\n") {
		l.i += 1 + strings.IndexByte(l.src[l.i:], '\n')
		l.newline()
		for l.i < len(l.src) && l.src[l.i] == ' ' || l.has("\t") {
			l.i++
		}
		return
	}
	rest := l.src[l.i:]
	for k := 0; k < len(escapes) && rest != ""; k += 2 {
		if rest[0] == escapes[k] {
			b.WriteByte(escapes[k+1])
			l.i++
			return
		}
	}
	if n, ok := number(rest, 0, 3, 10); ok {
		b.WriteByte(n)
		l.i += 3
		return
	}
	if n, ok := number(rest, 1, 3, 16); ok && rest[0] == 'x' {
		b.WriteByte(n)
		l.i += 3
		return
	}
	l.errs.add(at, "unknown escape after the backslash")
}

// number reads s[from:to] as a byte in the base.
func number(s string, from, to, base int) (byte, bool) {
	if len(s) < to || s[from] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[from:to], base, 8)
	return byte(n), err == nil
}
