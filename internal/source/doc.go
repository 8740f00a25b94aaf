// Package source makes trees of files out of what a build is given: source
// archives, and the user's project.
//
// # Archives
//
// [Layer] unpacks an archive the way opam does, and writes it as a layer that
// depends on nothing but the bytes that went in. What kind of archive it is,
// tar or zip, and how it is packed, its first bytes say; names lie (a redirect
// may have none). As in opam, if everything lies in one folder, that folder is
// the root; a file that is no archive is put into the root under its own name;
// and extra files are laid over all that.
//
// Modes become 0755 for folders and for files that anybody may execute, and
// 0644 for others; owners and times go. Symlinks are kept as they are, hard
// links become copies. Names that leave the tree, devices and pipes are errors:
// no source needs them. A packed tar is unpacked once, into a temporary file
// without a name, because a layer is sorted and the tar isn't; so memory stays
// small, however large the source is.
//
// # Fetching
//
// A [Fetcher] is the one place that knows how to get a locked source, whatever
// its URL. A file comes as package input fetches it. The tree of a git commit
// is looked for by its sha256, as any input; where nobody has it, the git program
// fetches the commit, and the tree is packed again, into the same bytes as when
// it was locked: the tar depends on the tree alone. Bytes that differ from the
// locked ones are an error, never used.
//
// [Tree.OpamFile] finds the opam file of a package in its source, where opam
// looks for it when a package is pinned.
//
// # Projects
//
// [Project] lists a project's files: what git tracks, as it is in the working
// tree, because that is what its author would give away. So what a build
// depends on can be read off `git ls-files`, and neither _build nor a stray
// editor file makes a step run again. Outside a git checkout there is no such
// list, and all files go in but the ones that [DefaultExcludes] names. A
// .gitignore isn't read there: its language isn't simple, and where it counts
// there is git to read it. Times are no part of a project, so touching a file
// changes nothing.
package source
