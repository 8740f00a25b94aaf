// Package duneproject reads dune-project files and says where the opam files
// that dune made from one have gone stale.
//
// ofarm locks what a project's NAME.opam files ask for. With
// (generate_opam_files) dune writes those files from dune-project, but only
// when somebody runs it; whoever edits dune-project and doesn't, has opam files
// that say something else. Then ofarm tells the differences. It never follows
// dune-project instead: what a release contains is the opam file.
//
// It does no I/O. The format is that of dune's reference manual
// (https://dune.readthedocs.io/en/stable/reference/dune-project/index.html);
// what dune makes of it was learnt from dune 2.9.3, 3.17.2 and 3.24.1, whose
// answers are recorded in testdata.
//
// # What dune generates
//
// A package's depends, depopts and conflicts become opam's fields of the same
// names, package by package. To depends dune adds
//
//   - "dune" {>= "X.Y"}, the version of the first line, from (lang dune 1.11)
//     on. Where depends names dune already, the constraint is put before the
//     one that is there, from 2.6 on; before 2.6 depends stays as it is.
//   - "odoc" {with-doc}, from (lang dune 2.7) on, unless depends names odoc in
//     a way that holds for with-doc too.
//   - "menhir" {>= "20180523"}, from dune 3.23 on, in some projects that use
//     the extension menhir. It may be there or not.
//
// A NAME.opam.template is appended as it stands, and a field that it has is
// left out of what dune writes itself.
//
// # No false alarm
//
// A warning about a file that is up to date would teach people to ignore
// warnings. So two conditions are the same when they mean the same: they are
// evaluated for every value of their variables and for every version that
// their constraints tell apart. And whatever isn't understood is left out of
// the comparison, and told as a Note:
//
//   - fields of a package and forms of a dependency that this package doesn't
//     know, a dune language of the next major version, opam files in a folder
//     of their own.
//   - dune 2 prints (and a (or b c)) without parentheses, which opam reads as
//     (a & b) | c, and (or a b c) as a | b & c. Files from then are accepted.
//   - packages that belong to an extension (using rocq, say) may stand in an
//     opam file without being in dune-project.
//
// A file with mistakes that dune refuses too is an error, with the place.
// Comments are dune's: from ";" to the end of the line. The "#|" and "#;" of
// other s-expressions are refused, as dune does.
package duneproject
