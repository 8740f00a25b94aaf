package tomlfile

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// wrongKind says what kind of value a key has, where the library says that its
// value doesn't fit into v; empty where something else is wrong.
func wrongKind(data []byte, err *toml.DecodeError, v any) string {
	if !kindMistake(err.Error()) {
		return ""
	}
	name := strings.Join(err.Key(), ".")
	text := mustBe(v, err.Key(), nil)
	line, column := err.Position()
	walk(data, func(k key) {
		before := k.at.Line < line || k.at.Line == line && k.at.Column <= column
		// Of a key between braces the library names the one before them.
		within := k.inline && strings.HasPrefix(k.name(), name+".")
		if before && (within || k.name() == name) {
			text = mustBe(v, k.parts, k.value)
		}
	})
	return text
}

// kindMistake knows the library's words for a value that doesn't fit.
func kindMistake(text string) bool {
	for _, words := range []string{"cannot decode TOML ", "cannot store a", "cannot be stored in "} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// mustBe says what a key must be, which has another value.
func mustBe(v any, parts []string, has *unstable.Node) string {
	want, known := typeOf(reflect.TypeOf(v), parts)
	if len(known) < len(parts) {
		has = nil // it is the value of a key below
	}
	return strings.Join(known, ".") + ": must be " + kindOf(want, known, has)
}

// typeOf is the type of a key's value in a Go value of type t, and the part of the
// key up to there: what isn't a table has no keys in it.
func typeOf(t reflect.Type, parts []string) (reflect.Type, []string) {
	for i, part := range parts {
		t = pointed(t)
		switch t.Kind() {
		case reflect.Map:
			t = t.Elem()
		case reflect.Struct:
			f, ok := field(t, part)
			if !ok {
				return t, parts[:i]
			}
			t = f
		default:
			return t, parts[:i]
		}
	}
	return pointed(t), parts
}

func pointed(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// field is the type of a struct's field, or of one that is embedded in it, by the
// name that TOML has for it.
func field(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			if of, ok := field(pointed(f.Type), name); ok {
				return of, true
			}
		} else if tag, _, _ := strings.Cut(f.Tag.Get("toml"), ","); tag == name {
			return f.Type, true
		}
	}
	return nil, false
}

// kindOf names the kind of values of a Go type, with an example: what stands there,
// made to fit, where there is such a thing.
func kindOf(t reflect.Type, parts []string, has *unstable.Node) string {
	switch t.Kind() {
	case reflect.Map:
		return fmt.Sprintf("a table: [%s.NAME]", spelt(parts))
	case reflect.Struct:
		return fmt.Sprintf("a table: [%s]", spelt(parts))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Slice {
			return "a list of lists, such as " + example(t, has)
		}
		return "a list, such as " + example(t, has)
	case reflect.String:
		return "text in quotes, such as " + example(t, has)
	case reflect.Bool:
		return "true or false"
	case reflect.Uint, reflect.Uint64:
		return "a number, 0 or more"
	}
	return "a number"
}

// spelt is a key as a file has it.
func spelt(parts []string) string {
	var out []string
	for _, p := range parts {
		if strings.Contains(p, ".") {
			p = fmt.Sprintf("%q", p)
		}
		out = append(out, p)
	}
	return strings.Join(out, ".")
}

// longest is how many letters an example may have.
const longest = 60

// example makes a text, or a list of texts, of what stands there.
func example(t reflect.Type, has *unstable.Node) string {
	if text := fit(t, has); text != "" && len(text) <= longest {
		return text
	}
	switch {
	case t.Kind() != reflect.Slice:
		return `"a"`
	case t.Elem().Kind() == reflect.Slice:
		return `[["a", "b"]]`
	}
	return `["a", "b"]`
}

// fit makes a value of a type of another one; empty where it can't.
func fit(t reflect.Type, has *unstable.Node) string {
	switch {
	case has == nil || has.Kind == unstable.InlineTable:
		return ""
	case t.Kind() != reflect.Slice && has.Kind == unstable.Array:
		return ""
	case t.Kind() != reflect.Slice:
		return fmt.Sprintf("%q", has.Data)
	case has.Kind != unstable.Array || t.Elem().Kind() == reflect.Slice && flat(has):
		return bracket(fit(t.Elem(), has))
	}
	var all []string
	for it := has.Children(); it.Next(); {
		one := fit(t.Elem(), it.Node())
		if one == "" {
			return ""
		}
		all = append(all, one)
	}
	return bracket(strings.Join(all, ", "))
}

func bracket(text string) string {
	if text == "" {
		return ""
	}
	return "[" + text + "]"
}

// flat tells that no list is in a list.
func flat(list *unstable.Node) bool {
	for it := list.Children(); it.Next(); {
		if it.Node().Kind == unstable.Array {
			return false
		}
	}
	return true
}
