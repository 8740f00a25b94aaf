package audit

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"strings"
)

// Options says what to look for. The zero value looks for no leaks.
type Options struct {
	Prefixes []string // paths of the build that must not be in the file, such as "/ofarm/"
	Places   bool     // look for paths in the usual places of builds, too: see [Places]
	Temps    bool     // look for names of temporary files
	MaxLeaks int      // how many leaks, and how many temporary files, to list; 0 means 20. All are counted.
	Origins  Origins  // where what is needed comes from; nil where that isn't known
}

const defaultMaxLeaks = 20

// File reads the file at path. Errors name the path: the file can't be read, or
// it claims to be ELF and isn't whole.
func File(path string, o Options) (*Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	r, err := Read(f, st.Size(), o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.File = path
	return r, nil
}

// Read reads a file of size bytes. It never panics, whatever the bytes are.
func Read(src io.ReaderAt, size int64, o Options) (*Report, error) {
	r := &Report{Size: size}
	head := make([]byte, min(size, 256))
	if _, err := src.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	section := func(int64) string { return "" }
	var f *elf.File
	switch {
	case bytes.HasPrefix(head, []byte(elf.ELFMAG)):
		r.Kind = KindELF
		var err error
		if f, err = r.readELF(src); err != nil {
			return nil, fmt.Errorf("reading ELF: %w", err)
		}
		section = func(off int64) string { return sectionAt(f, off) }
	case isMachO(head):
		r.Kind = KindMachO
		var err error
		if section, err = r.readMachO(src); err != nil {
			return nil, fmt.Errorf("reading Mach-O: %w", err)
		}
	case bytes.HasPrefix(head, []byte("#!")):
		r.Kind = KindScript
		line, _, _ := strings.Cut(string(head[2:]), "\n")
		r.Interpreter = strings.TrimSpace(line)
	default:
		r.Kind = KindOther
	}
	r.annotate(o.Origins)
	return r, r.scan(src, f, section, o)
}

func (r *Report) readELF(src io.ReaderAt) (*elf.File, error) {
	f, err := elf.NewFile(src)
	if err != nil {
		return nil, err
	}
	if err := r.checkWhole(f); err != nil {
		return nil, err
	}
	r.readMachine(f)
	if err := r.readInterpreter(f); err != nil {
		return nil, err
	}
	if err := r.readDynamic(f); err != nil {
		return nil, err
	}
	r.readType(f)
	r.readStack(f)
	r.readHardening(f)
	r.readSections(f)
	r.readLibc()
	return f, nil
}

// checkWhole refuses a file whose headers point past its end: what is missing
// could hold a NEEDED entry.
func (r *Report) checkWhole(f *elf.File) error {
	size := uint64(r.Size)
	for i, p := range f.Progs {
		if p.Type != elf.PT_NULL && (p.Off > size || p.Filesz > size-p.Off) {
			return fmt.Errorf("program header %d (%v) ends past the file's end: the file is truncated or damaged", i, p.Type)
		}
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NULL && (s.Offset > size || s.FileSize > size-s.Offset) {
			return fmt.Errorf("section %q ends past the file's end: the file is truncated or damaged", s.Name)
		}
	}
	return nil
}

var machines = map[elf.Machine]struct{ name, platform string }{
	elf.EM_X86_64:  {"x86_64", "linux/amd64"},
	elf.EM_AARCH64: {"aarch64", "linux/arm64"},
}

func (r *Report) readMachine(f *elf.File) {
	r.Class = 32
	if f.Class == elf.ELFCLASS64 {
		r.Class = 64
	}
	m, known := machines[f.Machine]
	if !known {
		r.Machine = f.Machine.String()
		return
	}
	r.Machine = m.name
	little := f.Data == elf.ELFDATA2LSB
	linux := f.OSABI == elf.ELFOSABI_NONE || f.OSABI == elf.ELFOSABI_LINUX
	if r.Class == 64 && little && linux {
		r.Platform = m.platform
	}
}

// readInterpreter reads PT_INTERP, a path that ends in a NUL.
func (r *Report) readInterpreter(f *elf.File) error {
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		if p.Filesz == 0 || p.Filesz > 4096 {
			return fmt.Errorf("interpreter's path has %d bytes", p.Filesz)
		}
		b := make([]byte, p.Filesz)
		if _, err := p.ReadAt(b, 0); err != nil && err != io.EOF {
			return fmt.Errorf("reading the interpreter's path: %w", err)
		}
		name, _, _ := strings.Cut(string(b), "\x00")
		r.Interpreter = name
		return nil
	}
	return nil
}

// readStack takes PT_GNU_STACK: its flags tell whether the stack is executable
// (without it, the kernel's default is that it is), its p_memsz is what musl
// gives a thread that asks for no size of its own.
func (r *Report) readStack(f *elf.File) {
	if f.Type == elf.ET_REL {
		return
	}
	r.ExecStack = true
	for _, p := range f.Progs {
		if p.Type == elf.PT_GNU_STACK {
			r.ExecStack = p.Flags&elf.PF_X != 0
			r.ThreadStack = p.Memsz
		}
	}
}

func (r *Report) readSections(f *elf.File) {
	for _, s := range f.Sections {
		switch {
		case s.Type == elf.SHT_SYMTAB:
			r.Symbols = true
		case strings.HasPrefix(s.Name, ".debug_") || strings.HasPrefix(s.Name, ".zdebug_"):
			r.Debug = true
		case s.Type == elf.SHT_NOTE:
			r.readNotes(f, s)
		}
	}
}
