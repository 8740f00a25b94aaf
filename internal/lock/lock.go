package lock

import "strings"

// Version is the version of the format that this package reads and writes.
const Version = 1

// File is a whole lock.
type File struct {
	// Epoch is SOURCE_DATE_EPOCH inside package steps, in seconds.
	Epoch int64
	// Options are what was asked for.
	Options Options
	// Repositories are in overlay order: the first one wins.
	Repositories []Repository
	// Projects are sorted by file name.
	Projects []Project
	// Packages are sorted by name, then by version.
	Packages []Package
	// Targets are sorted by name, then by platform.
	Targets []Target
	// Roots are what executables are proved in, sorted likewise. They have
	// Archives and Base, and nothing else of a target.
	Roots []Target
}

// Repository is an opam repository.
type Repository struct {
	Name string
	// URL is a folder relative to the lock, the URL of a tarball, or that of a
	// git repository with the commit: "git+https://…#COMMIT".
	URL string
	// SHA256 is of the tarball's bytes, in hex; empty for a folder and for a
	// git repository.
	SHA256 string
	// Ref is what was asked for of a git repository, a branch, tag or commit;
	// empty for the remote's HEAD, and for others.
	Ref string
}

// Project is an opam file of the project that was locked.
type Project struct {
	// File is its name, relative to the project: "fserv.opam".
	File string
	// SHA256 is of what the file asks for, in hex; see resolve.
	SHA256 string
	// Depends and Depexts are as in [Package]; other opam files of the project
	// may be among Depends.
	Depends []string
	Depexts []Depexts
}

// Name is the name of the opam package that the file describes.
func (p Project) Name() string { return strings.TrimSuffix(p.File, ".opam") }

// Depexts are the distro packages that an opam file asks for on one target.
type Depexts struct {
	Target TargetID
	// Names are sorted; each is that of a depext of the target.
	Names []string
}

// Input is a byte string that a build reads.
type Input struct {
	// SHA256 names it, in 64 hex digits.
	SHA256 string
	// Size is in bytes.
	Size int64
}

// Package is one version of an opam package.
type Package struct {
	Name, Version string
	// Repository is the name of the one that OpamFile is from; empty where that
	// is in the source.
	Repository string
	OpamFile   Input
	// OpamPath is where OpamFile is in the source, relative to the source's
	// root; empty where it is from a repository.
	OpamPath string
	// Source is nil for a package without one.
	Source *Source
	// ExtraSources and ExtraFiles are sorted by name.
	ExtraSources []Source
	ExtraFiles   []NamedInput
	// Only lists the targets that have the package; none means all.
	Only []TargetID
	// Depends are the names of the packages of the lock that it needs as
	// resolved, on any target; those that are needed only for its build or
	// after it (opam's post) are among them. Sorted, each once.
	Depends []string
	// Depexts are sorted by target; only those that ask for something.
	Depexts []Depexts
}

// ID is "NAME.VERSION".
func (p Package) ID() string { return p.Name + "." + p.Version }

// InSource tells whether the package's opam file is in its source, and not in a
// repository: that of a pinned package is.
func (p Package) InSource() bool { return p.OpamPath != "" }

// Source is what an opam url or extra-source names.
type Source struct {
	Input
	// Name is the file's name for an extra source, and empty for the source.
	Name string
	// URLs are in the order in which to try them. That of a git repository has
	// the commit, "git+https://…#COMMIT", whose tree is the source.
	URLs []string
	// Checksums are the others that upstream gives, in opam's spelling
	// ("md5=…", "sha512=…"), sorted; by-hash mirrors know files by them.
	Checksums []string
}

// NamedInput is an input with a file name.
type NamedInput struct {
	Name string
	Input
}

// TargetID is a target's name and platform.
type TargetID struct {
	// Name is a release's exact name: "debian-bullseye".
	Name string
	// Platform is "linux/amd64".
	Platform string
}

// String is "NAME PLATFORM", as in the lock.
func (t TargetID) String() string { return t.Name + " " + t.Platform }

// Target is what was locked for one distro release and platform.
type Target struct {
	TargetID
	// Archives are in the order in which they were resolved.
	Archives []Archive
	// Base and Extra are sorted by name.
	Base, Extra []DistroPackage
	// Depexts are sorted by name.
	Depexts []Depext
}

// Archive is the index of a distro's package archive that was resolved
// against.
type Archive struct {
	// Name, Suite and Component are as in targets: "debian", "bullseye", "main".
	Name, Suite, Component string
	// Timestamp is the snapshot's, "20250809T120000Z", or "-".
	Timestamp string
	// SHA256 is of the signed index, in hex.
	SHA256 string
}

// DistroPackage is a package file of the distro.
type DistroPackage struct {
	Name, Version, Arch string
	Input
	// Archive is the name of an archive of the target.
	Archive string
	// Path is relative to a mirror of the archive.
	Path string
}

// Depext is a distro package that an opam package asks for.
type Depext struct {
	Name string
	// Needs are the names of the extra packages that it brings, sorted; none
	// where the base has all of them.
	Needs []string
}

// Target returns the target of an id, and whether the lock has it.
func (f *File) Target(id TargetID) (Target, bool) { return find(f.Targets, id) }

// Root returns the bare root of an id, and whether the lock has it.
func (f *File) Root(id TargetID) (Target, bool) { return find(f.Roots, id) }

func find(list []Target, id TargetID) (Target, bool) {
	for _, t := range list {
		if t.TargetID == id {
			return t, true
		}
	}
	return Target{}, false
}

// TargetNames lists the names of the locked targets in order, each once.
func (f *File) TargetNames() []string {
	var names []string
	for _, t := range f.Targets {
		if len(names) == 0 || names[len(names)-1] != t.Name {
			names = append(names, t.Name)
		}
	}
	return names
}

// PackagesOf lists the opam packages of a target, sorted by name.
func (f *File) PackagesOf(id TargetID) []Package {
	var out []Package
	for _, p := range f.Packages {
		if p.isFor(id) {
			out = append(out, p)
		}
	}
	return out
}

func (p Package) isFor(id TargetID) bool {
	if len(p.Only) == 0 {
		return true
	}
	for _, o := range p.Only {
		if o == id {
			return true
		}
	}
	return false
}
