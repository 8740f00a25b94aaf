package duneproject

import (
	"strings"

	"github.com/ofarm/ofarm/internal/opam"
)

// maxDepth is how deep lists may stand in one another; deeper ones are a
// mistake, not a way to exhaust the stack.
const maxDepth = 200

// nodeKind is the kind of a node.
type nodeKind uint8

const (
	atom nodeKind = iota
	quoted
	list
)

// node is one s-expression.
type node struct {
	at    opam.Position
	kind  nodeKind
	text  string // of an atom or a quoted string, with its escapes read
	items []node // of a list

	// template says that text holds dune's variables, %{name}.
	template bool
}

// head is the atom that a list begins with, "" where there is none.
func (n node) head() string {
	if n.kind == list && len(n.items) > 0 && n.items[0].kind == atom {
		return n.items[0].text
	}
	return ""
}

// isText says whether the node is a string without variables.
func (n node) isText() bool { return n.kind != list && !n.template }

// reader reads s-expressions as dune's lexer does.
type reader struct {
	src   string
	i     int
	line  int
	begin int // of the line
	errs  *mistakes
}

// syntaxError unwinds; the mistake is noted already.
type syntaxError struct{}

func (r *reader) pos() opam.Position { return opam.Position{Line: r.line, Column: r.i - r.begin + 1} }

func (r *reader) fail(at opam.Position, format string, args ...any) {
	r.errs.add(at, format, args...)
	panic(syntaxError{})
}

func (r *reader) has(s string) bool { return strings.HasPrefix(r.src[r.i:], s) }

// newline goes past the line break that is next.
func (r *reader) newline() {
	r.i += 1 + strings.IndexByte(r.src[r.i:], '\n')
	r.line++
	r.begin = r.i
}

func (r *reader) atNewline() bool { return r.has("\n") || r.has("\r\n") }

// readNodes reads all of a file. After a mistake of syntax it gives none.
func readNodes(src string, errs *mistakes) (nodes []node) {
	defer func() {
		if p := recover(); p != nil {
			if _, mine := p.(syntaxError); !mine {
				panic(p)
			}
			nodes = nil
		}
	}()
	r := &reader{src: src, line: 1, errs: errs}
	for r.skip(); r.i < len(r.src); r.skip() {
		if r.has(")") {
			r.fail(r.pos(), "\")\" without a \"(\" before it")
		}
		nodes = append(nodes, r.node(0))
	}
	return nodes
}

// skip goes past blanks and comments.
func (r *reader) skip() {
	for r.i < len(r.src) {
		switch c := r.src[r.i]; {
		case r.atNewline():
			r.newline()
		case c == ' ' || c == '\t' || c == '\f':
			r.i++
		case c == ';':
			for r.i < len(r.src) && !r.atNewline() {
				r.i++
			}
		case r.has("#|") || r.has("#;"):
			r.fail(r.pos(), "%q begins no comment in a file of dune, \";\" does", r.src[r.i:r.i+2])
		default:
			return
		}
	}
}

func (r *reader) node(depth int) node {
	n := node{at: r.pos()}
	switch {
	case depth > maxDepth:
		r.fail(n.at, "lists nested deeper than %d", maxDepth)
	case r.has("("):
		n.kind = list
		n.items = r.items(n.at, depth)
	case r.has(`"`):
		n.kind = quoted
		n.text, n.template = r.readString()
	default:
		n.text = r.atom()
		n.template = strings.Contains(n.text, "%{")
	}
	return n
}

// items reads what is in a list, and its parentheses.
func (r *reader) items(at opam.Position, depth int) []node {
	r.i++
	var items []node
	for r.skip(); !r.has(")"); r.skip() {
		if r.i == len(r.src) {
			r.fail(at, "\"(\" without a \")\" after it")
		}
		items = append(items, r.node(depth+1))
	}
	r.i++
	return items
}

func (r *reader) atom() string {
	start := r.i
	for r.i < len(r.src) && isAtomByte(r.src[r.i]) {
		r.i++
	}
	if r.i == start {
		r.fail(r.pos(), "unexpected byte %q", r.src[r.i])
	}
	return r.src[start:r.i]
}

// isAtomByte is more than old versions of dune allow: bytes beyond ASCII.
func isAtomByte(c byte) bool { return c > ' ' && c != 0x7f && !strings.ContainsRune(`;()"`, rune(c)) }
