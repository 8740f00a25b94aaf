package tomlfile

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Mistake is one thing wrong with a file.
type Mistake struct {
	// File is its name, Line and Column count from 1; 0 where unknown.
	File         string
	Line, Column int
	Text         string
}

// Error is "file:line:column: text".
func (m *Mistake) Error() string {
	if m.Line == 0 {
		return m.File + ": " + m.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
}

// Decode reads a file's bytes into what v points to. It returns all unknown keys,
// in the file's order, or else the first other mistake; nil where there is none.
func Decode(name string, data []byte, v any) []Mistake {
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(v)
	if err == nil {
		return nil
	}
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		var all []Mistake
		for _, e := range strict.Errors {
			line, column := e.Position()
			all = append(all, Mistake{name, line, column, fmt.Sprintf("unknown key %q", strings.Join(e.Key(), "."))})
		}
		return all
	}
	m := Mistake{File: name, Text: strings.TrimPrefix(err.Error(), "toml: ")}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		m.Line, m.Column = decode.Position()
		if text := wrongKind(data, decode, v); text != "" {
			m.Text = text
		}
	}
	return []Mistake{m}
}

// Place is a place in a file; both count from 1.
type Place struct{ Line, Column int }

// Places finds where each key, and each table, of a valid file stands, by its
// dotted name: "target.alpine.link". Of one that stands there more than once, such
// as those of an array's tables, it is the last place.
func Places(data []byte) map[string]Place {
	out := map[string]Place{}
	walk(data, func(k key) { out[k.name()] = k.at })
	return out
}

// key is a key or a table where it stands in a file.
type key struct {
	parts []string
	at    Place
	// value is nil for a table. It lives as long as the call that it is given to.
	value *unstable.Node
	// inline tells that the key stands in a table between braces.
	inline bool
}

func (k key) name() string { return strings.Join(k.parts, ".") }

// walk visits the keys and tables of a file in their order, up to a mistake of
// syntax.
func walk(data []byte, visit func(key)) {
	p := unstable.Parser{}
	p.Reset(data)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			k := newKey(&p, e, nil)
			table = k.parts
			visit(k)
		case unstable.KeyValue:
			walkValue(&p, e, table, false, visit)
		}
	}
}

// walkValue visits a key with a value, and those in it.
func walkValue(p *unstable.Parser, e *unstable.Node, table []string, inline bool, visit func(key)) {
	k := newKey(p, e, table)
	k.value, k.inline = e.Value(), inline
	visit(k)
	if k.value.Kind != unstable.InlineTable {
		return
	}
	for it := k.value.Children(); it.Next(); {
		walkValue(p, it.Node(), k.parts, true, visit)
	}
}

func newKey(p *unstable.Parser, e *unstable.Node, table []string) key {
	k := key{parts: slices.Clone(table)}
	for it := e.Key(); it.Next(); {
		if k.at.Line == 0 {
			start := p.Shape(it.Node().Raw).Start
			k.at = Place{start.Line, start.Column}
		}
		k.parts = append(k.parts, string(it.Node().Data))
	}
	return k
}
