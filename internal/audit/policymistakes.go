package audit

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Mistake is one thing wrong with a policy's file.
type Mistake struct {
	// File is its name, Line and Column count from 1; 0 where unknown.
	File         string
	Line, Column int
	Text         string
}

func (m *Mistake) Error() string {
	if m.Line == 0 {
		return m.File + ": " + m.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
}

func mistakes(name string, err error) error {
	var all *multierror.Error
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		for _, e := range strict.Errors {
			line, column := e.Position()
			text := fmt.Sprintf("unknown key %q", strings.Join(e.Key(), "."))
			all = multierror.Append(all, &Mistake{File: name, Line: line, Column: column, Text: text})
		}
		return all
	}
	m := &Mistake{File: name, Text: strings.TrimPrefix(err.Error(), "toml: ")}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		m.Line, m.Column = decode.Position()
	}
	return multierror.Append(all, m)
}

// check reports the values that TOML's own kinds can't tell apart, each where its
// key stands.
func (f policyFile) check(name string, data []byte) error {
	var all *multierror.Error
	at := keyPlaces(data)
	for _, c := range []struct {
		key, value string
		wrong      func(string) error
	}{
		{"like", f.Like, func(s string) error { _, err := Named(s); return err }},
		{"linkage", f.Linkage, oneOf(Static, MostlyStatic, Dynamic)},
		{"platform", f.Platform, oneOf("linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64")},
		{"max-glibc", f.MaxGLIBC, isVersion},
		{"max-macos", f.MaxMacOS, isVersion},
		{"require-relro", f.RELRO, oneOf(RELROPartial, RELROFull)},
	} {
		place, there := at[c.key]
		if !there {
			continue
		}
		if err := c.wrong(c.value); err != nil {
			all = multierror.Append(all, &Mistake{File: name, Line: place.Line, Column: place.Column, Text: c.key + ": " + err.Error()})
		}
	}
	return all.ErrorOrNil()
}

// keyPlaces finds where each key of a valid file stands.
func keyPlaces(data []byte) map[string]unstable.Position {
	p := unstable.Parser{}
	p.Reset(data)
	out := map[string]unstable.Position{}
	for p.NextExpression() {
		if it := p.Expression().Key(); it.Next() {
			out[string(it.Node().Data)] = p.Shape(it.Node().Raw).Start
		}
	}
	return out
}

func isVersion(s string) error {
	for part := range strings.SplitSeq(s, ".") {
		if _, err := strconv.ParseUint(part, 10, 32); err != nil {
			return fmt.Errorf("%q is not a version such as \"2.31\"", s)
		}
	}
	return nil
}

func oneOf(values ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(values, s) {
			return nil
		}
		return fmt.Errorf("%q is not one of %s", s, strings.Join(values, ", "))
	}
}
