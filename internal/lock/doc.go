// Package lock is ofarm.lock: the file that names every byte a build reads.
//
// # Format
//
// The lock is text, made for review in a diff. Fields are separated by one
// space; a line that belongs to the line above it is indented by two spaces
// more. Entries are sorted, and there is one spelling only: what [Parse]
// accepts, [File.Append] writes back byte for byte. A version or a field that
// this ofarm doesn't know is an error with its line, never skipped: a lock
// that is half understood locks nothing.
//
//		ofarm.lock 1
//		epoch 1785000000
//		option ocaml 5.3.0
//		option opam lwt>=5.6
//		option with-test
//		repository main ../opam-repository
//		repository other git+https://…#COMMIT ref:BRANCH
//		project fserv.opam sha256:HEX
//		  depends dune lwt
//
//		opam dune.3.17.2
//		  opam-file main sha256:HEX SIZE
//		  source sha256:HEX SIZE
//		    url https://…
//		    checksum sha512=HEX
//		  extra-source discover.ml sha256:HEX SIZE
//		    url https://…
//		  extra-file some.patch sha256:HEX SIZE
//		  only alpine-3.20 linux/amd64
//		  depends base-unix ocaml
//		  depext alpine-3.20 linux/amd64 libev-dev
//
//		opam mine.dev
//		  opam-file - sha256:HEX SIZE mine.opam
//		  source sha256:HEX SIZE
//		    url git+https://…#COMMIT
//
//		target debian-bullseye linux/amd64
//		  archive debian bullseye main 20250809T120000Z sha256:HEX
//		  base gcc-10 10.2.1-6 amd64 sha256:HEX SIZE debian pool/main/g/…/x.deb
//		  extra libev4 1:4.33-1 amd64 sha256:HEX SIZE debian pool/main/libe/…
//		  depext libev-dev libev-dev libev4
//
//		root debian-trixie linux/amd64
//		  archive debian trixie main 20260912T195541Z sha256:HEX
//		  base libc6 2.41-12+deb13u4 amd64 sha256:HEX SIZE debian pool/main/g/…
//
//	  - epoch is SOURCE_DATE_EPOCH inside package steps, in seconds. It is a
//	    constant of the lock: with the commit's date in it, every commit would
//	    rebuild everything.
//	  - option is what the lock was asked for on the command line and can't be
//	    seen from the project: it is kept when the lock is checked or updated. A
//	    constraint is one word; see [Constraint].
//	  - repository names an opam repository, in overlay order (the first wins):
//	    a folder relative to the lock, the URL of a tarball with the sha256 of
//	    its bytes, or the URL of a git repository with a commit, which says the
//	    same as a sha256 would; ref is the branch, tag or commit that was asked
//	    for, and isn't there where that is the remote's HEAD.
//	  - project names an opam file of the project and the sha256 of what it asks
//	    for, so that a lock that no longer fits is told.
//	  - opam is one package. Its opam file, its source, its extra sources and
//	    the files that lie beside it in the repository are inputs. "only" is
//	    there once for each target that has the package, and not at all where
//	    every target has it.
//	  - an opam file from "-" is in the package's own source, at PATH below the
//	    source's root: the package is pinned (opam's pin-depends), so no
//	    repository has a say in it, and no extra-file lies beside its opam file.
//	    A source in git has one url with the commit; its sha256 and size are
//	    those of the tar that is made of the commit's tree, which is the same
//	    wherever it is made.
//	  - depends, below a package or a project's file, names the packages of the
//	    lock that it needs as resolved on any target, for its build, its run or
//	    after it; there can be cycles. depext names what its opam file asks for
//	    on one target. A build doesn't read them, since it has the opam files:
//	    they are for people, and for updates. So they come last, and a lock
//	    that was made before there were any is valid without.
//	  - target is one distro release for one platform. archive says which index
//	    was resolved against (the timestamp is the one of Debian's timestamped
//	    archive, "-" for archives that have none). base and extra are package
//	    files: those of every base, and those that only some depext brings. A
//	    depext line gives the package a step asks for, and then the extra
//	    packages that it needs beyond the base.
//
// Two locks are compared by [Diff]; [File.Graph] says what needs what.
//
//   - root is what executables are proved in: the package files of a bare root
//     of a distro, which no build reads.
//
// Hosts of distro mirrors are never in a lock: package files have a path
// relative to a mirror of their archive. Sources of opam packages have the
// upstream's URLs.
package lock
