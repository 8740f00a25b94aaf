// Package apk reads, checks, chooses and writes Alpine's packages: APKINDEX.tar.gz, the .apk package files of format 2,
// their RSA signatures, the order of versions, and the choice of a closed set of packages that apk add would make.
// It needs no apk, no root and no network.
//
// # Format 2
//
// A package file and an index are gzip members laid end to end, each holding a tar. The first one holds a signature,
// an entry named .SIGN.RSA.KEY (SHA-1) or .SIGN.RSA256.KEY (SHA-256), PKCS #1 v1.5, over the raw, compressed bytes of
// what follows it: the control member alone in a package file, everything to the end in an index. The signature and
// control tars have no end-of-archive blocks, so that the members unpacked in a row are one tar.
//
// A package file's chain of trust has three links, and [Open] follows all of them. The signed index tells the
// SHA-1 of the control member (field C, spelled Q1 and base64). The control member's .PKGINFO tells the SHA-256 of the
// data member's compressed bytes (datahash). So a package file needs no signature of its own to be trusted once its
// checksum comes from a trusted index; its own is checked when a keyring is given. The data is read as a stream: its
// hash is known at the end only, and [File.Next] answers with an error instead of io.EOF if it is wrong.
//
// # Keys
//
// Alpine's public keys are built in, under keys/, as the package alpine-keys of Alpine 3.20 ships them in
// /usr/share/apk/keys; [BuiltinKeys] gives those that the same package trusts for one architecture. A table in the
// source names each by the SHA-256 of its file, and a test holds the files against it.
//
// # Choosing
//
// [Select] answers as apk add into an empty root does: the newest version of a name among all repositories; of several
// packages that provide one name, the highest version provided, then the highest provider_priority; a name that is
// provided without a version (a virtual, such as /bin/sh) is given to a provider only if that one has a priority, is
// the only one, or is wanted under its own name; packages whose install_if is met come along. The way there is our own:
// names that leave one candidate are settled first, then those at the top of the longest chain of dependencies, so that
// what the top asks for is known when the bottom is chosen. Where apk gives up on a conflict, Select tries the next
// candidate, a bounded number of times. What Select chooses is always closed and free of conflicts; that it is what apk
// chooses is tested with answers of a real apk 2.14, kept in testdata.
//
// # Writing
//
// [WritePackage] and [WriteIndex] make real package files and indexes, the same bytes for the same input. Tests and
// stand-in mirrors use them; the product itself only reads.
package apk
