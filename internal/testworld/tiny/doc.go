// Package tiny makes small package archives in folders, in milliseconds: for
// tests of what reads a distro's archive, which neither have nor need a real
// one. The formats and the signatures are the real ones, the content is
// whatever a test wants; mirrors of them are file:// URLs.
//
// [Debian] is an archive with a signed InRelease, a Packages.gz and package
// files; [Alpine] one with a signed APKINDEX.tar.gz and package files of
// format 2. Their keys are made anew for each [Keys] and mean nothing
// elsewhere. [Source] is a source archive for an opam package.
package tiny
