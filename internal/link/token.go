package link

import "strings"

// kind says what a token means to the linker.
type kind int

const (
	flag   kind = iota // anything of the driver's that isn't listed below
	input              // a file: source, object, archive, shared library
	lib                // -lNAME; text is NAME
	libDir             // -LDIR; text is DIR
	output             // -o FILE; text is FILE
	linker             // one word for the linker, of -Wl, or -Xlinker
)

// token is one word of a line with its meaning. An option of the driver's with a
// separate argument is one token with both; a word for the linker is one token
// each, since -Wl, may cut an option from its argument.
type token struct {
	kind kind
	text string   // what kind says; for flag and linker the word itself
	args []string // the driver's words it came from; nil for words of -Wl, and -Xlinker
	arg  int      // which argument a word of -Wl, came from: they are put back together

	value bool // a linker word that is the argument of the option before it
}

// separate lists the driver's options that take their argument as the next word
// when nothing is joined to them (GCC's common.opt and c.opt: "Separate").
var separate = map[string]bool{
	"-o": true, "-x": true, "-l": true, "-L": true, "-I": true, "-D": true, "-U": true, "-B": true,
	"-T": true, "-u": true, "-z": true, "-e": true, "-h": true, "-R": true, "-A": true, "-G": true,
	"-include": true, "-imacros": true, "-idirafter": true, "-iprefix": true, "-iquote": true,
	"-isystem": true, "-isysroot": true, "-imultilib": true, "-imultiarch": true,
	"-iwithprefix": true, "-iwithprefixbefore": true,
	"-Xlinker": true, "-Xassembler": true, "-Xpreprocessor": true,
	"-MF": true, "-MT": true, "-MQ": true, "-Tbss": true, "-Tdata": true, "-Ttext": true,
	"-aux-info": true, "-dumpbase": true, "-dumpbase-ext": true, "-dumpdir": true, "-wrapper": true,
	"--param": true, "--sysroot": true, "--output": true, "--specs": true, "-specs": true,
	"-target": true, "-arch": true, "-framework": true,
}

// makesShared lists the options, of the driver and the linker, that make a shared
// library.
var makesShared = map[string]bool{"-shared": true, "--shared": true, "-Bshareable": true}

// notLink lists the driver's options that end before the linker, or make
// something other than an executable or a shared library, or only print.
var notLink = map[string]bool{
	"-c": true, "-S": true, "-E": true, "-M": true, "-MM": true, "-fsyntax-only": true,
	"-r": true, "-dynamiclib": true, "-bundle": true,
	"-###": true, "--version": true, "--help": true, "--target-help": true,
	"--preprocess": true, "--compile": true, "--assemble": true,
	"-dumpmachine": true, "-dumpversion": true, "-dumpfullversion": true, "-dumpspecs": true,
}

// notLinkPrefixes are the families of such options.
var notLinkPrefixes = []string{"-print-", "--print-", "--help="}

// notLinkInLinker lists the same among the linker's own words.
var notLinkInLinker = map[string]bool{
	"-r": true, "-i": true, "-relocatable": true, "--relocatable": true,
}

// linkerSeparate lists the linker's options whose argument is the next word.
var linkerSeparate = map[string]bool{
	"-rpath": true, "--rpath": true, "-R": true, "-rpath-link": true, "--rpath-link": true,
	"-z": true, "-soname": true, "--soname": true, "-h": true, "-l": true, "-L": true,
	"--library": true, "--library-path": true, "-T": true, "--script": true, "-dT": true,
	"-u": true, "--undefined": true, "-e": true, "--entry": true, "-y": true, "-m": true,
	"-o": true, "--output": true, "-F": true, "-f": true, "-I": true, "-dynamic-linker": true,
	"--dynamic-linker": true, "--wrap": true, "--defsym": true, "-defsym": true,
	"--version-script": true, "-version-script": true, "--dynamic-list": true, "-dynamic-list": true,
	"--export-dynamic-symbol": true, "-export-dynamic-symbol": true,
	"--export-dynamic-symbol-list": true, "-export-dynamic-symbol-list": true,
	"-Map": true, "--Map": true, "-plugin": true, "--plugin": true, "-plugin-opt": true,
	"--plugin-opt": true, "-A": true, "-b": true, "-c": true, "-G": true, "-init": true, "-fini": true,
	"-Y": true, "-a": true, "-assert": true, "--section-start": true, "-Tbss": true, "-Tdata": true,
	"-Ttext": true, "--sort-section": true, "--hash-style": true, "--exclude-libs": true,
	"-wrap": true, "--require-defined": true, "--retain-symbols-file": true,
}

func isArchive(name string) bool { return strings.HasSuffix(name, ".a") }

// isShared reports whether a path is a shared library's: libX.so, libX.so.1.2.
func isShared(name string) bool {
	base := name[strings.LastIndexByte(name, '/')+1:]
	_, version, ok := strings.Cut(base, ".so")
	return ok && strings.Trim(version, ".0123456789") == ""
}
