// Package farm is one build from end to end: it reads a project and its lock,
// fetches what is missing, plans, assembles the images that the plan names,
// compiles and solves, audits what comes out and describes it.
//
// It holds the other packages together and decides little itself. Commands are
// thin above it: they read flags and the environment, and print.
//
// # Images
//
// Every input of a graph is an OCI image in one layout below the cache folder.
// Making one can be expensive (unpacking a hundred packages), so each is
// remembered under a key that says what it is made of; a second build makes
// none, and reads none of the inputs either.
//
// # Bases from registries
//
// A target's base is an image as others are, and has a label that says what it is
// made of. Its digest depends on the lock alone, so that an image in a registry can
// be taken in its place ([Farm.Bases]): only by digest, which is who is trusted, and
// only where the label is that of a base of the lock, which tells a mistake. What a
// label says is not proved, and a project may name any digest: so what was taken
// has a key of its own, with the digest, and serves only who names it. One that was
// assembled here, and has another digest, shows that the named one is not the base.
//
// The provenance names such a base by its place and digest, in place of the package
// files that it is made of.
//
// Only bases are pushed. Debian's other roots are folders of .deb files, which a
// daemon adds to the configured base; Alpine's have apk's database of all their
// packages, and making it reads the package files of the base as well.
//
// # The folder of artifacts
//
// Builds of different targets may share one, at the same time. Who describes what
// is in it, a build or a proof, holds a lock on the folder while it reads and
// writes artifacts.json and provenance.json. A damaged one is made anew, and the
// targets are told of which it then says nothing ([Forgotten]); one of another
// version of ofarm stays, and nothing is built beside it.
//
// # Verifying
//
// [Farm.Verify] makes a second farm that shares with the first what the lock
// names, the store of inputs, and nothing else: a cache folder of its own, so that
// images are assembled anew, and in it the state of a private daemon of its own,
// so that every step runs. The images' digests must be the same, and thereby the
// graphs; what then differs, steps made. The circumstances are others on purpose
// (see [Aspect]): fewer processors and steps at once, a file system in memory,
// which lists folders in another order, a copy of the project in another folder
// and, for root, of another owner. BuildKit's native snapshotter in the place of overlays
// would be one more, but it copies where overlays share: a project of 61 packages,
// some of them with GTK in their roots, filled 19 GiB of memory. A step in
// both daemons writes down what it sees of the machine ([llb.CompileMachine]), and
// that is what is told: what a daemon was asked for isn't always what steps get.
//
// Artifacts in the folder of a build are the first build if provenance.json says
// that they come of the very graph that would be solved now; so a verification
// right after a build costs one build. All files in the targets' folders are
// compared: what artifacts.json says is no proof of what is there. What steps
// left is streamed as tars out of both daemons, hashed on the fly and compared
// (package verify), only where artifacts differ or where it is asked for. Files of
// steps that began to differ are fetched once more, to be explained and kept.
//
// The second farm's folder is locked while it is used; one that a killed process
// left is removed by the next verification. Its daemon ends with the process, and
// the memory with the daemon.
//
// # Where things are
//
//	CACHE/inputs     the store of inputs, by sha256
//	CACHE/oci        the images made of them
//	CACHE/pulls      layers of bases on their way from a registry
//	CACHE/buildkit   the state of a private daemon
//	CACHE/logs       the log of each step of the last build
//	CACHE/prove      what executables wrote that were proved
//	CACHE/again      second builds, while something is verified
//	CACHE/verify     what differed when something was verified last: TARGET/artifacts as
//	                 they came out again, TARGET/artifacts-first that differ, and
//	                 TARGET/steps/STEP/first and again
//	DIST/TARGET      the artifacts of a target
//	DIST/artifacts.json
//	DIST/provenance.json
package farm
