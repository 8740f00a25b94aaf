package tomlfile

import (
	"bytes"
	"errors"
	"fmt"
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
	}
	return []Mistake{m}
}

// Place is a place in a file; both count from 1.
type Place struct{ Line, Column int }

// Places finds where each key, and each table, of a valid file stands, by its
// dotted name: "target.alpine.link". Of one that stands there more than once, such
// as those of an array's tables, it is the last place.
func Places(data []byte) map[string]Place {
	p := unstable.Parser{}
	p.Reset(data)
	out := map[string]Place{}
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		name, at := keyName(&p, e)
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = name + "."
			out[name] = at
		case unstable.KeyValue:
			out[table+name] = at
		}
	}
	return out
}

func keyName(p *unstable.Parser, e *unstable.Node) (string, Place) {
	var parts []string
	var at Place
	for it := e.Key(); it.Next(); {
		if len(parts) == 0 {
			start := p.Shape(it.Node().Raw).Start
			at = Place{start.Line, start.Column}
		}
		parts = append(parts, string(it.Node().Data))
	}
	return strings.Join(parts, "."), at
}
