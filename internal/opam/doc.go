// Package opam knows the opam file format and what opam makes of it, so that a
// build can be planned without opam: it reads opam files, evaluates filters,
// formulas and variables, and gives the commands, dependencies, sources,
// patches and system packages of a package as opam would choose them.
//
// It does no I/O and starts nothing. It is a leaf: no other package of ofarm is
// imported here. The format is that of https://opam.ocaml.org/doc/Manual.html.
//
// # Files
//
// [Parse] reads opam files, [ParseInstall] the NAME.install files that builds
// make, [ParseLocked] opam's own locks, [ParseSwitchExport] what a switch has.
// All give every mistake of a file at once, with its place; see [Mistakes].
// Where opam warns and drops a field that it can't read, they fail: a step
// planned from half a file would be wrong in silence. Fields that opam doesn't
// know are no mistake, since new ones come with each opam; [File.Unknown] lists
// them. [File.Append] prints the syntax tree; comments are lost, the meaning
// isn't.
//
// # Variables
//
// An [Env] answers what one variable stands for. What combines several (a+b:x,
// x?yes:no, pkg:enable) is done here, so that an Env stays a lookup. [Scope] is
// opam's own order of lookup for the file of one package, from plain data.
//
// A plan is static, but the number of jobs is not: it would enter the cache
// key of every step. So a variable may be a [RunTime] value. It passes through
// commands as a [Part] of a [Word], for which the planner writes a shell
// variable. A filter that depends on one is a [RunTimeError]; none of the
// 18,793 files of opam's repository has such a filter outside of messages.
//
// Some variables are only known after a package was built, because its build
// writes them to a .config file: ocaml:native and its like. They come from a
// table, config-variables.tsv, by package, version and platform, which
// [ConfigVariable] reads. So no code depends on a package's name. A variable
// of an installed package that neither opam nor the table knows is told to
// [Scope.Unknown]: opam might have had a value for it.
//
// # Evaluation
//
// Filters are three-valued, as in opam: an undefined variable makes undefined
// whatever needs its value, "false & undefined" is false, ?x asks. Where a
// decision is due, undefined counts as false. All comparisons are by version
// order ([CompareVersions]), also those of texts. In strings an undefined
// variable is nothing, and so it is as an argument.
//
// A [Formula] with variables becomes a [Requirement] without: packages whose
// filter is false vanish from conjunctions and alternatives alike.
// [File.Dependencies] then finds what must be built before: it leaves post
// dependencies out of the order, and says which ones serve the build alone.
//
// # Scripts for steps
//
// Two things can't be planned, because the files only exist in the step: the
// NAME.install that a build writes, and a FILE.in within the source. For these
// there are awk programs, [InstallScript] and [SubstScript], which need no more
// than POSIX (a base image has mawk or busybox), and which tests hold against
// the Go functions with the same meaning. They read line by line, because
// taking single characters off a long text is slow in busybox.
package opam
