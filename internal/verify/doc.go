// Package verify compares what two builds of one lock made, and explains what
// differs: which step differed first, in which file, at which section, symbol,
// member or line, and for which likely reason.
//
// It reads bytes only. Who builds again, under which other circumstances, and
// what is said of it, is for the callers.
//
// # Trees
//
// [ReadTree] takes a tar stream, such as BuildKit's tar exporter writes of a
// step's output, and hashes on the fly: a tree of a compiler is some 100 MB of
// files and 400 KB of [Entry]. Two trees are compared by what BuildKit's content
// keys look at and what a later step could see:
//
//   - Modification times are no part of a tree. BuildKit's content keys leave
//     them out, and so no cached step can have depended on them.
//   - Owners are, if they aren't root: steps run as root, so another owner came
//     out of the build.
//   - A hard link is the file that it is a link to. Which of two names comes
//     first in a stream, and whether a snapshotter keeps links at all, is the
//     machine's choice.
//   - Extended attributes are no part of a tree: what a build sets of them
//     (file capabilities) doesn't survive an export.
//
// # Steps
//
// A step whose output differs is a culprit if nothing that it depends on, at any
// distance, differs; the others may merely follow from it ([FirstDifferent]). A
// follower is not cleared by this: it shows its own face when the culprit is mended.
//
// # Explanations
//
// [Explain] opens both files side by side and goes down into what they hold: the
// sections of an ELF file, the members of ar, tar and zip archives, what gzip
// packs, the sections of OCaml bytecode, lines of text. At the bottom are pairs of
// texts or numbers that stand at the same place in both. A cause is named for a
// pair only if both sides are of its kind and their difference lies within it: two
// dates, two names of temporary files, two paths. So a library that holds a
// constant date and differs elsewhere isn't blamed on the date.
//
// Where files differ in many places, one with a known cause is told before one
// without: an address or a checksum differs because something else does. Digests
// (build IDs, OCaml's digests of interfaces, hashes in texts) are consequences of
// this kind and come last. Other places are listed by name ([Difference.Also]).
//
// Ordering is told by sets: the same lines, members, symbols or texts, each as
// often, in another order.
//
// A binary number counts as a timestamp if it lies between the start and the end of
// the build that wrote it, or at most a day away, on both sides; so this needs
// [Circumstances] with times. Dates in texts are told by their shape.
//
// An explanation is a likely cause, not a proof. The proof is that the difference
// is gone when the cause is.
//
// The formats: System V ABI chapter 4, ar(5) as GNU binutils writes it, RFC 1952,
// PKWARE's APPNOTE through archive/zip, pax through archive/tar, and OCaml's
// utils/config.mlp (magic numbers), runtime/caml/exec.h (bytecode) and
// runtime/caml/intext.h (marshaled data).
package verify
