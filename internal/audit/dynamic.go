package audit

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// readDynamic reads what the loader is told: NEEDED, paths and versions.
func (r *Report) readDynamic(f *elf.File) error {
	seg := segment(f, elf.PT_DYNAMIC)
	if seg == nil {
		return nil
	}
	if err := checkSections(f, seg); err != nil {
		return err
	}
	for _, s := range []struct {
		tag elf.DynTag
		to  *[]string
	}{
		{elf.DT_NEEDED, &r.Needed},
		{elf.DT_RPATH, &r.RPath},
		{elf.DT_RUNPATH, &r.RunPath},
	} {
		if err := dynStrings(f, s.tag, s.to); err != nil {
			return err
		}
	}
	var soname []string
	if err := dynStrings(f, elf.DT_SONAME, &soname); err != nil {
		return err
	}
	r.Soname = strings.Join(soname, " ")
	return r.readVersions(f)
}

func segment(f *elf.File, t elf.ProgType) *elf.Prog {
	for _, p := range f.Progs {
		if p.Type == t {
			return p
		}
	}
	return nil
}

// checkSections makes sure that debug/elf, which goes by sections, sees the
// dynamic table that the loader sees.
func checkSections(f *elf.File, seg *elf.Prog) error {
	s := f.SectionByType(elf.SHT_DYNAMIC)
	if s == nil || s.Offset != seg.Off {
		return errors.New("its dynamic segment has no section: section headers were removed or damaged, so NEEDED can't be read")
	}
	return nil
}

// dynStrings checks that each entry has a string: debug/elf skips those whose
// offset is bad, and an entry that is skipped is one that isn't audited.
func dynStrings(f *elf.File, tag elf.DynTag, to *[]string) error {
	s, err := f.DynString(tag)
	if err != nil {
		return err
	}
	v, err := f.DynValue(tag)
	if err != nil {
		return err
	}
	if len(s) != len(v) {
		return fmt.Errorf("%d of its %d %v entries have no name", len(v)-len(s), len(v), tag)
	}
	*to = s
	return nil
}

// readVersions reads the version needs and the symbols that use them.
func (r *Report) readVersions(f *elf.File) error {
	need := f.SectionByType(elf.SHT_GNU_VERNEED)
	if need == nil {
		return nil
	}
	if _, err := need.Data(); err != nil {
		return fmt.Errorf("reading version needs: %w", err)
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return fmt.Errorf("reading dynamic symbols: %w", err)
	}
	needs, err := f.DynamicVersionNeeds()
	if err != nil {
		return fmt.Errorf("reading version needs: %w", err)
	}
	r.Versions = versions(needs, symbols)
	r.readFloor()
	return nil
}

func versions(needs []elf.DynamicVersionNeed, symbols []elf.Symbol) []Version {
	type key struct{ library, name string }
	all := map[key][]string{}
	for _, n := range needs {
		for _, d := range n.Needs {
			all[key{n.Name, d.Dep}] = nil
		}
	}
	for _, s := range symbols {
		k := key{s.Library, s.Version}
		if _, ok := all[k]; ok {
			all[k] = append(all[k], s.Name)
		}
	}
	out := make([]Version, 0, len(all))
	for k := range maps.Keys(all) {
		out = append(out, Version{Library: k.library, Name: k.name, Symbols: sortedUnique(all[k])})
	}
	slices.SortFunc(out, func(a, b Version) int {
		return cmp.Or(cmp.Compare(a.Library, b.Library), compareNames(a.Name, b.Name))
	})
	return out
}

// compareNames orders GLIBC_2.4 before GLIBC_2.29.
func compareNames(a, b string) int {
	x, okX := glibcVersion(a)
	y, okY := glibcVersion(b)
	if okX && okY {
		return cmp.Or(CompareVersions(x, y), cmp.Compare(a, b))
	}
	return cmp.Compare(a, b)
}

func (r *Report) readFloor() {
	for _, v := range r.Versions {
		switch {
		case v.Name == glibcPrivate:
			r.Private = true
		case strings.HasPrefix(v.Name, glibcABI):
			r.ABI = append(r.ABI, v.Name)
		}
		x, ok := glibcVersion(v.Name)
		if !ok {
			continue
		}
		c := CompareVersions(x, r.Floor)
		if r.Floor == "" || c > 0 {
			r.Floor, r.FloorSymbols = x, nil
		}
		if r.Floor == x {
			r.FloorSymbols = append(r.FloorSymbols, v.Symbols...)
		}
	}
	r.ABI = sortedUnique(r.ABI)
	r.FloorSymbols = sortedUnique(r.FloorSymbols)
}

// readType tells apart the kinds of ET_DYN, and from them the linkage.
func (r *Report) readType(f *elf.File) {
	switch f.Type {
	case elf.ET_EXEC:
		r.Type = TypeExec
	case elf.ET_DYN:
		r.Type = r.dynType(f)
	case elf.ET_REL:
		r.Type = TypeRelocatable
		return
	default:
		r.Type = TypeOther
		return
	}
	r.Linkage = r.linkage()
}

// dynType goes by DF_1_PIE, which linkers have set since 2015, and by the
// interpreter for older files. A libc.so.6 has an interpreter too, but a soname.
func (r *Report) dynType(f *elf.File) string {
	flags, err := f.DynValue(elf.DT_FLAGS_1)
	pie := err == nil && len(flags) > 0 && elf.DynFlag1(flags[0])&elf.DF_1_PIE != 0
	switch {
	case r.Interpreter != "" && (pie || r.Soname == ""):
		return TypePIE
	case pie, segment(f, elf.PT_DYNAMIC) == nil:
		return TypeStaticPIE
	default:
		return TypeShared
	}
}

func (r *Report) linkage() string {
	if len(r.Needed) == 0 && r.Interpreter == "" {
		return Static
	}
	for _, n := range r.Needed {
		if !LibcFamily(n) {
			return Dynamic
		}
	}
	return MostlyStatic
}
