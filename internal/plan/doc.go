// Package plan says what a build does, before anything is built: an ordered,
// checked, immutable list of steps for one target.
//
// A plan is a function of the lock, the target and the project's opam files.
// ofarm reads the opam files itself and evaluates filters, formulas and
// variables here, so that a step is a list of plain commands: no opam runs in
// the build, nothing is decided there, and a plan can be printed, compared and
// explained. The one thing that is left open is the number of jobs, which
// depends on the machine; it stays a variable in the commands, so that the
// same plan is the same build everywhere.
//
// # Steps
//
// There is one step per opam package that does or brings anything, and one for
// the project. Packages that only stand for something (base-unix, conf-*
// without commands) have no step: what depends on them depends on what they
// need.
//
// A step sees its whole closure, each dependency read-only, all under one
// prefix: what opam promises to a package. It doesn't see what it doesn't
// depend on, so that "PKG:installed" has one value whatever order packages are
// built in: true for what is in the closure. Packages that are needed after
// building only ({post}) are not in it.
//
// # What a plan refuses
//
// A lock that doesn't fit is refused here and not in the build, with all that
// is wrong at once: a dependency that isn't locked, a package or a depext that
// nothing needs, a circle, two versions of one package, a locked package that
// needs the project itself, a source that the opam file names and the lock
// doesn't or the other way round, a variable whose value only a build would
// tell.
//
// # Roots
//
// The root of a step is the base of its target, plus the distro packages that
// the depexts in its closure ask for. So two projects with different depexts
// share the compiler, which needs none.
package plan
