package verify

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// camlMagic starts the magic numbers of OCaml's files (utils/config.mlp); a letter
// for the kind and three digits for the version follow.
const (
	camlMagic    = "Caml1999"
	camlMagicLen = 12
	// camlDigestLen is the length of OCaml's digests, MD5.
	camlDigestLen = 16
)

// camlKinds are the kinds of files by their letter.
var camlKinds = map[byte]string{
	'I': ".cmi, an interface",
	'O': ".cmo, bytecode",
	'A': ".cma, a library of bytecode",
	'Y': ".cmx, facts for native code",
	'y': ".cmx, facts for native code with flambda",
	'Z': ".cmxa, a library's facts for native code",
	'z': ".cmxa, a library's facts for native code with flambda",
	'D': ".cmxs, a plugin",
	'T': ".cmt, a typed tree",
	'M': "syntax tree of an implementation",
	'N': "syntax tree of an interface",
}

// ocaml explains files that hold marshaled data behind a magic number.
func (x *explainer) ocaml(at string, a, b []byte, _ int) bool {
	if len(a) < camlMagicLen || len(b) < camlMagicLen {
		return false
	}
	if string(a[:camlMagicLen]) != string(b[:camlMagicLen]) {
		x.add(finding{where: join(at, "magic number"), textual: true,
			what:    fmt.Sprintf("%+q and %+q", a[:camlMagicLen], b[:camlMagicLen]),
			verdict: because(Unknown, "not known: two compilers, or two kinds of file")})
		return true
	}
	r := region{a: a, b: b, where: func(off int) string { return join(at, camlPlace(a, off)) }}
	if kind := a[len(camlMagic)]; kind == 'Y' || kind == 'y' {
		r.digest = camlDigestLen // see write_unit_info in compilenv.ml
	}
	x.raw(r)
	return true
}

// camlPlace names an offset of marshaled data by the text in front of it, which is
// often the name of what is described.
func camlPlace(b []byte, off int) string {
	place := byteAt(int64(off))
	if kind := camlKind(b[:off]); kind != "" {
		place += " of OCaml data (" + kind + ")"
	}
	if text := textBefore(b, off); text != "" {
		place += fmt.Sprintf(", after %+q", text)
	}
	return place
}

// camlKind is told by the last magic number: a .cmt may start with a .cmi.
func camlKind(b []byte) string {
	at := bytes.LastIndex(b, []byte(camlMagic)) + len(camlMagic)
	if at < len(camlMagic) || at >= len(b) {
		return ""
	}
	return camlKinds[b[at]]
}

// textBefore is the nearest text before the one at off, at most 100 bytes away and
// 40 long.
func textBefore(b []byte, off int) string {
	const away, long, least = 100, 40, 4
	first := max(off-away, camlMagicLen)
	for off > first && printable(b[off-1]) {
		off--
	}
	for end := off; end > first; end-- {
		start := end
		for start > camlMagicLen && end-start < long && printable(b[start-1]) {
			start--
		}
		if end-start >= least {
			return string(b[start:end])
		}
	}
	return ""
}

var errBytecode = errors.New("damaged table of bytecode sections")

// bytecodeMembers are the sections of a bytecode executable (caml/exec.h): a table
// of their names and sizes ends the file, behind their contents.
func bytecodeMembers(b []byte, _ *budget) ([]member, error) {
	const entry, trailer = 8, 4 + camlMagicLen
	n := int64(binary.BigEndian.Uint32(b[len(b)-trailer:]))
	table := int64(len(b)) - trailer - n*entry
	if n == 0 || table < 0 {
		return nil, errBytecode
	}
	parts := make([]member, n+1)
	end := table
	for i := n; i > 0; i-- {
		e := b[table+(i-1)*entry:][:entry]
		start := end - int64(binary.BigEndian.Uint32(e[4:]))
		if start < 0 {
			return nil, errBytecode
		}
		name := fmt.Sprintf("section %q of the bytecode", e[:4])
		parts[i] = member{name: name, title: name, data: b[start:end]}
		end = start
	}
	const launcher = "start of the file, before the bytecode"
	parts[0] = member{name: launcher, title: launcher, data: b[:end]}
	return parts, nil
}

// isBytecode looks at the end of a file, which may start as a script or as ELF.
func isBytecode(b []byte) bool {
	return len(b) > 2*camlMagicLen && string(b[len(b)-camlMagicLen:][:len(camlMagic)+1]) == camlMagic+"X"
}
