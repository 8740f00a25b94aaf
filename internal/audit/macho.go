package audit

import (
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// libSystem is all of libc on macOS: the one library that can't be static.
const libSystem = "/usr/lib/libSystem.B.dylib"

// isMachO tells a Mach-O file by its magic number. A universal file has the
// number of Java's classes; in those, a version above 40 follows where the count
// of architectures is.
func isMachO(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	big, little := binary.BigEndian.Uint32(head), binary.LittleEndian.Uint32(head)
	if big == macho.MagicFat {
		return binary.BigEndian.Uint32(head[4:]) < 40
	}
	for _, magic := range []uint32{macho.Magic32, macho.Magic64} {
		if big == magic || little == magic {
			return true
		}
	}
	return false
}

// readMachO reads a thin or a universal file and returns what lies at an offset.
// Package debug/macho may panic on damaged files, it says of itself; that is an
// error here.
func (r *Report) readMachO(src io.ReaderAt) (section func(off int64) string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the file is damaged: %v", p)
		}
	}()
	magic := make([]byte, 4)
	if _, err := src.ReadAt(magic, 0); err != nil {
		return nil, err
	}
	if binary.BigEndian.Uint32(magic) == macho.MagicFat {
		return r.readFat(src)
	}
	f, err := macho.NewFile(src)
	if err != nil {
		return nil, err
	}
	return func(off int64) string { return machoSection(f, off) }, r.readThin(f)
}

func (r *Report) readFat(src io.ReaderAt) (func(off int64) string, error) {
	f, err := macho.NewFatFile(src)
	if err != nil {
		return nil, err
	}
	for _, a := range f.Arches {
		s := &Report{Kind: KindMachO, Size: int64(a.Size)}
		if uint64(a.Offset)+uint64(a.Size) > uint64(r.Size) {
			return nil, fmt.Errorf("architecture %v ends past the file's end: the file is truncated or damaged", a.Cpu)
		}
		if err := s.readThin(a.File); err != nil {
			return nil, fmt.Errorf("architecture %v: %w", a.Cpu, err)
		}
		r.Slices = append(r.Slices, s)
	}
	return func(off int64) string { return fatSection(f, off) }, nil
}

// readThin reads one architecture.
func (r *Report) readThin(f *macho.File) error {
	if err := r.checkSegments(f); err != nil {
		return err
	}
	r.readCPU(f)
	for _, l := range f.Loads {
		if err := r.readLoad(f.ByteOrder, l.Raw()); err != nil {
			return err
		}
	}
	const stackExecution, pie = 0x20000, 0x200000 // MH_ALLOW_STACK_EXECUTION, MH_PIE
	r.ExecStack = f.Flags&stackExecution != 0
	r.PIE = f.Flags&pie != 0
	r.readMachOType(f)
	r.readMachOSymbols(f)
	return nil
}

func (r *Report) checkSegments(f *macho.File) error {
	size := uint64(r.Size)
	for _, l := range f.Loads {
		s, ok := l.(*macho.Segment)
		if ok && (s.Offset > size || s.Filesz > size-s.Offset) {
			return fmt.Errorf("segment %q ends past the file's end: the file is truncated or damaged", s.Name)
		}
	}
	return nil
}

func (r *Report) readCPU(f *macho.File) {
	r.Class = 32
	if f.Magic == macho.Magic64 {
		r.Class = 64
	}
	switch f.Cpu {
	case macho.CpuAmd64:
		r.Machine, r.Platform = "x86_64", "darwin/amd64"
	case macho.CpuArm64:
		r.Machine, r.Platform = "aarch64", "darwin/arm64"
	default:
		r.Machine = f.Cpu.String()
	}
}

func (r *Report) readMachOType(f *macho.File) {
	switch f.Type {
	case macho.TypeExec:
		r.Type = TypeExec
		if r.PIE {
			r.Type = TypePIE
		}
	case macho.TypeDylib, macho.TypeBundle:
		r.Type = TypeShared
	case macho.TypeObj:
		r.Type = TypeRelocatable
		return
	default:
		r.Type = TypeOther
		return
	}
	r.Linkage = r.machoLinkage()
}

func (r *Report) machoLinkage() string {
	if len(r.Needed) == 0 && r.Interpreter == "" {
		return Static
	}
	for _, n := range r.Needed {
		if n != libSystem {
			return Dynamic
		}
	}
	return MostlyStatic
}

// Load commands that debug/macho has no names for, from <mach-o/loader.h>.
const (
	lcReqDyld       = 0x80000000
	lcIDDylib       = 0xd
	lcLoadDylinker  = 0xe
	lcWeakDylib     = 0x18 | lcReqDyld
	lcUUID          = 0x1b
	lcCodeSignature = 0x1d
	lcReexportDylib = 0x1f | lcReqDyld
	lcLazyDylib     = 0x20
	lcUpwardDylib   = 0x23 | lcReqDyld
	lcVersionMinMac = 0x24
	lcBuildVersion  = 0x32
)

// readLoad reads one load command. Its first words are its kind and its size.
func (r *Report) readLoad(order binary.ByteOrder, b []byte) error {
	if len(b) < 8 {
		return errors.New("a load command has less than 8 bytes")
	}
	words := func(n int) uint32 {
		if len(b) < 4*n+4 {
			return 0
		}
		return order.Uint32(b[4*n:])
	}
	var err error
	switch words(0) {
	case uint32(macho.LoadCmdDylib), lcWeakDylib, lcReexportDylib, lcLazyDylib, lcUpwardDylib:
		err = loadString(b, words(2), func(s string) { r.Needed = append(r.Needed, s) })
	case lcIDDylib:
		err = loadString(b, words(2), func(s string) { r.Soname = s })
	case lcLoadDylinker:
		err = loadString(b, words(2), func(s string) { r.Interpreter = s })
	case uint32(macho.LoadCmdRpath):
		err = loadString(b, words(2), func(s string) { r.RPath = append(r.RPath, s) })
	case lcCodeSignature:
		r.Signed = true
	case lcUUID:
		r.BuildID = fmt.Sprintf("%x", b[8:])
	case lcVersionMinMac:
		r.MinOS, r.SDK = macVersion(words(2)), macVersion(words(3))
	case lcBuildVersion:
		r.MinOS, r.SDK = macVersion(words(3)), macVersion(words(4))
	}
	return err
}

// loadString reads the string at an offset of a load command.
func loadString(b []byte, offset uint32, to func(string)) error {
	if offset < 8 || uint64(offset) >= uint64(len(b)) {
		return errors.New("a load command names no library: the file is damaged")
	}
	name, _, _ := strings.Cut(string(b[offset:]), "\x00")
	to(name)
	return nil
}

// macVersion reads a version packed as xxxx.yy.zz.
func macVersion(v uint32) string {
	s := fmt.Sprintf("%d.%d", v>>16, v>>8&0xff)
	if patch := v & 0xff; patch != 0 {
		s += fmt.Sprintf(".%d", patch)
	}
	return s
}

// readMachOSymbols tells whether strip has been there: it leaves undefined
// symbols and the header's own. Stabs name the objects with debug information.
func (r *Report) readMachOSymbols(f *macho.File) {
	for _, s := range f.Sections {
		if s.Seg == "__DWARF" {
			r.Debug = true
		}
	}
	if f.Symtab == nil {
		return
	}
	const stab, typ, inSection = 0xe0, 0x0e, 0x0e // N_STAB, N_TYPE, N_SECT
	for _, s := range f.Symtab.Syms {
		switch {
		case s.Type&stab != 0:
			r.Debug, r.Symbols = true, true
		case s.Type&typ == inSection && s.Name != "__mh_execute_header":
			r.Symbols = true
		}
	}
}

// machoSection names what lies at an offset, "__TEXT,__cstring".
func machoSection(f *macho.File, off int64) string {
	for _, s := range f.Sections {
		if s.Offset != 0 && uint64(off) >= uint64(s.Offset) && uint64(off) < uint64(s.Offset)+s.Size {
			return s.Seg + "," + s.Name
		}
	}
	for _, l := range f.Loads {
		if s, ok := l.(*macho.Segment); ok && uint64(off) >= s.Offset && uint64(off) < s.Offset+s.Filesz {
			return s.Name
		}
	}
	return "(after the segments)"
}

func fatSection(f *macho.FatFile, off int64) string {
	for _, a := range f.Arches {
		if o := off - int64(a.Offset); o >= 0 && o < int64(a.Size) {
			return strings.TrimPrefix(a.Cpu.String(), "Cpu") + " " + machoSection(a.File, o)
		}
	}
	return "(headers)"
}
