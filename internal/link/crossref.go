package link

import (
	"bufio"
	"debug/elf"
	"io"
	"slices"
	"strings"
)

// Undefined is one symbol that an executable takes from a shared library, by
// its version.
type Undefined struct {
	Symbol  string `json:"symbol"`
	Version string `json:"version"` // "GLIBC_2.34"
	// From are the inputs of the link that refer to it, sorted: an object's path,
	// or ARCHIVE(MEMBER). Empty where only the linker itself does.
	From []string `json:"from"`
}

// ReadUndefined reads what an executable takes from shared libraries by symbol
// version, sorted by symbol, and from a linker map with a cross reference
// (ld's -Map and --cref) who refers to it. A static executable has none. A map
// without a cross reference is no error: then nobody refers to anything, and
// found is false.
func ReadUndefined(exe io.ReaderAt, linkerMap io.Reader) (list []Undefined, found bool, err error) {
	f, err := elf.NewFile(exe)
	if err != nil {
		return nil, false, err
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return nil, true, nil // no dynamic symbols: static
	}
	from := map[string][]string{}
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && s.Version != "" {
			list = append(list, Undefined{Symbol: s.Name, Version: s.Version})
			from[s.Name] = []string{}
		}
	}
	if found, err = crossReference(linkerMap, from); err != nil {
		return nil, false, err
	}
	for i := range list {
		list[i].From = from[list[i].Symbol]
	}
	slices.SortFunc(list, func(x, y Undefined) int {
		return strings.Compare(x.Symbol+"\x00"+x.Version, y.Symbol+"\x00"+y.Version)
	})
	return list, found, nil
}

// crossReference adds to each symbol of from the inputs that a map's cross
// reference lists for it. GNU ld begins a symbol's files behind its name, and
// goes on with lines that begin with a blank; of shared libraries it lists the
// references too, which are no matter of the executable's.
func crossReference(r io.Reader, from map[string][]string) (found bool, err error) {
	br := bufio.NewReaderSize(r, 64<<10)
	symbol := ""
	for {
		line, err := br.ReadString('\n')
		line = strings.TrimRight(line, "\n")
		switch {
		case !found:
			found = line == "Cross Reference Table"
		case line != "":
			file := strings.TrimLeft(line, " ")
			if line[0] != ' ' {
				symbol, file, _ = strings.Cut(line, " ")
				file = strings.TrimLeft(file, " ")
			}
			addReference(from, symbol, file)
		}
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return found, err
		}
	}
}

func addReference(from map[string][]string, symbol, file string) {
	list, wanted := from[symbol]
	if !wanted || file == "" || isShared(file) {
		return
	}
	if i, there := slices.BinarySearch(list, file); !there {
		from[symbol] = slices.Insert(list, i, file)
	}
}

// crossRefFlags make the linker write a map with a cross reference.
func crossRefFlags(file string) []string {
	return []string{"-Xlinker", "-Map=" + file, "-Wl,--cref"}
}

// CrossRef returns a link's arguments with a cross reference written to a file
// as well, which changes no byte of the executable; or why that can't be had
// for this line, and no arguments.
func (l *Line) CrossRef(args []string, file string) (with []string, why string) {
	for _, t := range l.tokens {
		switch {
		case t.kind == input && t.text == "-":
			return nil, "the link reads its standard input"
		case t.kind == linker && !t.value && isMapFlag(t.text):
			return nil, "the line has a linker map of its own"
		case t.kind == flag && strings.HasPrefix(t.text, "-fuse-ld=") && t.text != "-fuse-ld=bfd":
			return nil, "the line chooses another linker by " + t.text
		}
	}
	return slices.Concat(crossRefFlags(file), args), ""
}

func isMapFlag(w string) bool {
	return slices.Contains([]string{"-M", "--print-map", "--cref", "-cref", "-t", "--trace"}, w) ||
		strings.HasPrefix(strings.TrimLeft(w, "-"), "Map")
}
