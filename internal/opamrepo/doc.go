// Package opamrepo reads opam repositories: it fetches them, keeps them, and
// answers which versions of a package there are and what their opam files say.
//
// # Which repositories there are
//
// A repository is named by a folder, by a tarball (a path, file:// or
// http(s)://), or by a commit in git (git+https://host/path#REF and the like);
// [ParseKind] tells which from the text alone. Several are laid over each
// other: the versions of all are united, and a version that several have is the
// first one's, as in opam.
//
// # Identities
//
// A lock has to name what was read. A tarball is named by the sha256 of its
// bytes and a checkout by its commit; a folder is named by its path alone, since
// the digests of the opam files that were used stand in the lock as well. A
// repository that is in the lock is opened as the lock has it, without a
// connection, until somebody asks for newer ones ([Options.Update]). Whether
// the lock's entry still is what the project asks for says [Spec.Satisfied]: a
// branch asks for any commit of the same remote, because where a branch
// stands can't be known offline; a whole commit asks for itself.
//
// # What is kept
//
// What was fetched is kept unpacked, in a folder named by its identity, so that
// the second opening costs one stat. A folder gets that name by a rename when
// it is complete and on disk; so it is there whole or not at all, and
// is never written to again. One lock file lets processes take turns at
// unpacking; what an interrupted one has left is removed by the next. Unpacked
// folders were chosen over reading a tar by an index because people can look
// into them, and because errors can name a file that exists.
//
// # Tarballs
//
// Only packages/** and repo are taken, at the top or in the one folder that
// holds everything else. All writing goes through an [os.Root], so no entry can
// leave the folder, whatever it is called; that such a name is an error, too, is
// for the reader of the message. Symlinks are made last, when nothing can be
// written through them any more, and each has to lead to something that was
// taken. How a tarball is packed, its first bytes say.
//
// # Git
//
// The git program does the talking: it knows proxies, credentials and ssh. One
// commit is fetched without its history into a bare repository, of which there
// is one per remote, so that a later commit costs only what has changed. This
// needs a server with git's protocol 2 or a ref that points to the commit;
// GitHub, GitLab and plain git over ssh since 2018 are such. The user's
// configuration counts for access (proxies, credential helpers, insteadOf); no
// hook runs and nobody is asked for a password. What can change bytes on the
// way is left out: trees are read by ls-tree and cat-file, so neither line ends
// nor export attributes apply, and the same commit is the same tree everywhere.
//
// [Git.Archive] writes a commit's tree as a tar that depends on nothing but the
// tree, so a source in git can be locked by sha256 and made again elsewhere from
// its commit. Every file lies in one top folder, which unpacking strips;
// without it a tree with a single folder at its root would lose that one.
//
// # Reading
//
// Nothing is scanned. A version is looked for in packages/NAME/NAME.VERSION
// and packages/NAME.VERSION, which are the two layouts in use; that opam also
// finds packages deeper below costs it a walk through the whole
// repository, and is not followed here. A folder without an opam file is no
// version. Files are parsed when asked for, and once.
package opamrepo
