// Package targets holds what ofarm can build for, as data: a distro release,
// its libc, how executables are linked there, its package archives and the
// packages every build needs. It does no I/O and knows nothing of BuildKit.
//
// A target is one distro release for one platform. Its exact name never moves
// ("debian-bookworm", "alpine-3.20"); an alias does ("debian-oldstable",
// "alpine"). A lock stores exact names only, so that a build next year means
// what it meant when it was locked.
//
// A new release of a known distro is one more value in releases.go, and
// nothing else.
//
// The toolchain of a release is what opam's documentation asks of a machine
// (a C compiler, make, patch, m4, pkg-config, perl and the usual unpackers),
// and no C++ compiler: the opam packages that need one say so with a depext.
package targets

import (
	"fmt"
	"slices"
	"strings"
)

// Distro is a family of releases that share package formats.
type Distro string

// The distros that ofarm can make bases of.
const (
	Alpine Distro = "alpine"
	Debian Distro = "debian"
)

// Libc is the C library of a release.
type Libc string

// The C libraries that ofarm links against.
const (
	GLIBC Libc = "glibc"
	Musl  Libc = "musl"
)

// LinkMode says which libraries of an executable are static.
type LinkMode string

// The link modes.
const (
	// Static leaves nothing dynamic: no interpreter, no NEEDED.
	Static LinkMode = "static"
	// StaticPIE is Static at an address that differs each time; on musl.
	StaticPIE LinkMode = "static-pie"
	// MostlyStatic leaves libc's own family dynamic and nothing else.
	MostlyStatic LinkMode = "mostly-static"
	// Dynamic takes the link line as the project wrote it.
	Dynamic LinkMode = "dynamic"
	// Project leaves links to the project, which finds the wanted mode in
	// the environment variable LINKING_MODE.
	Project LinkMode = "project"
)

// LinkModes lists every link mode, the strictest first.
func LinkModes() []LinkMode { return []LinkMode{Static, StaticPIE, MostlyStatic, Dynamic, Project} }

// Platform is an operating system and a processor architecture in the
// spelling of OCI: "linux/amd64".
type Platform string

// The platforms that ofarm knows.
const (
	LinuxAMD64 Platform = "linux/amd64"
	LinuxARM64 Platform = "linux/arm64"
)

// platformNames gives the names of one platform in the worlds that a build
// touches.
type platformNames struct {
	debian, alpine, opam string
}

var platforms = map[Platform]platformNames{
	LinuxAMD64: {debian: "amd64", alpine: "x86_64", opam: "x86_64"},
	LinuxARM64: {debian: "arm64", alpine: "aarch64", opam: "arm64"},
}

// ParsePlatform reads "linux/amd64" or "linux/arm64".
func ParsePlatform(s string) (Platform, error) {
	if _, ok := platforms[Platform(s)]; ok {
		return Platform(s), nil
	}
	return "", &UnknownPlatformError{Platform: s}
}

// DistroArch is the platform's name among the distro's packages: "amd64" in
// Debian, "x86_64" in Alpine.
func (p Platform) DistroArch(d Distro) string {
	if d == Alpine {
		return platforms[p].alpine
	}
	return platforms[p].debian
}

// Archive is a part of a distro's package archive, as a base-URL mirror
// serves it.
type Archive struct {
	// Name is the mirror's: "debian", "debian-security" or "alpine".
	Name string
	// Suite is the folder of its index: "bookworm", "v3.20".
	Suite string
	// Components are the parts of the suite: "main".
	Components []string
}

// Release is a distro release that ofarm builds for.
type Release struct {
	// Name is exact: "debian-bookworm", "alpine-3.20".
	Name   string
	Distro Distro
	// Codename is the distro's own name: "bookworm", "3.20".
	Codename string
	// OSVersion is the value of opam's variable os-version.
	OSVersion string
	Libc      Libc
	// LibcVersion is "2.36" or "1.2.5"; for glibc it is the highest floor
	// that an executable of this release can have.
	LibcVersion string
	// Link is the link mode unless the project sets another.
	Link      LinkMode
	Platforms []Platform
	// Archives are where packages come from, the first wins between equal
	// versions.
	Archives []Archive
	// Toolchain is the packages of every base, by name.
	Toolchain []string
	// BareRoot is the packages of a root with the release's libc and nothing
	// else, by name.
	BareRoot []string
}

// OpamVariables are opam's global variables that a release and a platform
// decide, as "opam var --global" prints them on such a machine.
func (r Release) OpamVariables(p Platform) map[string]string {
	return map[string]string{
		"os":              "linux",
		"os-distribution": string(r.Distro),
		"os-family":       string(r.Distro),
		"os-version":      r.OSVersion,
		"arch":            platforms[p].opam,
	}
}

// Has tells whether the release can be built for a platform.
func (r Release) Has(p Platform) bool { return slices.Contains(r.Platforms, p) }

// Releases lists every release, distro by distro, the newest last.
func Releases() []Release { return slices.Clone(releases) }

// Alias is a name that moves from release to release.
type Alias struct {
	Name    string
	Release string
}

// Aliases lists every alias with the release it means today.
func Aliases() []Alias { return slices.Clone(aliases) }

// Find returns the release of an exact name or an alias.
//
// Where locked is not empty, the alias "alpine" means the newest Alpine branch
// among those names, so that a locked project keeps its branch when ofarm
// learns of a newer one. Errors: [UnknownError].
func Find(name string, locked []string) (Release, error) {
	if name == string(Alpine) {
		if r, ok := newestLocked(Alpine, locked); ok {
			return r, nil
		}
	}
	for _, a := range aliases {
		if a.Name == name {
			name = a.Release
		}
	}
	for _, r := range releases {
		if r.Name == name {
			return r, nil
		}
	}
	return Release{}, &UnknownError{Name: name, Known: Names()}
}

func newestLocked(d Distro, locked []string) (Release, bool) {
	for _, r := range slices.Backward(releases) {
		if r.Distro == d && slices.Contains(locked, r.Name) {
			return r, true
		}
	}
	return Release{}, false
}

// Names lists every name that [Find] takes, aliases first.
func Names() []string {
	var names []string
	for _, a := range aliases {
		names = append(names, a.Name)
	}
	for _, r := range releases {
		names = append(names, r.Name)
	}
	return names
}

// UnknownError says that no target has a name.
type UnknownError struct {
	Name  string
	Known []string
}

func (e *UnknownError) Error() string { return fmt.Sprintf("unknown target %q", e.Name) }

// UnknownPlatformError says that no platform has a name.
type UnknownPlatformError struct{ Platform string }

func (e *UnknownPlatformError) Error() string {
	return fmt.Sprintf("unknown platform %q", e.Platform)
}

// Folder is the name of a target's folder below dist/: its name, with the
// platform where that is not linux/amd64.
func Folder(release string, p Platform) string {
	if p == LinuxAMD64 {
		return release
	}
	return release + "-" + strings.TrimPrefix(string(p), "linux/")
}
