package opam

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
)

// SubstScript is an awk program (POSIX; mawk, busybox and gawk run it) that
// does what [Subst] does: it reads FILE.in and prints FILE. It wants -v
// table=FILE, a table as [AppendBindings] writes it, and runs with LC_ALL=C.
//
//go:embed subst.awk
var SubstScript string

// Subst replaces the variables in the text of a FILE.in, which gives the FILE
// that the field substs names: %{ref}% by the variable's value, nothing when
// it is undefined, and %% by %. Like opam it works by lines and ends the last
// one. The one error is a [*RunTimeError].
//
// opam also escapes quotes and backslashes of values when FILE.in happens to be
// in opam's own syntax. [AppendBindings] refuses such values instead.
func Subst(data []byte, env Env) ([]byte, error) {
	var out []byte
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		s, err := ExpandString(string(line), env)
		if err != nil {
			return nil, err
		}
		out = append(append(out, s...), '\n')
		data = rest
	}
	return out, nil
}

// AppendBindings adds to b a table for [SubstScript], a line
// VARIABLE<TAB>VALUE for each binding. Run-time values are left out: who runs
// the script adds their lines. Values with a quote, a backslash or a line break
// are an error, because what opam makes of them depends on the file.
func AppendBindings(b []byte, bindings []Binding) ([]byte, error) {
	for _, x := range bindings {
		if x.Value.IsRunTime() {
			continue
		}
		text := x.Value.Text()
		if strings.ContainsAny(text, "\"\\\n\r\x00") {
			return nil, fmt.Errorf("variable %s: %q can't be substituted in files: it has a quote, a backslash or a line break", x.Variable, text)
		}
		b = fmt.Appendf(b, "%s\t%s\n", x.Variable, text)
	}
	return b, nil
}
