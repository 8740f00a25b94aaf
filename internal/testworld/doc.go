// Package testworld is the world that ofarm meets, for tests and for the demo
// on machines that reach Debian's mirror and nothing else: loopback servers
// that go wrong on request, a by-hash mirror of sources, a stand-in for
// Alpine's mirror, and real BuildKit daemons. The product knows nothing of it:
// repositories, trusted keys and mirrors are configuration.
//
// # The stand-in for Alpine's mirror
//
// [AlpineRepository] makes a real repository of Alpine's format: a signed
// APKINDEX.tar.gz and package files of format 2, which Alpine's own apk
// verifies and installs. What is in them comes from elsewhere:
//
//   - The packages of a bare root are those of an Alpine minirootfs, packed
//     again by the root's own database, so that musl, busybox and apk-tools are
//     the real ones. Where there is no minirootfs, musl and busybox are compiled
//     from Debian's sources, and a short alpine-baselayout is our own. apk-tools
//     is missing then; ofarm unpacks packages itself.
//   - The toolchain is Debian trixie's (data/packages.tsv), laid out as
//     Alpine's is (data/layout.tsv) under Alpine's names, and nothing of it is
//     compiled. Its programs keep their glibc, which the package
//     glibc-runtime-standin brings to its usual places; without glibc's headers
//     and static libraries no build can link with it by mistake.
//   - Debian's gcc becomes a native compiler for musl by a specs file beside
//     it: all of what gcc -dumpspecs prints, with four entries edited. A specs
//     file that only overrides would silently lose --eh-frame-hdr. gcc is asked
//     by running it with its own loader from a folder; that needs no root.
//   - C libraries are compiled by that gcc from Debian's sources
//     (data/libraries.tsv, scripts/), static ones only, and dealt out to
//     packages as Alpine does (data/splits.tsv).
//
// Limits: x86_64 alone. No C++ and nothing that unwinds: Debian's libgcc_eh
// wants a function of glibc's. No LTO and no sanitizers, which are left out for
// size. The stand-in proves nothing of Alpine's own patches to gcc, of
// fortify-headers or of its -dev packages; the product has to take the real
// mirror just as well.
//
// Which files of Debian are taken is decided once, from trixie's signed index,
// and remembered in the work folder; the sources are named in the table with
// their sha256, with others to take when a mirror has dropped one. Finished
// packages are kept in the work folder under a hash of their inputs, scripts
// and tables, so that a second call takes less than a second and needs no
// network. The same inputs give the same package files, but for the
// signature: the key is made anew for each work folder and means nothing
// elsewhere.
//
// Compiling takes place in a chroot of the stand-in's own toolchain with a few
// more programs of Debian, without network and in a process namespace of its
// own. It is the one thing here that needs root.
//
// Processor time: re-laying 18 s; musl 25 s, busybox 50 s, zlib 3 s, libev 4 s,
// gmp 45 s, openssl 135 s. No program of the machine is needed but, for
// [Daemon], runc.
//
// # Tests that need much
//
// [Daemon] and [AlpineWorld] skip a test where they can't serve it, and fail
// it instead if OFARM_TEST_DAEMON is "require". They are the only places below
// cmd/ that read the environment.
package testworld
