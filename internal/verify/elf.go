package verify

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// elfFile is an ELF file with what places in it are named by.
type elfFile struct {
	*elf.File
	raw      []byte
	sections []member
	symbols  []elf.Symbol // sorted by section, then by value
	names    []item       // of symbols, in the order of the table
}

var errELF = errors.New("damaged ELF file")

func openELF(b []byte, left *budget) (*elfFile, error) {
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	e := &elfFile{File: f, raw: b}
	for _, s := range f.Sections {
		data, err := sectionData(b, s, left)
		if err != nil {
			return nil, err
		}
		e.sections = append(e.sections, member{name: s.Name, data: data, follows: following(s)})
	}
	e.readSymbols()
	return e, nil
}

// sectionData is what is in the file of a section, unpacked.
func sectionData(b []byte, s *elf.Section, left *budget) ([]byte, error) {
	switch {
	case s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL:
		return nil, nil
	case s.Flags&elf.SHF_COMPRESSED != 0:
		return left.readAll(s.Open())
	case s.Offset > uint64(len(b)) || s.FileSize > uint64(len(b))-s.Offset:
		return nil, errELF
	}
	return b[s.Offset:][:s.FileSize], nil
}

// following tells sections of addresses, offsets and digests, which differ when
// others do.
func following(s *elf.Section) bool {
	switch s.Type {
	case elf.SHT_SYMTAB, elf.SHT_DYNSYM, elf.SHT_REL, elf.SHT_RELA, elf.SHT_HASH, elf.SHT_GNU_HASH, elf.SHT_DYNAMIC,
		elf.SHT_GNU_VERSYM, elf.SHT_GROUP:
		return true
	}
	return slices.Contains([]string{
		".shstrtab", ".eh_frame_hdr", ".got", ".got.plt", ".gnu_debuglink", ".debug_aranges", ".debug_ranges", ".debug_rnglists", ".relr.dyn",
	}, s.Name)
}

func (e *elfFile) readSymbols() {
	symbols, err := e.Symbols()
	if err != nil {
		symbols, _ = e.DynamicSymbols()
	} else {
		for i, s := range symbols {
			e.names = append(e.names, item{s.Name, i})
		}
	}
	for _, s := range symbols {
		t := elf.ST_TYPE(s.Info)
		if s.Name != "" && t != elf.STT_FILE && t != elf.STT_SECTION {
			e.symbols = append(e.symbols, s)
		}
	}
	slices.SortStableFunc(e.symbols, func(s, t elf.Symbol) int {
		if s.Section != t.Section {
			return int(s.Section) - int(t.Section)
		}
		return cmp.Compare(s.Value, t.Value)
	})
}

// place names an offset of a section by the nearest symbol at or before it, if
// there is one.
func (e *elfFile) place(section, off int) string {
	s := e.Sections[section]
	value := uint64(off)
	if e.Type != elf.ET_REL {
		value += s.Addr
	}
	at, _ := slices.BinarySearchFunc(e.symbols, value, func(t elf.Symbol, v uint64) int {
		if int(t.Section) != section {
			return int(t.Section) - section
		}
		if t.Value <= v {
			return -1
		}
		return 1
	})
	if at == 0 || int(e.symbols[at-1].Section) != section {
		return fmt.Sprintf("section %s, byte %d", s.Name, off)
	}
	t := e.symbols[at-1]
	return fmt.Sprintf("section %s, symbol %s+%#x", s.Name, t.Name, value-t.Value)
}

// elf explains ELF files section by section, then what lies outside of them. It
// leaves those without sections alone.
func (x *explainer) elf(at string, a, b []byte, depth int) bool {
	left := budget(maxUnpacked)
	fa, err := openELF(a, &left)
	if err != nil {
		return false
	}
	fb, err := openELF(b, &left)
	if err != nil {
		return false
	}
	if len(fa.Sections) == 0 || len(fb.Sections) == 0 {
		return false
	}
	before := len(x.found)
	if ha, hb := fa.kind(), fb.kind(); ha != hb {
		x.add(finding{where: join(at, "ELF header"), what: ha + " and " + hb, verdict: unknown, textual: true})
		return true
	}
	x.items(names(fa.sections), names(fb.sections), func(i item) string { return join(at, "section "+i.text) })
	x.elfSections(at, fa, fb)
	x.elfRest(at, fa, fb, depth)
	if len(x.found) == before {
		x.raw(region{a: a, b: b, where: func(off int) string { return join(at, byteAt(int64(off))+" (headers)") }})
	}
	return true
}

func (e *elfFile) kind() string {
	return fmt.Sprintf("%v %v %v %v", e.Class, e.Data, e.Machine, e.Type)
}

func (x *explainer) elfSections(at string, fa, fb *elfFile) {
	named := x.items(fa.names, fb.names, func(i item) string { return join(at, "symbol table") })
	for _, m := range matched(fa.sections, fb.sections) {
		section := m[0]
		a, b := fa.sections[section], fb.sections[m[1]]
		switch {
		case bytes.Equal(a.data, b.data) || named && (a.name == ".symtab" || a.name == ".strtab"):
		case a.name == buildID:
			x.buildID(join(at, "section "+buildID), a.data, b.data)
		default:
			x.raw(region{
				a: a.data, b: b.data, follows: a.follows, code: a.follows || fa.Sections[section].Flags&elf.SHF_EXECINSTR != 0,
				where: func(off int) string { return join(at, fa.place(section, off)) },
			})
		}
	}
}

const buildID = ".note.gnu.build-id"

// buildID explains the note in which the linker puts a digest of what it linked.
func (x *explainer) buildID(where string, a, b []byte) {
	const header = 16 // sizes of name and content, type, "GNU\0"
	x.add(finding{
		where: where, what: hex.EncodeToString(a[min(header, len(a)):]) + " and " + hex.EncodeToString(b[min(header, len(b)):]),
		verdict: because(Digest, "the build ID, a digest of all that was linked, debug information included").
			do("if nothing else differs, what differed was stripped: link with -Wl,--build-id=none, or mend the debug information (-ffile-prefix-map)"),
	})
}

// elfRest explains what lies behind the sections: OCaml's bytecode, for one.
func (x *explainer) elfRest(at string, fa, fb *elfFile, depth int) {
	a, b := fa.rest(), fb.rest()
	if !bytes.Equal(a, b) && (len(a) > 0 || len(b) > 0) {
		x.compare(join(at, "after the sections"), a, b, depth+1)
	}
}

// rest is what lies behind all sections and their headers.
func (e *elfFile) rest() []byte {
	var end uint64
	for _, s := range e.Sections {
		if s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NULL {
			end = max(end, s.Offset+s.FileSize)
		}
	}
	if table := e.headersEnd(); table <= uint64(len(e.raw)) {
		end = max(end, table)
	}
	return e.raw[min(end, uint64(len(e.raw))):]
}

// headersEnd is where the table of section headers ends; debug/elf doesn't tell.
func (e *elfFile) headersEnd() uint64 {
	shoff, size := uint64(0), uint64(40)
	if e.Class == elf.ELFCLASS64 {
		shoff, size = e.ByteOrder.Uint64(e.raw[40:]), 64
	} else {
		shoff = uint64(e.ByteOrder.Uint32(e.raw[32:]))
	}
	return shoff + size*uint64(len(e.Sections))
}
