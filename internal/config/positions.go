package config

import (
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// position is a place in a file; both count from 1.
type position struct{ line, column int }

// positions finds where each key of a valid file stands, by its dotted name:
// the decoder tells positions only of what it refuses itself.
func positions(data []byte) map[string]position {
	p := unstable.Parser{}
	p.Reset(data)
	out := map[string]position{}
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		name, at := keyName(&p, e)
		switch e.Kind {
		case unstable.Table:
			table = name + "."
			out[name] = at
		case unstable.KeyValue:
			out[table+name] = at
		}
	}
	return out
}

func keyName(p *unstable.Parser, e *unstable.Node) (string, position) {
	var parts []string
	var at position
	for it := e.Key(); it.Next(); {
		if len(parts) == 0 {
			start := p.Shape(it.Node().Raw).Start
			at = position{start.Line, start.Column}
		}
		parts = append(parts, string(it.Node().Data))
	}
	return strings.Join(parts, "."), at
}
