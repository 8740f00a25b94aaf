package link

import (
	"strconv"
	"strings"
)

// AppendSexp appends the options of [Flags] to b as dune reads them with
// (:include FILE): one list, an option with its argument a line.
func AppendSexp(b []byte, flags []string) []byte {
	b = append(b, '(')
	for i, f := range flags {
		switch {
		case i == 0:
		case flags[i-1] == "-cclib" || flags[i-1] == "-ccopt":
			b = append(b, ' ')
		default:
			b = append(b, "\n "...)
		}
		b = append(b, atom(f)...)
	}
	return append(b, ")\n"...)
}

// atom quotes what dune would not take for one word.
func atom(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\n\r;()\"\\%") {
		return strings.ReplaceAll(strconv.Quote(s), "%{", `\%{`)
	}
	return s
}
