// Package shellworld makes small worlds of opam packages that are plain shell:
// no compiler, no OCaml, a root of one static busybox or of an Alpine
// minirootfs. What they are made of is real all the same: a lock on disk,
// source archives and package files on a file:// mirror, a folder as opam
// repository. So tests of the graph, the cache and the engine take the way of
// a real build and last seconds instead of a compiler's quarter of an hour.
//
// Packages are built for Alpine's targets, whose roots need no exec to be
// configured. A base is two package files, written with package apk: one with
// the programs, the same for all targets, and one that differs between them,
// with the target's name in /etc/target.
package shellworld
