package audit

// manylinux adds what PEP 600 asks of a file for a glibc and later ones.
//
// PEP 600 leaves the lists of libraries and versions to the tool auditwheel,
// which began with those of PEP 513, 571 and 599. These are the lists of its
// file manylinux-policy.json, as of its version 6: libraries that every desktop
// and server distro with that glibc has under this soname, and the symbol
// versions of libgcc, libstdc++, libatomic and zlib that all of them have. A
// glibc between two profiles has the older one's. What auditwheel says of single
// symbols (private ones of zlib's) isn't checked.
func (p Policy) manylinux(glibc string) Policy {
	p.MaxGLIBC, p.OnlyNeeded, p.AllowNeeded = glibc, true, manylinuxLibraries
	for _, profile := range manylinuxProfiles {
		if CompareVersions(profile.glibc, glibc) <= 0 {
			p.MaxVersions = map[string]string{
				"GCC": profile.gcc, "CXXABI": profile.cxxabi, "GLIBCXX": profile.glibcxx,
				"LIBATOMIC": profile.libatomic, "ZLIB": profile.zlib,
			}
		}
	}
	return p
}

// manylinuxLibraries are allowed besides glibc's own. libcrypt.so.1 was among
// them until distros dropped it; libexpat is from 2_12 on. The dynamic linker,
// which some architectures name in NEEDED, is in glibc's family.
var manylinuxLibraries = []string{
	"libgcc_s.so.1", "libstdc++.so.6", "libatomic.so.1", "libnsl.so.1", "libz.so.1", "libexpat.so.1",
	"libX11.so.6", "libXext.so.6", "libXrender.so.1", "libICE.so.6", "libSM.so.6", "libGL.so.1",
	"libglib-2.0.so.0", "libgobject-2.0.so.0", "libgthread-2.0.so.0",
}

// manylinuxProfiles has the highest versions on x86_64 and aarch64, the oldest
// glibc first.
var manylinuxProfiles = []struct{ glibc, gcc, cxxabi, glibcxx, libatomic, zlib string }{
	{"2.5", "4.2.0", "1.3.1", "3.4.8", "0", "0"},
	{"2.12", "4.3.0", "1.3.3", "3.4.13", "0", "1.2.2.4"},
	{"2.17", "4.8.0", "1.3.7", "3.4.19", "1.0", "1.2.5.2"},
	{"2.24", "4.8.0", "1.3.10", "3.4.22", "1.2", "1.2.5.2"},
	{"2.28", "7.0.0", "1.3.11", "3.4.24", "1.2", "1.2.9"},
	{"2.31", "7.0.0", "1.3.12", "3.4.28", "1.2", "1.2.9"},
	{"2.34", "11.0", "1.3.13", "3.4.29", "1.2", "1.2.9"},
	{"2.36", "11.0", "1.3.13", "3.4.30", "1.2", "1.2.9"},
	{"2.37", "12.0.0", "1.3.13", "3.4.30", "1.2", "1.2.12"},
}
