package link

import (
	"errors"
	"path"
	"regexp"
	"strings"
)

// ErrNoLink says that a text has no link of an executable in it.
var ErrNoLink = errors.New("no line in it links an executable")

// compilerName matches what a C compiler is called: gcc, x86_64-linux-gnu-gcc-12,
// cc, clang++.
var compilerName = regexp.MustCompile(`^([a-z0-9_.]+-)*(gcc|g\+\+|cc|c\+\+|clang|clang\+\+)(-[0-9.]+)?$`)

// FindLine reads the last link of an executable in what a compiler or a build
// tool printed: a line of "ocamlfind ocamlopt -verbose" ("+ gcc -o …"), of
// dune's log ("$ (cd _build/default && gcc -o …)"), or just the command.
// Response files are read by open.
//
// Errors: [ErrNoLink], and those of [Parse].
func FindLine(text string, open func(name string) ([]byte, error)) (*Line, error) {
	var last *Line
	for line := range strings.Lines(text) {
		words := split(line)
		for i, w := range words {
			if !compilerName.MatchString(path.Base(w)) {
				continue
			}
			l, err := Parse(command(words[i+1:]), open)
			if err != nil {
				return nil, err
			}
			if l.Final {
				last = l
			}
			break
		}
	}
	if last == nil {
		return nil, ErrNoLink
	}
	return last, nil
}

// command takes off the end of a subshell, and the name of a log file.
func command(words []string) []string {
	for i, w := range words {
		switch {
		case w == ")" || w == ">" || w == "2>&1" || w == "&&" || w == ";" || w == "|":
			return words[:i]
		case strings.HasSuffix(w, ")") && !strings.Contains(w, "("):
			return append(append([]string{}, words[:i]...), strings.TrimSuffix(w, ")"))
		}
	}
	return words
}
