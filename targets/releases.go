package targets

import "slices"

var both = []Platform{LinuxAMD64, LinuxARM64}

var releases = []Release{
	alpineRelease("3.20", "1.2.5"),
	alpineRelease("3.21", "1.2.5"),
	alpineRelease("3.22", "1.2.5"),
	alpineRelease("3.23", "1.2.5"),
	debianRelease("bullseye", "11", "2.31", split),
	debianRelease("bookworm", "12", "2.36", byPackage),
	debianRelease("trixie", "13", "2.41", byBaseFiles),
}

// Debian's aliases as of trixie's release, https://www.debian.org/releases/.
var aliases = []Alias{
	{"alpine", "alpine-3.23"},
	{"debian-stable", "debian-trixie"},
	{"debian-oldstable", "debian-bookworm"},
	{"debian-oldoldstable", "debian-bullseye"},
}

var alpineToolchain = []string{
	"alpine-baselayout", "bash", "binutils", "busybox", "bzip2", "diffutils",
	"file", "gcc", "linux-headers", "m4", "make", "musl-dev", "patch", "perl",
	"pkgconf", "tar", "unzip", "xz",
}

var debianToolchain = []string{
	"binutils", "bzip2", "file", "gcc", "libc6-dev", "m4", "make", "patch",
	"perl", "pkg-config", "unzip", "xz-utils",
}

func alpineRelease(branch, libc string) Release {
	return Release{
		Name:        "alpine-" + branch,
		Distro:      Alpine,
		Codename:    branch,
		OSVersion:   branch,
		Libc:        Musl,
		LibcVersion: libc,
		Link:        Static,
		Platforms:   both,
		Archives: []Archive{
			{Name: "alpine", Suite: "v" + branch, Components: []string{"main", "community"}},
		},
		Toolchain: alpineToolchain,
		BareRoot:  []string{"musl"},
	}
}

// usrMerge is how a release of Debian comes to have /bin and its like in /usr.
type usrMerge int

const (
	split       usrMerge = iota // it hasn't
	byPackage                   // by a package: else the choice is usrmerge, which would move files
	byBaseFiles                 // by base-files, which every base has
)

// usrIsMerged is the package that says that /usr is merged.
const usrIsMerged = "usr-is-merged"

func debianRelease(codename, version, libc string, merge usrMerge) Release {
	toolchain, bare := debianToolchain, []string{"libc6"}
	if merge == byPackage {
		toolchain = slices.Concat([]string{usrIsMerged}, toolchain)
	}
	if merge != split { // libc6 alone has no links
		bare = append(bare, usrIsMerged)
	}
	return Release{
		Name:        "debian-" + codename,
		Distro:      Debian,
		Codename:    codename,
		OSVersion:   version,
		Libc:        GLIBC,
		LibcVersion: libc,
		Link:        MostlyStatic,
		Platforms:   both,
		Archives: []Archive{
			{Name: "debian", Suite: codename, Components: []string{"main"}},
			{Name: "debian-security", Suite: codename + "-security", Components: []string{"main"}},
		},
		Toolchain: toolchain,
		BareRoot:  bare,
	}
}
