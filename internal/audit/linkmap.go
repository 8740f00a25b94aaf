package audit

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// LinkMap is the cross reference table of a linker map: which inputs refer to
// which symbol. GNU ld writes one with "-Wl,-Map=FILE,--cref".
type LinkMap struct {
	refers map[string][]string // by symbol; the first is where it is defined
}

// crossReferences starts the table in GNU ld's map.
const crossReferences = "Cross Reference Table"

// parseMap reads the table: a symbol and the file that defines it in a line,
// the files that refer to it in indented ones below.
func parseMap(data []byte) (*LinkMap, error) {
	_, table, ok := strings.Cut(string(data), crossReferences)
	if !ok {
		return nil, errors.New("neither a link's record nor a linker's map with a cross reference table (-Wl,-Map=FILE,--cref)")
	}
	m := &LinkMap{refers: map[string][]string{}}
	symbol := ""
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case line[0] == ' ':
			if symbol != "" {
				m.refers[symbol] = append(m.refers[symbol], strings.Join(fields, " "))
			}
		default:
			symbol = fields[0]
			if len(fields) > 1 {
				m.refers[symbol] = append(m.refers[symbol], strings.Join(fields[1:], " "))
			}
		}
	}
	return m, nil
}

// Symbol implements [Origins].
func (m *LinkMap) Symbol(name, version string) []Origin {
	var files []string
	for _, key := range []string{name, name + "@@" + version, name + "@" + version} {
		files = append(files, m.refers[key]...)
	}
	return origins(files)
}

// Library implements [Origins]: a shared library came in for the inputs that
// refer to what it defines. Each is named once, in the order of their names. The
// compiler's start files, which refer to what any library may define, are none.
func (m *LinkMap) Library(soname string) []Origin {
	var files []string
	for _, all := range m.refers {
		if len(all) > 1 && stem(base(all[0])) == stem(soname) && strings.Contains(all[0], ".so") {
			files = append(files, all[1:]...)
		}
	}
	return slices.DeleteFunc(origins(sortedUnique(files)), func(o Origin) bool {
		return startFile.MatchString(base(o.File))
	})
}

var startFile = regexp.MustCompile(`^[gMS]?(rcrt|crt)(1|i|n|begin[ST]?|end[S]?)\.o$`)

// origins leaves out shared libraries: they define symbols, or ask for them when
// the program runs.
func origins(files []string) []Origin {
	var out []Origin
	for _, f := range files {
		if !strings.Contains(base(f), ".so") {
			out = append(out, Origin{File: f, Library: libraryName(f)})
		}
	}
	return out
}

func base(file string) string { return file[strings.LastIndexByte(file, '/')+1:] }
