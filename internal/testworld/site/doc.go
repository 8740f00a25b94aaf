// Package site prepares one machine for building the example projects: copies
// of them to work in, and mirrors for what the machine can't reach. The demo
// and the end-to-end tests stand on it.
//
// On a machine with the internet nothing is stood in for: the examples build
// from the distros' mirrors and from upstream. Where Alpine's mirror doesn't
// answer, package testworld's stand-in takes its place; where upstream's sites
// don't answer, a by-hash mirror is filled from the machine's Debian mirror.
// Both are said when they happen.
package site
