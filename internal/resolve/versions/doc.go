// Package versions chooses the versions of opam packages: it finds a set of
// packages that satisfies a project's opam files on every target, and the best
// one by a stated order. It is what "opam install" decides, without opam.
//
// # Reading
//
// Of the 18,800 package versions in opam's repository a project can reach some
// hundreds. Only those are read: the versions that the project's files allow,
// then what each of them needs, and so on. What the project or the user demands
// of a package outright (ocaml = 4.13.1) is known before reading starts, so a
// version that contradicts it is dropped as soon as its file is read, and what
// it needs is not looked at.
//
// # The question as clauses
//
// A package with n versions, newest first, has n variables: the i-th says that
// it is installed with its i-th version or a newer one. So one variable says
// "installed", a range of versions is two literals, and no clause is needed to
// forbid two versions at once. Each version has a literal of its own that is
// defined by two of these, and an implication for each of its dependencies,
// conflicts and conflict classes.
//
// Targets whose variables make a difference to none of the files that were read
// share their variables. Others have variables of their own, joined by clauses
// that demand the same version wherever a package is installed. Only if that
// has no solution the joint is given up, and the later targets follow the first
// one as far as they can.
//
// # The order of solutions
//
// A solution is built, not searched for: each step asks the solver whether the
// next wish fits all wishes granted so far, and grants it if it does. First come
// versions flagged avoid-version or deprecated, which are kept out; then the
// versions that shall stay as they were; then the newest version of each of the
// project's direct dependencies, in their order in the files; then the newest
// of what those need, level by level. Where a file names alternatives, one that
// is installed anyway is taken, else the first that fits. Only what is needed is
// installed: nothing else ever enters the solution. Optional dependencies
// (depopts) bring in nothing, as in opam.
//
// Wishes of one level are tried together first, and in halves where they don't
// fit. Most requests of the tests take 10 to 80 questions, the most 170; with
// versions that shall stay there is one more for each of them.
//
// # The solver
//
// gophersat answers them, by its incremental interface (Assume). That one drops
// unit clauses between two questions, so no clause given to it is a unit: those
// that would be have one literal more, which every question assumes. It also
// has a buffer that all its solvers share: questions are asked one at a time.
//
// # When there is no solution
//
// Clauses carry where they come from. A minimal set of origins that can't be
// together is found by asking for subsets (QuickXplain, Junker 2004), and told
// as a chain from the project to the contradiction.
package versions
