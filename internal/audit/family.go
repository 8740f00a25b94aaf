package audit

import (
	"path"
	"slices"
)

// libcFamily lists glibc's own shared libraries, as path.Match patterns. They
// come from one source package, are versioned together and are present on every
// glibc system. libcrypt left glibc in 2.28 (it is libxcrypt's, and its soname
// differs between distros), and so did libnsl; neither is listed.
var libcFamily = []string{
	"libc.so.6",
	"libm.so.6",
	"libmvec.so.1",
	"libdl.so.2",
	"libpthread.so.0",
	"librt.so.1",
	"libresolv.so.2",
	"libutil.so.1",
	"libanl.so.1",
	"libnss_*.so.2",
	"ld-linux.so.*",
	"ld-linux-*.so.*",
}

// LibcFamily reports whether a soname belongs to glibc's own family, which
// stays dynamic in a mostly-static executable.
func LibcFamily(soname string) bool {
	return slices.ContainsFunc(libcFamily, func(p string) bool { return matches(p, soname) })
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}
