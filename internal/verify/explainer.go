package verify

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// explainer goes through two files and keeps what it finds.
type explainer struct {
	hints Hints
	found []finding
}

// finding is one place at which two files differ.
type finding struct {
	where, what string
	verdict     verdict
	// textual means that what shows texts, which say more than bytes.
	textual bool
	// follows means that such a place usually differs because another one does.
	follows bool
}

// weight is low for what explains most.
func (f finding) weight() int {
	switch {
	case f.verdict.cause == Digest:
		return 4
	case f.verdict.cause != Unknown:
		return 0
	case f.follows:
		return 3
	case f.textual:
		return 1
	}
	return 2
}

// difference tells what explains most, and what else was found.
func (x *explainer) difference(file string) Difference {
	if len(x.found) == 0 {
		x.found = []finding{{where: "the file", what: "other bytes of the same meaning", verdict: unknown}}
	}
	best := slices.MinFunc(x.found, func(a, b finding) int { return cmp.Compare(a.weight(), b.weight()) })
	d := Difference{
		File: file, Where: tame(best.where), What: tame(best.what),
		Cause: best.verdict.cause, CauseText: best.verdict.text, Advice: best.verdict.advice,
	}
	for _, f := range x.found {
		place := tame(f.where)
		if len(d.Also) < maxAlso && place != d.Where && !slices.Contains(d.Also, place) {
			d.Also = append(d.Also, place)
		}
	}
	return d
}

// tame makes what comes out of files, such as a symbol's name, fit for terminals.
func tame(s string) string {
	const most = 1000
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

func (x *explainer) add(f finding) { x.found = append(x.found, f) }

// maxDepth is how many wrappers are opened, one in the other.
const maxDepth = 3

// compare explains two different byte strings that stand at the same place.
func (x *explainer) compare(at string, a, b []byte, depth int) {
	ka, kb := kindOfData(a), kindOfData(b)
	if ka.name != kb.name {
		x.add(finding{where: orFile(at), what: ka.name + " and " + kb.name, verdict: unknown, textual: true})
		return
	}
	before := len(x.found)
	if ka.explain != nil && depth < maxDepth && ka.explain(x, at, a, b, depth) {
		if len(x.found) == before {
			x.add(finding{where: orFile(at), what: "the same content, packed in another way", verdict: unknown})
		}
		return
	}
	x.raw(region{a: a, b: b, where: func(off int) string { return join(at, byteAt(int64(off))) }})
}

// dataKind is a format that is known. Its explain adds what it finds, and returns
// false, with nothing added, for what it can't read.
type dataKind struct {
	name    string
	explain func(x *explainer, at string, a, b []byte, depth int) bool
}

func kindOfData(b []byte) dataKind {
	switch {
	case len(b) == 0:
		return dataKind{name: "an empty file"}
	case bytes.HasPrefix(b, []byte("\x7fELF")):
		return dataKind{"an ELF file", (*explainer).elf}
	case bytes.HasPrefix(b, []byte(arMagic)):
		return dataKind{"an ar archive", membersOf(arMembers)}
	case bytes.HasPrefix(b, []byte("\x1f\x8b\x08")):
		return dataKind{"a gzip file", membersOf(gzipMembers)}
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return dataKind{"a zip archive", membersOf(zipMembers)}
	case len(b) > 262 && string(b[257:262]) == "ustar":
		return dataKind{"a tar archive", membersOf(tarMembers)}
	case bytes.HasPrefix(b, []byte(camlMagic)):
		return dataKind{"OCaml data", (*explainer).ocaml}
	case isBytecode(b):
		return dataKind{"OCaml bytecode", membersOf(bytecodeMembers)}
	case isText(b):
		return dataKind{"text", (*explainer).text}
	}
	return dataKind{name: "binary data"}
}

// join puts a place behind the one that it is in.
func join(at, place string) string {
	if at == "" || place == "" {
		return at + place
	}
	return at + ": " + place
}

func orFile(at string) string { return cmp.Or(at, "the file") }

func byteAt(off int64) string { return fmt.Sprintf("byte %d", off) }

// sides shows two texts that differ, each cut to what surrounds the difference.
func sides(a, b string) string {
	start := commonPrefix(a, b)
	x, y := strings.TrimSuffix(a, "\n"), strings.TrimSuffix(b, "\n")
	if x != y && (x == "") == (a == "") && (y == "") == (b == "") {
		a, b = x, y
	}
	return side(a, start) + " and " + side(b, start)
}

const (
	shownBefore = 60
	shown       = 140
)

func side(s string, at int) string {
	if s == "" {
		return "nothing"
	}
	from, to := 0, len(s)
	if len(s) > shown {
		from = min(max(at-shownBefore, 0), len(s)-shown)
		to = from + shown
	}
	var b strings.Builder
	if from > 0 {
		b.WriteString("…")
	}
	fmt.Fprintf(&b, "%+q", s[from:to])
	if to < len(s) {
		b.WriteString("…")
	}
	return b.String()
}

// bytesSides shows bytes that differ.
func bytesSides(a, b []byte) string {
	return bytesSide(a) + " and " + bytesSide(b)
}

func bytesSide(b []byte) string {
	const most = 16
	switch {
	case len(b) == 0:
		return "nothing"
	case len(b) > most:
		return fmt.Sprintf("% x …", b[:most])
	}
	return fmt.Sprintf("% x", b)
}

// commonPrefix is how many bytes two byte strings share at their start.
func commonPrefix[T string | []byte](a, b T) int {
	const block = 4096
	n, most := 0, min(len(a), len(b))
	for n+block <= most && string(a[n:n+block]) == string(b[n:n+block]) {
		n += block
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

// commonSuffix is how many bytes two byte strings share at their end.
func commonSuffix[T string | []byte](a, b T) int {
	n, most := 0, min(len(a), len(b))
	for n < most && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
