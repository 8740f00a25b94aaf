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
// # Where things are
//
//	CACHE/inputs     the store of inputs, by sha256
//	CACHE/oci        the images made of them
//	CACHE/buildkit   the state of a private daemon
//	CACHE/logs       the log of each step of the last build
//	CACHE/prove      what executables wrote that were proved
//	DIST/TARGET      the artifacts of a target
//	DIST/artifacts.json
package farm
