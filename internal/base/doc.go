// Package base turns locked packages of a distribution into the layers of an image, in pure Go, without root and
// without the distribution's own tools: the same packages give the same bytes, on any machine, in whatever order they
// are listed. It trusts its inputs: their bytes are named by the lock's sha256, which the caller has checked; what is
// checked here is that each package file is the package it is said to be and is whole.
//
// A layer is written in one go to an io.Writer, so that whole packages are never in memory; package files are
// therefore read twice, which costs less than spooling them. Folders and files that ofarm makes are as old as
// Options.Epoch, and nothing is newer.
//
// # Alpine
//
// [Alpine] gives what apk add into an empty folder gives, except for what packages' scripts would do, which is nearly
// nothing that a build needs: busybox's links are made from the lists under etc/busybox-paths.d, and users and groups
// that scripts add (klogd) are missing. The database under lib/apk/db is complete, scripts and triggers included, so
// that the real apk accepts the root, audits it as unchanged, and can add to it. Against a root made by the real apk
// these differ: the order in the database (sorted here, the order of installation there), device nodes under dev (a
// container's runtime makes its own), proc's mode, and etc/apk/repositories, which is empty here.
//
// [AlpineExtra] adds packages on top of such a layer: a base that several targets share is then unpacked once. Laying
// both over each other is the same, file by file, as one layer of all packages.
//
// # Debian
//
// [Debian] gives what dpkg --unpack leaves, database included; configuring is left to the distribution's own dpkg,
// which a script of this package runs once, offline, inside the root.
package base
