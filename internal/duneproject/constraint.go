package duneproject

import (
	"strings"

	"github.com/ofarm/ofarm/internal/opam"
)

// constraint is a condition of a dependency: text in opam's syntax, or other
// conditions joined by "&" or "|".
type constraint struct {
	op    string // "" for text
	text  string
	parts []constraint // at least one

	// variable is the name where the text is a variable alone.
	variable string
}

// readConstraint reads :variable, (>= 1.0), (= :os linux), (and …) or (or …).
func readConstraint(n node) (constraint, bool) {
	if n.kind == atom && strings.HasPrefix(n.text, ":") {
		text, ok := value(n)
		return constraint{text: text, variable: text}, ok
	}
	switch head := n.head(); head {
	case "and":
		return readParts("&", n.items[1:])
	case "or":
		return readParts("|", n.items[1:])
	case "=", "<", "<=", ">", ">=":
		return readRelation(head, n.items[1:])
	case "<>":
		return readRelation("!=", n.items[1:])
	}
	return constraint{}, false
}

func readParts(op string, items []node) (constraint, bool) {
	c := constraint{op: op}
	for _, item := range items {
		part, ok := readConstraint(item)
		if !ok {
			return c, false
		}
		c.parts = append(c.parts, part)
	}
	return c, len(c.parts) > 0
}

func readRelation(rel string, items []node) (constraint, bool) {
	var values []string
	for _, item := range items {
		v, ok := value(item)
		if !ok {
			return constraint{}, false
		}
		values = append(values, v)
	}
	switch len(values) {
	case 1:
		return constraint{text: rel + " " + values[0]}, true
	case 2:
		return constraint{text: values[0] + " " + rel + " " + values[1]}, true
	}
	return constraint{}, false
}

// value gives a variable or a string in opam's syntax.
func value(n node) (string, bool) {
	if name, ok := strings.CutPrefix(n.text, ":"); ok && n.kind == atom {
		return name, isVariable(name)
	}
	return string(opam.AppendExpr(nil, &opam.StringLit{Value: n.text})), n.isText()
}

func isVariable(name string) bool {
	bad := func(c rune) bool {
		return !strings.ContainsRune("-_:+", c) && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z')
	}
	return opam.ValidName(strings.ReplaceAll(name, ":", "")) && strings.IndexFunc(name, bad) < 0
}

// render writes the condition as dune 3 does: with parentheses where an "or"
// stands in an "and".
func (c constraint) render() string {
	if c.op == "" {
		return c.text
	}
	texts := make([]string, len(c.parts))
	for i, p := range c.parts {
		texts[i] = p.render()
		if c.op == "&" && p.op == "|" {
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, " "+c.op+" ")
}

// renderOld writes the condition as dune 2 does: without parentheses, and with
// "and" between all but the first two parts.
func (c constraint) renderOld() string {
	if c.op == "" {
		return c.text
	}
	text := c.parts[0].renderOld()
	for i, p := range c.parts[1:] {
		op := c.op
		if i > 0 {
			op = "&"
		}
		text += " " + op + " " + p.renderOld()
	}
	return text
}
