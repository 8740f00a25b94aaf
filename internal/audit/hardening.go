package audit

import "debug/elf"

// readHardening tells how much an attacker finds at a known or writable place:
// PIE, RELRO and lazy binding.
func (r *Report) readHardening(f *elf.File) {
	if f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN {
		return
	}
	r.PIE = r.Type == TypePIE || r.Type == TypeStaticPIE
	r.BindNow = bindNow(f)
	relro := segment(f, elf.PT_GNU_RELRO)
	switch {
	case relro == nil:
		r.RELRO = RELRONone
	case r.BindNow, segment(f, elf.PT_DYNAMIC) == nil && !lazyTable(f, relro):
		r.RELRO = RELROFull
	default:
		r.RELRO = RELROPartial
	}
}

// bindNow looks at the three ways in which linkers have said it.
func bindNow(f *elf.File) bool {
	flag := func(tag elf.DynTag, bit uint64) bool {
		v, err := f.DynValue(tag)
		return err == nil && len(v) > 0 && v[0]&bit != 0
	}
	now, err := f.DynValue(elf.DT_BIND_NOW)
	return flag(elf.DT_FLAGS, uint64(elf.DF_BIND_NOW)) ||
		flag(elf.DT_FLAGS_1, uint64(elf.DF_1_NOW)) ||
		err == nil && len(now) > 0
}

// lazyTable tells whether a static executable has a table of function addresses
// (.got.plt) outside of what becomes read-only.
func lazyTable(f *elf.File, relro *elf.Prog) bool {
	s := f.Section(".got.plt")
	return s != nil && (s.Addr < relro.Vaddr || s.Addr+s.Size > relro.Vaddr+relro.Memsz)
}
