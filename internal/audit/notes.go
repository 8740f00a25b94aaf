package audit

import (
	"debug/elf"
	"fmt"
	"strings"
)

// Types of the notes of owner GNU, from the gABI's Linux extensions.
const (
	ntGNUABITag  = 1 // glibc's start files say by it what kernel they need
	ntGNUBuildID = 3
)

// readNotes takes what a note section tells: the first build ID, and whether
// glibc's start files are in the executable.
func (r *Report) readNotes(f *elf.File, s *elf.Section) {
	eachNote(f, s, func(owner string, typ uint32, desc []byte) {
		switch {
		case owner != "GNU\x00":
		case typ == ntGNUBuildID && r.BuildID == "":
			r.BuildID = fmt.Sprintf("%x", desc)
		case typ == ntGNUABITag:
			r.Libc = GLIBC
		}
	})
}

// eachNote reads a note section: words namesz, descsz, type, then name and
// descriptor padded to 4 bytes. What isn't whole ends it.
func eachNote(f *elf.File, s *elf.Section, note func(owner string, typ uint32, desc []byte)) {
	if s.Size > 1<<16 {
		return
	}
	b, err := s.Data()
	if err != nil {
		return
	}
	for len(b) >= 12 {
		namesz, descsz := uint64(f.ByteOrder.Uint32(b)), uint64(f.ByteOrder.Uint32(b[4:]))
		desc := 12 + (namesz+3)&^3
		end := desc + descsz
		if end > uint64(len(b)) {
			return
		}
		note(string(b[12:12+namesz]), f.ByteOrder.Uint32(b[8:]), b[desc:end])
		b = b[min(uint64(len(b)), (end+3)&^3):]
	}
}

// readLibc goes by the interpreter and NEEDED before it goes by notes: a static
// musl executable has none of all three.
func (r *Report) readLibc() {
	for _, name := range append([]string{r.Interpreter}, r.Needed...) {
		switch {
		case strings.Contains(name, "/ld-musl-"), strings.HasPrefix(name, "libc.musl-"):
			r.Libc = Musl
			return
		case name != "" && name[0] != '/' && LibcFamily(name):
			r.Libc = GLIBC
			return
		}
	}
}
