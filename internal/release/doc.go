// Package release describes what a build made for those who get it: so far by
// its provenance, which says what each artifact was made of, how and by what.
//
// # Provenance
//
// provenance.json is an in-toto Statement v1
// (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) whose
// predicate is SLSA's provenance v1 (https://slsa.dev/spec/v1.0/provenance). Its
// subjects are the artifacts of all targets in one folder, named by their paths
// below it.
//
// It is one statement, and not one for each target or a bundle of JSON lines,
// because the file is then the payload of a DSSE envelope as it is (payload type
// application/vnd.in-toto+json), and its field "predicate" a predicate for tools
// that make statements of their own; none was tried. Whoever has one artifact
// finds it among the subjects by its sha256.
//
// Targets may have been built at different times from different locks. So all
// that can differ between them is kept for each target, under the name of its
// folder, and the statement is only their sum: building two targets at once, or
// one after the other, gives the same bytes. [ParseProvenance] takes the sum
// apart again, which is how a build of one target leaves what is said of others.
// A dependency of some targets only has their folders in the annotation
// "ofarm_targets"; one without the annotation is of all of them.
//
// # Build type https://github.com/ofarm/ofarm/build/v1
//
// externalParameters.targets has an object for each target, under its folder's
// name; its fields are those of [External]: what the project and the command
// line ask for. internalParameters.targets has likewise what ofarm made of it,
// the fields of [Internal]. To build again: check out the project whose files
// and lock have the digests that resolvedDependencies name, write the
// parameters into ofarm.toml or give them as flags, and run "ofarm build
// --target TARGET".
//
// resolvedDependencies are everything that a step of the build could read, and
// what the plan was made of, but for what ofarm itself brings, which runDetails
// names. Their names say what they are:
//
//	ofarm.lock                       the lock
//	project                          the project's files, as a tar
//	root/NAME                        the image of a root's package files
//	opam/PACKAGE/opam                an opam file; beside it files/NAME
//	sources/PACKAGE/source           a source; extra sources as extra/NAME
//	ARCHIVE/PATH                     a distro's package file, as a mirror has it
//
// Images are made of package files that are named too, by ofarm and without
// running anything; they are here because a digest says in one word that two
// builds had the same root. A base that the project or the command line names in a
// registry has its uri there, and stands for its package files, whether this build
// took it or found it assembled; where roots are made of them as well, as Alpine's
// with further packages, they are named. A uri has no user and no password, and
// what is a file of the builder's machine has none. The project is named by what
// its files contain. A repository and a commit are not said: a checkout may have
// changes, an unpacked release no history, and neither changes the artifacts.
//
// # What two builds have in common
//
// The subjects and buildDefinition depend on the project's files, its lock, the
// parameters and what ofarm itself brings (its scripts, its linker shim) alone:
// not on the machine, the time, the folders, the cache, or which kind of daemon
// ran the steps. Two builds that differ there differ in what they built, or in
// how. runDetails is the part that says by what it was built, so it can differ
// between honest builders: the versions of ofarm and of BuildKit, and the digests
// of what ofarm brings into steps: the linker shim, and the images "step library"
// and, for Debian, "root library" of its scripts. There is no invocationId,
// startedOn or finishedOn, which SLSA leaves optional and which nobody could
// reproduce. So two builds with the same programs give the same bytes.
//
// The builder's id, https://github.com/ofarm/ofarm, names the program and no
// machine. Who vouches for the machine is whoever signs the statement.
//
// # Why these types are our own
//
// The Go types of in-toto's attestation are generated from protobuf, whose JSON
// has no promised form; those of in-toto-golang are deprecated for them. The
// form has to be fixed here, so it is made with encoding/json, and tests read it
// with in-toto's types and their validation.
package release
