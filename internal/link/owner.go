package link

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// DepDir is where a step has what each opam package of its closure installed,
// below the package's name. The files of the prefix are links into it.
const DepDir = "/ofarm/dep"

// OpamPackage returns the opam package that a file of a step is from, by its
// real path; empty for a file that no opam package installed.
func OpamPackage(real string) string {
	rest, ok := strings.CutPrefix(real, DepDir+"/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// What an input is, in [Input.Kind].
const (
	KindOCaml  = "ocaml"  // compiled OCaml code: dream.a
	KindStubs  = "stubs"  // C code that came with OCaml code, or OCaml's runtime
	KindSystem = "system" // any other library
)

// Origins fills in where the inputs of a link come from: their kinds, each
// file's opam package, and for each library that the line asks for by -l the
// OCaml library of the line whose .cmxa asks for it, with that one's package.
// realPath resolves links, as [filepath.EvalSymlinks] does; what it can't
// resolve stays without a package.
func (l *Line) Origins(inputs []Input, o Options, realPath func(string) (string, error)) {
	find := newFinder(l, o)
	packageOf := func(p string) string {
		real, err := realPath("/" + find.name(p))
		if err != nil {
			return ""
		}
		return OpamPackage(real)
	}
	folders := &ocamlFolders{find: find, known: l.ocamlDirs()}
	askers := l.askers(find)
	for i := range inputs {
		in := &inputs[i]
		if in.Path != "" {
			in.Package = packageOf(in.Path)
		}
		in.Kind = folders.kind(*in)
		in.Library = askers[in.By]
		if in.Package == "" && in.Library != "" {
			in.Package = packageOf(in.Library)
		}
	}
}

// isOCamlArchive tells ocamlopt's archives of OCaml code from others.
func isOCamlArchive(p string) bool {
	return isArchive(p) && !strings.HasPrefix(path.Base(p), "lib")
}

// isRuntime tells the archives of OCaml's runtime, libasmrun.a and
// libcamlrun.a with their variants.
func isRuntime(p string) bool {
	base := path.Base(p)
	return isArchive(p) && (strings.HasPrefix(base, "libasmrun") || strings.HasPrefix(base, "libcamlrun"))
}

// ocamlDirs are the folders from which a line takes OCaml code.
func (l *Line) ocamlDirs() map[string]bool {
	out := map[string]bool{}
	for _, t := range l.tokens {
		if t.kind == input && (isOCamlArchive(t.text) || isRuntime(t.text)) {
			out[path.Dir(t.text)] = true
		}
	}
	return out
}

// ocamlFolders tells which folders have OCaml libraries: those from which the
// line takes some, and those with .cma or .cmxa files.
type ocamlFolders struct {
	find  *finder
	known map[string]bool
}

func (f *ocamlFolders) has(dir string) bool {
	is, ok := f.known[dir]
	if ok {
		return is
	}
	entries, _ := fs.ReadDir(f.find.fsys, f.find.name(dir)) // a folder that isn't there has none
	f.known[dir] = slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return strings.HasSuffix(e.Name(), ".cma") || strings.HasSuffix(e.Name(), ".cmxa")
	})
	return f.known[dir]
}

func (f *ocamlFolders) kind(in Input) string {
	switch {
	case in.Path == "":
		return KindSystem
	case isOCamlArchive(in.Path):
		return KindOCaml
	case in.Package != "" || f.has(path.Dir(in.Path)):
		return KindStubs
	default:
		return KindSystem
	}
}

// askers says of each -l word which OCaml library's description has it. The
// first on the line wins: ocamlopt puts a library before those it needs.
func (l *Line) askers(find *finder) map[string]string {
	out := map[string]string{}
	for _, t := range l.tokens {
		if t.kind != input || !isOCamlArchive(t.text) {
			continue
		}
		name := strings.TrimSuffix(t.text, ".a") + ".cmxa"
		data, err := fs.ReadFile(find.fsys, find.name(name))
		if err != nil {
			continue
		}
		for _, w := range libraryWords(data) {
			if out[w] == "" {
				out[w] = name
			}
		}
	}
	return out
}

// libraryWords returns the words "-lNAME" of the strings in a .cmxa file. It is
// in OCaml's marshalled form (runtime/caml/intext.h), where a string follows its
// length: in one byte with 0x20 if it is below 32, else behind a byte 0x09. A
// part of another string may look like one; no line has such a word.
func libraryWords(data []byte) []string {
	var out []string
	for at := 0; ; at++ {
		i := bytes.Index(data[at:], []byte("-l"))
		if i < 0 {
			return out
		}
		at += i
		for _, w := range strings.Fields(marshalledString(data, at)) {
			if strings.HasPrefix(w, "-l") && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
}

// marshalledString returns the string that begins at an index, or nothing if
// none does.
func marshalledString(data []byte, at int) string {
	length := 0
	switch {
	case at >= 2 && data[at-2] == 0x09 && data[at-1] >= 0x20:
		length = int(data[at-1])
	case at >= 1 && data[at-1]&^0x1f == 0x20:
		length = int(data[at-1] & 0x1f)
	}
	if at+length > len(data) {
		return ""
	}
	return string(data[at : at+length])
}
