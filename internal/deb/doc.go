// Package deb reads Debian's formats: package versions, control files, the
// signed indexes of an archive and the package files themselves. It chooses a
// closed set of packages to lock, and writes what dpkg must find in a root
// that was unpacked without it. Everything is pure Go: no root, no dpkg, no
// apt.
//
// # The way of the data
//
//	InRelease ──ParseRelease──▶ Release ──Index──▶ a Packages file's name, size, sha256
//	Packages.gz ──Decompress, ReadPackages──▶ []Package
//	[]Package of several archives ──Merge──▶ Universe ──Select──▶ Selection
//	gcc_12.2.0-3_amd64.deb ──Open──▶ Archive (control files, then the stream of files)
//	Archives ──Database.Add──▶ the files of /var/lib/dpkg
//
// # Decisions
//
// Versions follow deb-version(7). CompareVersions accepts any string and is a
// total preorder over all of them, so that sorting never depends on the input
// being well formed; CheckVersion says whether it is.
//
// An index has 63,000 packages of which a root needs a hundred. ReadPackages
// therefore copies only the fields that choosing and fetching need, in one
// string per package, and a relation field stays text until somebody asks for
// its Groups. A malformed relation is an error of the package that has it, and
// only when that package is considered.
//
// Of the compressed forms of an index, [Release.Index] prefers gzip when the
// Release lists it: 50 MB of Packages take 0.2 s from gzip and 0.8 s from xz
// (3.4 s with ulikunitz/xz, which is why xz here is therootcompany/xz, a port
// of XZ Embedded). The archives of updates and security list only xz; they are
// small. gzip costs a third more bytes on the wire.
//
// # Signatures
//
// An InRelease file carries several signatures: those of the automatic keys of
// several releases and that of the stable release key. ParseRelease wants one
// good signature by a trusted key, and no bad one by any trusted key:
// signatures by keys it doesn't know count for nothing. Nothing here reads a
// clock: whether a key had expired is judged at the time the signature says it
// was made, so that an old snapshot can be verified as long as it exists; who
// wants to judge by another time says so with [Keyring.At]. Likewise
// Valid-Until is checked only when [Release.CheckValid] is asked to.
//
// # The built-in keys
//
// The files in keys/ are those of the package debian-archive-keyring
// 2023.3+deb12u2 (/usr/share/keyrings/debian-archive-NAME.gpg), exported again
// with GnuPG's export-minimal, which drops other people's certifications. The
// fingerprints of the primary keys, as published on
// https://ftp-master.debian.org/keys.html:
//
//	bullseye-automatic           1F89983E0081FDE018F3CC9673A4F27B8DD47936
//	bullseye-security-automatic  AC530D520F2F3269F5E98313A48449044AAD5C5D
//	bullseye-stable              A4285295FC7B1A81600062A9605C66F00D6C9793
//	bookworm-automatic           B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8
//	bookworm-security-automatic  05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0
//	bookworm-stable              4D64FEC119C2029067D6E791F8D2585B8783D481
//	trixie-automatic             04B54C3CDCA79751B16BC6B5225629DF75B188BD
//	trixie-security-automatic    5E04A1E3223A19A20706E20F9904613D4CCE68C6
//	trixie-stable                41587F7DB8C774BCCF131416762F67A0B2C39DE4
//
// BuiltinKeys refuses to serve a file whose key has another fingerprint than
// the table in keys.go.
//
// # Choosing packages
//
// Select makes the choices of "apt-get install --no-install-recommends" on an
// empty root: the candidate of a name is its newest version over all archives,
// named packages are chosen first, then dependencies depth first in the order
// Pre-Depends, Depends; of an or-group the first member that can be had, of
// the providers of a name the real package, then essential ones, then the
// higher priority, then the one whose name the indexes mention last (apt
// compares its internal numbers, which it gives out at first mention). Where
// apt can leave behind dependencies of a candidate that it gave up, Select
// takes them back. It never takes a kept choice back, though: where a
// later package conflicts with it, apt may drop the earlier one again or ask its
// problem resolver to exchange packages; here the next alternative is tried, and
// if there is none, it is an error with both chains of reasons. The tools and
// libraries that builds ask for have no need of more, and a lock that nobody
// can explain is worse than an error: of the 500 requests that opam's
// repository makes of bookworm, alone and as packages make them together, one
// comes out otherwise on a target's base (libsdl2-mixer-dev, whose dependencies
// want both libjack0 and its rival), and works all the same.
//
// A name on the command line that only others provide is given up by apt even
// if one of them is installed; Select takes it as fulfilled.
//
// One architecture at a time, with "all": no foreign architectures.
//
// # dpkg's database
//
// [Database] writes the state "install ok unpacked" for packages whose files
// already lie in their final places, conffiles included (dpkg --configure
// leaves a conffile alone that has no .dpkg-new beside it). dpkg's own order of
// fields is kept, so that what dpkg writes afterwards is a small change.
// Scripts of the stage before unpacking (preinst) can't run before a root
// exists: whoever configures the root has to run them.
package deb
