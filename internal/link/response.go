package link

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// maxResponses is GCC's own limit on response files that name one another.
const maxResponses = 2000

// split reads words as GCC reads a response file (libiberty's buildargv): white
// space separates, a backslash takes the next byte as it is, inside quotes too,
// and single and double quotes keep white space.
func split(s string) []string {
	var (
		words   []string
		word    []byte
		in      bool
		quote   byte
		escaped bool
	)
	for i := range len(s) {
		c := s[i]
		switch {
		case escaped:
			word, escaped = append(word, c), false
		case c == '\\':
			in, escaped = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word = append(word, c)
		case c == '\'' || c == '"':
			in, quote = true, c
		case isSpace(c):
			if in {
				words, word, in = append(words, string(word)), word[:0], false
			}
		default:
			in, word = true, append(word, c)
		}
	}
	if in {
		words = append(words, string(word))
	}
	return words
}

func isSpace(c byte) bool {
	return c == ' ' || '\t' <= c && c <= '\r'
}

// AppendResponse appends args to b in the form of a response file, one a line:
// GCC reads them back as they are.
func AppendResponse(b []byte, args []string) []byte {
	for _, a := range args {
		if a == "" {
			b = append(b, `""`...)
		}
		for i := range len(a) {
			if c := a[i]; isSpace(c) || c == '\\' || c == '"' || c == '\'' {
				b = append(b, '\\')
			}
			b = append(b, a[i])
		}
		b = append(b, '\n')
	}
	return b
}

// expand replaces every "@file" by the words in that file, and again in those.
// As with GCC, a file that doesn't exist leaves the argument as it is.
func expand(args []string, open func(string) ([]byte, error)) ([]string, error) {
	todo := append([]string(nil), args...)
	var out []string
	for responses := 0; len(todo) > 0; {
		a := todo[0]
		name, ok := strings.CutPrefix(a, "@")
		if !ok || name == "" {
			out, todo = append(out, a), todo[1:]
			continue
		}
		b, err := open(name)
		if errors.Is(err, fs.ErrNotExist) {
			out, todo = append(out, a), todo[1:]
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading response file %q: %w", name, err)
		}
		if responses++; responses > maxResponses {
			return nil, fmt.Errorf("response file %q: more than %d of them; does it name itself?", name, maxResponses)
		}
		todo = append(split(string(b)), todo[1:]...)
	}
	return out, nil
}
