package opam

import "strings"

// Variable names one variable: a global one (Package is ""), one of a package,
// or, with Package "_", one of the package in whose file it stands.
type Variable struct {
	Package, Name string
}

// String writes the variable as opam files do: "name" or "package:name".
func (v Variable) String() string {
	if v.Package == "" {
		return v.Name
	}
	return v.Package + ":" + v.Name
}

// ParseVariable reads "name" or "package:name".
func ParseVariable(s string) Variable {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return Variable{Name: s}
	}
	return Variable{s[:i], s[i+1:]}
}

type valueKind uint8

const (
	undefined valueKind = iota
	boolValue
	stringValue
	listValue
	wordValue
)

// Value is what a variable stands for: a bool, a string, a list of strings, or
// a text that is only known when the build runs. The zero Value is undefined.
type Value struct {
	kind valueKind
	flag bool
	list []string // one element for a string
	word Word
}

// String makes a string value.
func String(s string) Value { return Value{kind: stringValue, list: []string{s}} }

// Bool makes a bool value.
func Bool(b bool) Value { return Value{kind: boolValue, flag: b} }

// List makes a list value; as a command's argument it gives one word for each
// element, in a string the elements stand with blanks between them.
func List(elems ...string) Value { return Value{kind: listValue, list: elems} }

// RunTime makes a value that only the machine which builds knows, such as the
// number of jobs. It may stand in commands and strings, never in a filter.
func RunTime(name string) Value {
	return Value{kind: wordValue, word: Word{{RunTime: name}}}
}

// Defined says whether there is a value.
func (v Value) Defined() bool { return v.kind != undefined }

// IsRunTime says whether the value holds a run-time variable.
func (v Value) IsRunTime() bool { return v.kind == wordValue }

// Text is the value as opam writes it into a string; a run-time value stands
// there as %{name}%.
func (v Value) Text() string {
	switch v.kind {
	case boolValue:
		if v.flag {
			return "true"
		}
		return "false"
	case wordValue:
		return v.word.String()
	}
	return strings.Join(v.list, " ")
}

// truth reads the value as a bool, which the strings "true" and "false" and
// lists of one of them are too.
func (v Value) truth() (value, ok bool) {
	switch {
	case v.kind == boolValue:
		return v.flag, true
	case (v.kind == stringValue || v.kind == listValue) && len(v.list) == 1:
		return v.list[0] == "true", v.list[0] == "true" || v.list[0] == "false"
	}
	return false, false
}

// Env says what variables stand for. A variable that it doesn't know is
// undefined.
type Env interface {
	Lookup(v Variable) (Value, bool)
}

// EnvFunc is a function as an [Env].
type EnvFunc func(v Variable) (Value, bool)

// Lookup calls f.
func (f EnvFunc) Lookup(v Variable) (Value, bool) { return f(v) }

// Overlay is env with some global variables set otherwise.
func Overlay(env Env, globals map[string]Value) Env {
	return EnvFunc(func(v Variable) (Value, bool) {
		if x, ok := globals[v.Name]; ok && v.Package == "" {
			return x, x.Defined()
		}
		return env.Lookup(v)
	})
}

// Part is a piece of a word: either literal text, or the name of a run-time
// variable.
type Part struct {
	Text, RunTime string
}

// Word is one argument of a command, or a string after its variables were
// replaced. The empty word is the empty argument.
type Word []Part

// Literal gives the word's text; ok is false when it has a run-time part.
func (w Word) Literal() (text string, ok bool) {
	for _, p := range w {
		if p.RunTime != "" {
			return "", false
		}
	}
	return w.String(), true
}

// String writes the word with %{name}% for run-time parts.
func (w Word) String() string {
	var b strings.Builder
	for _, p := range w {
		b.WriteString(p.Text)
		if p.RunTime != "" {
			b.WriteString("%{" + p.RunTime + "}%")
		}
	}
	return b.String()
}

// append adds parts to w, joining literal text.
func (w Word) append(parts ...Part) Word {
	for _, p := range parts {
		last := len(w) - 1
		switch {
		case p == Part{}:
		case p.RunTime == "" && last >= 0 && w[last].RunTime == "":
			w[last].Text += p.Text
		default:
			w = append(w, p)
		}
	}
	return w
}

// Word gives the value as one word.
func (v Value) Word() Word {
	if v.kind == wordValue {
		return append(Word(nil), v.word...)
	}
	return Word(nil).append(Part{Text: v.Text()})
}
