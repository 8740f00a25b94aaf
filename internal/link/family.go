package link

import "strings"

// libcFamily lists, by -l's name, the libraries of libc itself: dynamic in a
// mostly-static link, and supplied by the compiler's -static in a static one.
var libcFamily = map[string]bool{
	"c": true, "m": true, "mvec": true, "dl": true, "pthread": true, "rt": true,
	"resolv": true, "util": true, "anl": true,
}

// libcName returns X if -lNAME is libX of libc's family. NAME may be ":FILE".
func libcName(name string) (string, bool) {
	if file, ok := strings.CutPrefix(name, ":"); ok {
		name = stem(file)
	}
	return name, libcFamily[name]
}

// isLibcFile reports whether a shared library's file is of glibc's family.
func isLibcFile(file string) bool {
	base := file[strings.LastIndexByte(file, '/')+1:]
	if strings.HasPrefix(base, "ld-linux") {
		return true
	}
	return strings.HasPrefix(base, "lib") && libcFamily[stem(base)]
}

// stem returns X of libX.a, libX.so and libX.so.1.2, and base itself otherwise.
func stem(base string) string {
	name, ok := strings.CutPrefix(base, "lib")
	if !ok {
		return base
	}
	if s, ok := strings.CutSuffix(name, ".a"); ok {
		return s
	}
	s, _, _ := strings.Cut(name, ".so")
	return s
}

// archiveFile returns the file name of the archive for -lNAME.
func archiveFile(name string) string {
	if r, ok := renamed[name]; ok {
		name = r
	}
	file, ok := strings.CutPrefix(name, ":")
	switch {
	case !ok:
		return "lib" + name + ".a"
	case isShared(file):
		return "lib" + stem(file) + ".a"
	default:
		return file
	}
}

// renamed lists libraries whose archive has another name: the compiler's
// unwinder is libgcc_s when shared.
var renamed = map[string]string{"gcc_s": "gcc_eh"}

// compilerNeeds says what the compiler's own libraries need, which come without
// .pc files. libgcc is always there.
var compilerNeeds = map[string][]string{
	"stdc++":   {"m"},
	"gfortran": {"quadmath", "m"},
	"quadmath": {"m"},
	"gomp":     {"pthread", "dl"},
	"gmpxx":    {"stdc++"},
}
