package aptsources

import (
	"strings"
)

// parseLines reads the one-line style:
//
//	deb [option=value …] URI SUITE [COMPONENT …]
func parseLines(file, text string) (found []source, mistakes []error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		s, problem := parseLine(line)
		if problem != "" {
			mistakes = append(mistakes, &SyntaxError{File: file, Line: number, Problem: problem})
			continue
		}
		found = append(found, s)
	}
	return found, mistakes
}

func parseLine(line string) (source, string) {
	kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	kind, tail, tabbed := strings.Cut(kind, "\t")
	if tabbed {
		rest = tail + " " + rest
	}
	if kind != "deb" && kind != "deb-src" {
		return source{}, `a source begins with "deb" or "deb-src"`
	}
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, "[") {
		_, after, closed := strings.Cut(rest, "]")
		if !closed {
			return source{}, `the options' "[" has no "]"`
		}
		rest = after
	}
	words := strings.Fields(rest)
	if len(words) < 2 {
		return source{}, "a source needs a URI and a suite"
	}
	return source{uris: words[:1], suites: words[1:2], components: words[2:]}, ""
}

// stanza is one paragraph of a deb822 file: fields by their name in lower
// case, as words.
type stanza struct {
	line   int
	fields map[string][]string
}

// parseStanzas reads the deb822 style.
func parseStanzas(file, text string) (found []source, mistakes []error) {
	stanzas, mistakes := splitStanzas(file, text)
	for _, st := range stanzas {
		if disabled(st.fields["enabled"]) {
			continue
		}
		for _, name := range []string{"types", "uris", "suites"} {
			if len(st.fields[name]) == 0 {
				mistakes = append(mistakes, &SyntaxError{File: file, Line: st.line, Problem: "a source without " + name})
			}
		}
		found = append(found, source{
			uris:       st.fields["uris"],
			suites:     st.fields["suites"],
			components: st.fields["components"],
		})
	}
	return found, mistakes
}

func splitStanzas(file, text string) (stanzas []stanza, mistakes []error) {
	var open bool
	var field string
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, " \t\r\n")
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case line == "":
			open, field = false, ""
			continue
		}
		if !open {
			stanzas = append(stanzas, stanza{line: number, fields: map[string][]string{}})
			open = true
		}
		fields := stanzas[len(stanzas)-1].fields
		value := line
		if line[0] != ' ' && line[0] != '\t' {
			name, after, ok := strings.Cut(line, ":")
			if !ok {
				mistakes = append(mistakes, &SyntaxError{File: file, Line: number, Problem: `a field has no ":"`})
				continue
			}
			field, value = strings.ToLower(name), after
		}
		fields[field] = append(fields[field], strings.Fields(value)...)
	}
	return stanzas, mistakes
}

func disabled(words []string) bool {
	return len(words) == 1 && (words[0] == "no" || words[0] == "false" || words[0] == "0")
}
