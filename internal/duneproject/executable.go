package duneproject

import "github.com/ofarm/ofarm/internal/opam"

// Executable is one executable of a dune file.
type Executable struct {
	Name string
	// Public is the name that it is installed by, or empty.
	Public string
	At     opam.Position
}

// Executables reads the (executable) and (executables) stanzas of a dune file,
// in its order. Stanzas that other files bring in by include aren't followed,
// and tests are no executables. Mistakes of syntax are reported as for
// dune-project; a file in OCaml's syntax is one.
func Executables(name string, data []byte) ([]Executable, error) {
	errs := &mistakes{file: name}
	var out []Executable
	for _, stanza := range readNodes(string(data), errs) {
		switch stanza.head() {
		case "executable", "executables":
			out = append(out, executables(stanza)...)
		}
	}
	return out, errs.err()
}

// executables are those of one stanza. In (public_names) a "-" stands for an
// executable that isn't installed.
func executables(stanza node) []Executable {
	names := append(texts(stanza, "name"), texts(stanza, "names")...)
	public := append(texts(stanza, "public_name"), texts(stanza, "public_names")...)
	var out []Executable
	for i, name := range names {
		e := Executable{Name: name, At: stanza.at}
		if i < len(public) && public[i] != "-" {
			e.Public = public[i]
		}
		out = append(out, e)
	}
	return out
}

// texts are the words of a stanza's field.
func texts(stanza node, field string) []string {
	var out []string
	for _, item := range stanza.items {
		if item.head() != field {
			continue
		}
		for _, word := range item.items[1:] {
			if word.isText() {
				out = append(out, word.text)
			}
		}
	}
	return out
}
