package opam

import "strings"

// Expand replaces the variables of a string: %{ref}% by the variable's value
// (nothing when it is undefined), %% by %. A %{ without its }% on the same
// line stays as it is. The one error is a [*RunTimeError].
func Expand(text string, env Env) (Word, error) {
	var w Word
	for text != "" {
		lit, ref, rest := nextRef(text)
		w = w.append(Part{Text: lit})
		text = rest
		if ref == "" {
			continue
		}
		v, err := parseRef(ref, true).resolve(env)
		if err != nil {
			return nil, err
		}
		w = w.append(v.Word()...)
	}
	return w, nil
}

// ExpandString is [Expand] for strings that mustn't hold run-time values.
func ExpandString(text string, env Env) (string, error) {
	if strings.IndexByte(text, '%') < 0 {
		return text, nil
	}
	w, err := Expand(text, env)
	if err != nil {
		return "", err
	}
	s, ok := w.Literal()
	if !ok {
		return "", &RunTimeError{w.String()}
	}
	return s, nil
}

// nextRef cuts text into literal text with %% already replaced, the inside of
// the %{ }% after it, and the rest.
func nextRef(text string) (lit, ref, rest string) {
	i := strings.IndexByte(text, '%')
	if i < 0 || i+1 == len(text) {
		return text, "", ""
	}
	switch text[i+1] {
	case '%':
		return text[:i+1], "", text[i+2:]
	case '{':
		end, closed := refEnd(text, i+2)
		if !closed || end == i+2 {
			return text[:end+2*btoi(closed)], "", text[end+2*btoi(closed):]
		}
		return text[:i], text[i+2 : end], text[end+2:]
	}
	return text[:i+1], "", text[i+1:]
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// refEnd finds the }% that closes a reference begun before i, or where the
// text that could have been one ends. A } hides the character after it.
func refEnd(text string, i int) (end int, closed bool) {
	for i < len(text) && text[i] != '\n' {
		if text[i] != '}' {
			i++
			continue
		}
		if i+1 == len(text) {
			return i + 1, false
		}
		if text[i+1] == '%' {
			return i, true
		}
		if text[i+1] == '\n' {
			return i, false
		}
		i += 2
	}
	return i, false
}
