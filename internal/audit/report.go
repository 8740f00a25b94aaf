package audit

// Kinds of file, in [Report.Kind].
const (
	KindELF    = "elf"
	KindScript = "script" // starts with "#!"
	KindOther  = "other"
)

// Types of ELF file, in [Report.Type].
const (
	TypeExec        = "exec"       // ET_EXEC: loaded at a fixed address
	TypePIE         = "pie"        // ET_DYN executable with an interpreter
	TypeStaticPIE   = "static-pie" // ET_DYN executable without one
	TypeShared      = "shared"     // a shared library
	TypeRelocatable = "relocatable"
	TypeOther       = "other"
)

// Ways of being linked, in [Report.Linkage] and [Policy.Linkage].
const (
	Static       = "static"        // no interpreter and no NEEDED
	MostlyStatic = "mostly-static" // NEEDED holds libc's own family only
	Dynamic      = "dynamic"
)

// Report is what one file is and needs. Fields that don't apply are zero.
type Report struct {
	File   string `json:"file"` // as given to [File]; empty after [Read]
	Kind   string `json:"kind"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`

	Class    int    `json:"class,omitempty"`    // 32 or 64
	Machine  string `json:"machine,omitempty"`  // "x86_64", "aarch64", or debug/elf's name
	Platform string `json:"platform,omitempty"` // "linux/amd64", "linux/arm64", or empty
	Type     string `json:"type,omitempty"`
	Linkage  string `json:"linkage,omitempty"`

	// Interpreter is PT_INTERP of an ELF file, or what follows "#!" in a script.
	Interpreter string   `json:"interpreter,omitempty"`
	Soname      string   `json:"soname,omitempty"`
	Needed      []string `json:"needed,omitempty"` // in the file's order, which is the loader's
	RPath       []string `json:"rpath,omitempty"`
	RunPath     []string `json:"runpath,omitempty"`

	// Floor is the glibc floor without its prefix, "2.29"; empty if no GLIBC_x.y
	// is asked for.
	Floor        string    `json:"glibcFloor,omitempty"`
	FloorSymbols []string  `json:"floorSymbols,omitempty"` // sorted; empty if the need has no symbol
	ABI          []string  `json:"glibcABI,omitempty"`     // GLIBC_ABI_*, sorted
	Private      bool      `json:"glibcPrivate,omitempty"` // asks for GLIBC_PRIVATE
	Versions     []Version `json:"versions,omitempty"`     // sorted by library, then version

	ExecStack   bool   `json:"execStack,omitempty"`   // PT_GNU_STACK is missing or has PF_X
	ThreadStack uint64 `json:"threadStack,omitempty"` // bytes: PT_GNU_STACK's p_memsz
	BuildID     string `json:"buildID,omitempty"`     // hexadecimal
	Debug       bool   `json:"debug,omitempty"`       // has DWARF sections
	Symbols     bool   `json:"symbols,omitempty"`     // has a symbol table: isn't stripped

	Leaks     []Leak `json:"leaks,omitempty"` // the first ones, by offset
	LeakCount int    `json:"leakCount,omitempty"`
}

// Version is one symbol version that a file asks a library for.
type Version struct {
	Library string   `json:"library"`           // as in NEEDED: "libc.so.6"
	Name    string   `json:"name"`              // "GLIBC_2.29", "OPENSSL_3.0.0"
	Symbols []string `json:"symbols,omitempty"` // sorted; may be empty
}

// Leak is one place where a file holds a path of its build.
type Leak struct {
	Section string `json:"section"` // ".rodata"; "(headers)", "(after the sections)" outside of any
	Offset  int64  `json:"offset"`  // bytes from the file's start; in a compressed section, from its unpacked start
	Text    string `json:"text"`    // from the prefix to the first unprintable byte, at most 160 bytes
}

// SymbolsOf returns the symbols that the report knows to come from a library,
// sorted. They are known only where the library has symbol versions.
func (r *Report) SymbolsOf(library string) []string {
	var all []string
	for _, v := range r.Versions {
		if v.Library == library {
			all = append(all, v.Symbols...)
		}
	}
	return sortedUnique(all)
}
