// Package resolve makes a lock: it has versions of opam packages chosen (package
// versions), computes what each target needs of its distro from the distro's
// signed index, and writes down every input by sha256. It is the only package
// that meets package repositories.
//
// # What stays
//
// A lock that is there already changes as little as possible. Versions of opam
// packages stay where they fit, unless they are to be updated; the sources of a
// package whose opam file is the same are known; and a target's distro packages
// stay as long as they have the toolchain and the same depexts. So locking again
// is quick, needs no connection, and gives the same bytes. Distro packages of
// one target are never mixed from two states of its archive: either all stay, or
// all are chosen anew.
//
// # Trust
//
// A distro's index counts only with a good signature of a trusted key: Debian's
// InRelease, Alpine's APKINDEX. What an index names is then verified by hash.
// Alpine's index has no hash of whole package files: they are fetched and
// checked against the index while the lock is made, and the lock has their
// sha256. A date until which an index is valid is not looked at: old states of
// an archive are what locks are for.
//
// An opam package's source counts by a sha256 or a sha512 of its opam file. An
// md5 alone names nothing, since other bytes can be made to have it: such a
// package is refused, and so is a repository's whose source is a checkout; what
// the project pins itself is another matter, see below. Files beside an
// opam file come from the repository's folder, which the user trusts; where the
// opam file gives their checksums, whatever their kind, they must fit.
//
// # Pinned packages
//
// What the project's opam files name in pin-depends has that one version and
// that source, whatever repositories say, and its opam file is in the source.
// As opam's manual has it, pins are not transitive: a pinned package's own
// pin-depends are ignored, and so is the url of its opam file. All pins are read
// before versions are chosen, and those that are needed are locked.
//
// A commit in git needs no checksum from anybody: its tree becomes a tar whose
// sha256 is locked with the commit. Of an archive nobody has told the checksum,
// so the first fetch is trusted, and what it gave is locked. Either stays as
// it is locked until it is updated, without a connection. A lock doesn't
// remember the branch that its commit was taken from: another branch of the same
// remote counts after an update, another commit at once.
//
// The variables dev and pinned stay false for a pinned package, where opam has
// them true: a locked commit is as fixed as a release, and what opam files do
// in such a case ("dune subst") needs a checkout, which a source isn't. What
// only depends {dev} asks for is therefore not locked, and a pinned
// package is built as a release is. Files that lie in "files" beside an opam file
// in a source are part of the source, and not laid over it.
//
// # Debian's timestamp
//
// A lock names the point in time at which the timestamped archive has all of
// its package files: half a day after the date of the index. An archive's new
// state reaches the timestamped archive some hours later, and it keeps what an
// older index names for longer than that.
//
// # Bases and depexts
//
// The base of a target is resolved first and alone, so that it doesn't depend
// on the project: what a project's depexts need is resolved on top of it, as
// if into a machine that has the base installed. A depext never changes the
// version of a package of the base, because both come from one index.
//
// Debian's -dev packages hold static libraries too; Alpine has them apart, in
// packages that no depexts field names. There each -dev package that a depext
// brings also brings the -static packages that were built from the same source.
package resolve
