package opam

import "strings"

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokString
	tokInt
	tokBool
	tokIdent
	tokPunct  // : { } [ ] ( )
	tokRelop  // = != < <= > >=
	tokLogop  // & |
	tokPrefix // ! ?
	tokEnvop  // += =+ := =: =+=
)

type token struct {
	kind tokenKind
	text string
	at   Position
}

// lexer cuts a file into tokens, as opam-file-format's lexer does. It goes on
// after a mistake, so that the parser can report the later ones too.
type lexer struct {
	src    string
	i      int // next byte
	line   int
	bol    int // index of the line's first byte
	errs   *mistakes
	tokens []token
}

func lex(src string, errs *mistakes) []token {
	l := &lexer{src: src, line: 1, errs: errs}
	l.tokens = make([]token, 0, len(src)/6+8)
	for l.next() {
	}
	return append(l.tokens, token{kind: tokEOF, at: l.pos()})
}

func (l *lexer) pos() Position { return Position{l.line, l.i - l.bol + 1} }

// newline is called with i after a line feed.
func (l *lexer) newline() {
	l.line++
	l.bol = l.i
}

func (l *lexer) emit(kind tokenKind, text string, at Position) {
	l.tokens = append(l.tokens, token{kind, text, at})
}

func (l *lexer) has(prefix string) bool { return strings.HasPrefix(l.src[l.i:], prefix) }

// next reads one token, comment or blank; it says whether there was one.
func (l *lexer) next() bool {
	if l.i >= len(l.src) {
		return false
	}
	switch c := l.src[l.i]; {
	case c == '\n':
		l.i++
		l.newline()
	case c == ' ', c == '\t', c == '\r' && l.has("\r\n"):
		l.i++
	case c == '#':
		l.skipLine()
	case l.has("(*"):
		l.skipComment()
	case c == '"':
		l.readString()
	case isIdentByte(c):
		l.readWord()
	default:
		l.readOperator()
	}
	return true
}

func (l *lexer) skipLine() {
	n := strings.IndexByte(l.src[l.i:], '\n')
	if n < 0 {
		n = len(l.src) - l.i
	}
	l.i += n
}

func (l *lexer) skipComment() {
	start, depth := l.pos(), 0
	for l.i < len(l.src) {
		switch {
		case l.has("(*"):
			depth++
			l.i += 2
		case l.has("*)"):
			depth--
			l.i += 2
			if depth == 0 {
				return
			}
		case l.src[l.i] == '\n':
			l.i++
			l.newline()
		default:
			l.i++
		}
	}
	l.errs.add(start, "comment without an end: \"*)\" is missing")
}

// operators, longest first.
var operators = []struct {
	text string
	kind tokenKind
}{
	{"=+=", tokEnvop},
	{"+=", tokEnvop}, {":=", tokEnvop}, {"=+", tokEnvop}, {"=:", tokEnvop},
	{"!=", tokRelop}, {"<=", tokRelop}, {">=", tokRelop},
	{"=", tokRelop}, {"<", tokRelop}, {">", tokRelop}, {"~", tokRelop},
	{"&", tokLogop}, {"|", tokLogop}, {"!", tokPrefix}, {"?", tokPrefix},
	{":", tokPunct}, {"{", tokPunct}, {"}", tokPunct}, {"[", tokPunct},
	{"]", tokPunct}, {"(", tokPunct}, {")", tokPunct},
}

func (l *lexer) readOperator() {
	at := l.pos()
	for _, op := range operators {
		if !l.has(op.text) {
			continue
		}
		l.i += len(op.text)
		text := op.text
		if text == "~" { // an old spelling
			text = ">="
		}
		l.emit(op.kind, text, at)
		return
	}
	l.errs.add(at, "unexpected %q", l.src[l.i:l.i+1])
	l.i++
}

func isLetter(c byte) bool    { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool     { return c >= '0' && c <= '9' }
func isIdentByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' || c == '-' }

// run is the longest text of identifier bytes at i, and whether it has a
// letter, which makes it an identifier.
func (l *lexer) run(i int) (text string, ident bool) {
	j := i
	for j < len(l.src) && isIdentByte(l.src[j]) {
		ident = ident || isLetter(l.src[j])
		j++
	}
	return l.src[i:j], ident
}

// readWord reads an identifier such as a, _:a, a+b:c; or a bool or an int.
func (l *lexer) readWord() {
	at, start := l.pos(), l.i
	text, ident := l.run(l.i)
	if !ident && text != "_" {
		l.readInt(at)
		return
	}
	l.i += len(text)
	for l.i < len(l.src) && l.src[l.i] == '+' {
		text, ident = l.run(l.i + 1)
		if !ident && text != "_" {
			break
		}
		l.i += 1 + len(text)
	}
	if l.i < len(l.src) && l.src[l.i] == ':' {
		if text, ident = l.run(l.i + 1); ident {
			l.i += 1 + len(text)
		}
	}
	text = l.src[start:l.i]
	kind := tokIdent
	if text == "true" || text == "false" {
		kind = tokBool
	}
	l.emit(kind, text, at)
}

func (l *lexer) readInt(at Position) {
	j := l.i
	if l.src[j] == '-' {
		j++
	}
	for j < len(l.src) && (isDigit(l.src[j]) || l.src[j] == '_') {
		j++
	}
	text := l.src[l.i:j]
	if !strings.ContainsAny(text, "0123456789") {
		text, _ = l.run(l.i)
		l.errs.add(at, "unexpected %q", text)
		l.i += len(text)
		return
	}
	l.i = j
	l.emit(tokInt, strings.ReplaceAll(text, "_", ""), at)
}
