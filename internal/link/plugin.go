package link

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io/fs"
	"strings"
)

// PluginError says that an executable which loads plugins was to be static.
type PluginError struct {
	Output string // the executable, as the line names it
	Object string // the object that has OCaml's Dynlink in its list of units
}

// Error names the executable and the reason.
func (e *PluginError) Error() string {
	return fmt.Sprintf("%q has OCaml's Dynlink in it, and a static executable can't load plugins: musl's dlopen is in its shared libc only", e.Output)
}

// Hint says which links can have plugins.
func (e *PluginError) Hint() string {
	return "build it for a glibc target (mostly-static), or without Dynlink (dune-site's plugins and findlib.dynload use it)"
}

// plugins looks for native Dynlink in a static link. The object that ocamlopt
// makes of a program's start defines caml_globals, and names every unit that is
// linked; a library that is only on the line, and not used, isn't among them.
// In bytecode Dynlink needs no dlopen, and such a link has no such object.
func (r *rewriter) plugins(tokens []token) error {
	for _, t := range tokens {
		if t.kind != input || !strings.HasSuffix(t.text, ".o") {
			continue
		}
		data, err := fs.ReadFile(r.find.fsys, r.find.name(t.text))
		if err == nil && startsDynlink(data) {
			return &PluginError{Output: r.line.Output, Object: t.text}
		}
	}
	return nil
}

// startsDynlink tells whether an object is the start of a native program with
// the unit Dynlink.
func startsDynlink(object []byte) bool {
	globals, dynlink := false, false
	for _, s := range symbolsIfNamed(object, "camlDynlink") {
		globals = globals || s.Name == "caml_globals" && s.Section != elf.SHN_UNDEF
		dynlink = dynlink || isDynlinkSymbol(s.Name)
	}
	return globals && dynlink
}

// symbolsIfNamed lists the symbols of an object in which a name stands somewhere;
// none of another, or of what is no ELF file.
func symbolsIfNamed(object []byte, name string) []elf.Symbol {
	if !bytes.Contains(object, []byte(name)) {
		return nil
	}
	f, err := elf.NewFile(bytes.NewReader(object))
	if err != nil {
		return nil
	}
	symbols, err := f.Symbols()
	if err != nil {
		return nil
	}
	return symbols
}

// isDynlinkSymbol tells the symbols of the unit Dynlink. Between a unit's name
// and the symbol's own OCaml puts "__", since 5.1 "." or "$".
func isDynlinkSymbol(name string) bool {
	rest, ok := strings.CutPrefix(name, "camlDynlink")
	return ok && (strings.HasPrefix(rest, "__") || strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "$"))
}
