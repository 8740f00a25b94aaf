package link

import (
	"debug/elf"
	"io/fs"
	"slices"
	"strings"
)

// runtimeLibraries are the compiler's own libraries that a plugin gets statically.
var runtimeLibraries = map[string]bool{"stdc++": true, "gcc_s": true, "gcc": true, "gcc_eh": true}

// RewritePlugin gives a native plugin of OCaml's (.cmxs) the compiler's own
// libraries statically, in mode mostly-static, and leaves all else as it is. It
// returns the new arguments, or nil for every other line and where there is
// nothing to do: such a line goes on unchanged.
func RewritePlugin(l *Line, o Options) []string {
	if !l.Shared || o.Mode != MostlyStatic {
		return nil
	}
	find := newFinder(l, o)
	if !startsPlugin(find, l.tokens) {
		return nil
	}
	var kept []token
	asked := false
	for _, t := range l.tokens {
		if t.kind == lib && runtimeLibraries[t.text] {
			asked = asked || t.text == "stdc++"
			continue
		}
		if t.kind != flag || t.text != "-shared-libgcc" {
			kept = append(kept, t)
		}
	}
	args := append([]string{"-static-libgcc", "-static-libstdc++"}, emit(kept)...)
	if !asked {
		return args
	}
	// Last: the order of archives matters, that of shared libraries hardly.
	archive, ok := find.archive("stdc++", nil)
	if !ok {
		return nil
	}
	return append(args, archive, "-lm")
}

// startsPlugin looks for the object that ocamlopt -shared makes of a plugin's
// start: it alone defines caml_plugin_header, by which Dynlink knows a plugin.
// Stub libraries, and what ocamlopt -output-obj makes, have no such object.
func startsPlugin(find *finder, tokens []token) bool {
	for _, t := range tokens {
		if t.kind != input || !strings.HasSuffix(t.text, ".o") {
			continue
		}
		data, err := fs.ReadFile(find.fsys, find.name(t.text))
		if err == nil && defines(data, "caml_plugin_header") {
			return true
		}
	}
	return false
}

func defines(object []byte, name string) bool {
	return slices.ContainsFunc(symbolsIfNamed(object, name), func(s elf.Symbol) bool {
		return s.Name == name && s.Section != elf.SHN_UNDEF
	})
}
