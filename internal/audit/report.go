package audit

// Kinds of file, in [Report.Kind].
const (
	KindELF    = "elf"
	KindMachO  = "mach-o" // one architecture, or several in [Report.Slices]
	KindScript = "script" // starts with "#!"
	KindOther  = "other"
)

// Types of ELF and Mach-O file, in [Report.Type].
const (
	TypeExec        = "exec"       // ET_EXEC: loaded at a fixed address
	TypePIE         = "pie"        // ET_DYN executable with an interpreter; MH_PIE
	TypeStaticPIE   = "static-pie" // ET_DYN executable without one
	TypeShared      = "shared"     // a shared library
	TypeRelocatable = "relocatable"
	TypeOther       = "other"
)

// Ways of being linked, in [Report.Linkage] and [Policy.Linkage].
const (
	Static       = "static"        // no interpreter and no NEEDED
	MostlyStatic = "mostly-static" // NEEDED holds libc's own family only; of Mach-O, libSystem
	Dynamic      = "dynamic"
)

// How much of the tables for dynamic linking is read-only once a program runs,
// in [Report.RELRO] and [Policy.RequireRELRO].
const (
	RELRONone    = "none"
	RELROPartial = "partial" // PT_GNU_RELRO, but functions are bound lazily
	RELROFull    = "full"    // PT_GNU_RELRO, and nothing is bound later
)

// C libraries, in [Report.Libc].
const (
	GLIBC = "glibc"
	Musl  = "musl"
)

// Report is what one file is and needs. Fields that don't apply are zero.
type Report struct {
	File   string `json:"file"` // as given to [File]; empty after [Read]
	Kind   string `json:"kind"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`

	Class    int    `json:"class,omitempty"`    // 32 or 64
	Machine  string `json:"machine,omitempty"`  // "x86_64", "aarch64", or debug/elf's name
	Platform string `json:"platform,omitempty"` // "linux/amd64", "darwin/arm64" and their like, or empty
	Type     string `json:"type,omitempty"`
	Linkage  string `json:"linkage,omitempty"`

	// Interpreter is PT_INTERP of an ELF file, the dynamic linker of a Mach-O
	// one, or what follows "#!" in a script.
	Interpreter string   `json:"interpreter,omitempty"`
	Soname      string   `json:"soname,omitempty"`
	Needed      []string `json:"needed,omitempty"` // in the file's order, which is the loader's
	RPath       []string `json:"rpath,omitempty"`
	RunPath     []string `json:"runpath,omitempty"`

	// Sources tells where the entries of Needed come from, as far as
	// [Options.Origins] knows; in the order of Needed.
	Sources []LibraryOrigin `json:"neededFrom,omitempty"`
	// Libc is the C library that the file was linked with; empty where it can't
	// be told, which is so for static executables without glibc's note.
	Libc string `json:"libc,omitempty"`

	// Floor is the glibc floor without its prefix, "2.29"; empty if no GLIBC_x.y
	// is asked for.
	Floor        string    `json:"glibcFloor,omitempty"`
	FloorSymbols []string  `json:"floorSymbols,omitempty"` // sorted; empty if the need has no symbol
	ABI          []string  `json:"glibcABI,omitempty"`     // GLIBC_ABI_*, sorted
	Private      bool      `json:"glibcPrivate,omitempty"` // asks for GLIBC_PRIVATE
	Versions     []Version `json:"versions,omitempty"`     // sorted by library, then version

	ExecStack   bool   `json:"execStack,omitempty"`   // PT_GNU_STACK is missing or has PF_X
	ThreadStack uint64 `json:"threadStack,omitempty"` // bytes: PT_GNU_STACK's p_memsz
	PIE         bool   `json:"pie,omitempty"`         // loaded at an address of the system's choice
	RELRO       string `json:"relro,omitempty"`       // of ELF executables and libraries
	BindNow     bool   `json:"bindNow,omitempty"`     // DF_BIND_NOW, DF_1_NOW or DT_BIND_NOW
	BuildID     string `json:"buildID,omitempty"`     // hexadecimal; of Mach-O, the UUID
	Debug       bool   `json:"debug,omitempty"`       // has DWARF sections
	Symbols     bool   `json:"symbols,omitempty"`     // has a symbol table: isn't stripped

	Leaks     []Leak `json:"leaks,omitempty"` // the first ones, by offset
	LeakCount int    `json:"leakCount,omitempty"`
	Temps     []Leak `json:"temporaryFiles,omitempty"` // names of a compiler's temporary files, the first ones
	TempCount int    `json:"temporaryFileCount,omitempty"`

	// MinOS and SDK are the oldest macOS that a Mach-O file runs on and the one
	// it was made with, "11.0"; Signed tells that it has a code signature.
	MinOS  string `json:"minimumOS,omitempty"`
	SDK    string `json:"sdk,omitempty"`
	Signed bool   `json:"signed,omitempty"`
	// Slices are the architectures of a universal Mach-O file, in its order. Of
	// the file itself only size, digest, leaks and temporary files are told then.
	Slices []*Report `json:"slices,omitempty"`
}

// Version is one symbol version that a file asks a library for.
type Version struct {
	Library string   `json:"library"`           // as in NEEDED: "libc.so.6"
	Name    string   `json:"name"`              // "GLIBC_2.29", "OPENSSL_3.0.0"
	Symbols []string `json:"symbols,omitempty"` // sorted; may be empty
	// Origins tells which inputs of the link ask for the symbols, as far as
	// [Options.Origins] knows; in the order of Symbols.
	Origins []SymbolOrigin `json:"from,omitempty"`
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
