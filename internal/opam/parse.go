package opam

import "strconv"

// maxDepth is how deep values may stand in one another; deeper ones are a
// mistake, not a way to exhaust the stack.
const maxDepth = 200

// parser reads items and values, as opam-file-format's grammar has them.
type parser struct {
	tokens []token
	i      int
	depth  int
	errs   *mistakes
}

// syntaxError unwinds to the next item; the mistake is noted already.
type syntaxError struct{}

func (p *parser) peek() token { return p.tokens[p.i] }

func (p *parser) take() token {
	t := p.tokens[p.i]
	if t.kind != tokEOF {
		p.i++
	}
	return t
}

func (p *parser) is(text string) bool {
	t := p.peek()
	return t.kind == tokPunct && t.text == text
}

func (p *parser) fail(format string, args ...any) {
	p.errs.add(p.peek().at, format, args...)
	panic(syntaxError{})
}

func (p *parser) expect(text, after string) {
	if !p.is(text) {
		p.fail("expected %q %s, found %s", text, after, p.peek())
	}
	p.i++
}

// String says what a token is, for errors.
func (t token) String() string {
	switch t.kind {
	case tokEOF:
		return "the end of the file"
	case tokString:
		return "a string"
	}
	return strconv.Quote(t.text)
}

// parseSyntax reads a whole file. After a mistake it goes on with the next
// field or section that begins a line.
func parseSyntax(data []byte, errs *mistakes) []Item {
	p := &parser{errs: errs, tokens: lex(string(data), errs)}
	var items []Item
	for p.peek().kind != tokEOF {
		if it, ok := p.tryItem(); ok {
			items = append(items, it)
			continue
		}
		p.skipToItem()
	}
	return items
}

func (p *parser) tryItem() (it Item, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, mine := r.(syntaxError); !mine {
				panic(r)
			}
		}
	}()
	p.depth = 0
	return p.item(), true
}

// skipToItem goes to the next word at a line's begin that a colon, a brace or
// a title follows.
func (p *parser) skipToItem() {
	for p.take().kind != tokEOF {
		t := p.peek()
		if t.kind == tokIdent && t.at.Column == 1 {
			next := p.tokens[p.i+1]
			if next.kind == tokString || next.text == ":" || next.text == "{" {
				return
			}
		}
	}
}

func (p *parser) item() Item {
	p.enter()
	defer p.leave()
	name := p.peek()
	if name.kind != tokIdent {
		p.fail("expected a field or a section, found %s", name)
	}
	p.i++
	it := Item{At: name.at, Name: name.text}
	if p.is(":") {
		p.i++
		it.Value = p.value(0)
		return it
	}
	if t := p.peek(); t.kind == tokString {
		p.i++
		it.Title = &t.text
	}
	p.expect("{", "or \":\" after "+strconv.Quote(name.text))
	for !p.is("}") {
		if p.peek().kind == tokEOF {
			p.fail("section %q without an end: \"}\" is missing", name.text)
		}
		it.Items = append(it.Items, p.item())
	}
	p.i++
	return it
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail("values nested deeper than %d", maxDepth)
	}
}

func (p *parser) leave() { p.depth-- }

// value reads operands joined by operators that bind at least as tight as
// least: | is 0, & is 1.
func (p *parser) value(least int) Expr {
	p.enter()
	defer p.leave()
	x := p.operand()
	for {
		t := p.peek()
		level := 0
		if t.text == "&" {
			level = 1
		}
		if t.kind != tokLogop || level < least {
			return x
		}
		p.i++
		x = &BinaryExpr{At: x.Pos(), Op: t.text, X: x, Y: p.value(level + 1)}
	}
}

// operand reads a value without & and |, and the braces after it.
func (p *parser) operand() Expr {
	p.enter()
	defer p.leave()
	t := p.peek()
	if t.kind == tokPrefix {
		p.i++
		return &PrefixExpr{At: t.at, Op: t.text, X: p.operand()}
	}
	x := p.primary()
	for p.is("{") {
		p.i++
		x = &OptionExpr{At: x.Pos(), X: x, Args: p.values("}")}
	}
	return x
}

func (p *parser) primary() Expr {
	t := p.peek()
	switch {
	case p.is("("):
		p.i++
		return &GroupExpr{At: t.at, Items: p.values(")")}
	case p.is("["):
		p.i++
		return &ListExpr{At: t.at, Items: p.values("]")}
	case t.kind == tokRelop:
		p.i++
		return &PrefixExpr{At: t.at, Op: t.text, X: p.atom()}
	}
	x := p.atom()
	if op := p.peek(); op.kind == tokRelop || op.kind == tokEnvop {
		p.i++
		return &BinaryExpr{At: t.at, Op: op.text, X: x, Y: p.atom()}
	}
	return x
}

// values reads values up to the closing bracket and the bracket itself.
func (p *parser) values(end string) []Expr {
	var list []Expr
	for !p.is(end) {
		if p.peek().kind == tokEOF {
			p.fail("%q is missing before the end of the file", end)
		}
		list = append(list, p.value(0))
	}
	p.i++
	return list
}

func (p *parser) atom() Expr {
	t := p.peek()
	switch t.kind {
	case tokString:
		p.i++
		return &StringLit{t.at, t.text}
	case tokIdent:
		p.i++
		return &Ident{t.at, t.text}
	case tokBool:
		p.i++
		return &BoolLit{t.at, t.text == "true"}
	case tokInt:
		n, err := strconv.ParseInt(t.text, 10, 63)
		if err != nil {
			p.fail("number %s is out of range", t.text)
		}
		p.i++
		return &IntLit{t.at, n}
	}
	p.fail("expected a value, found %s", t)
	return nil
}
