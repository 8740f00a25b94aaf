// Package audit reads an executable and tells what it needs to run elsewhere:
// its interpreter, its shared libraries, the glibc it asks for and by which
// symbols, and what of the build's own paths it carries. A [Policy] says what
// a target allows.
//
// # Why the file is read, not run
//
// ldd runs the loader of the machine at hand: it answers for this machine, not
// for the one the executable is sent to, and it can't look at another
// architecture. Everything here comes from the bytes alone, by debug/elf, so an
// audit gives the same answer everywhere and needs no tool.
//
// # Decisions
//
//   - Dynamic linking is told from the program headers (PT_INTERP, PT_DYNAMIC),
//     because the kernel and the loader look at nothing else. The strings and
//     versions are then read through the section that lies at the same place;
//     a file whose dynamic segment has no such section is an error, never a
//     "static" by accident.
//   - The glibc floor is the highest GLIBC_x.y among the version needs
//     (.gnu.version_r), compared number by number: 2.4 is older than 2.29.
//     It is taken from the needs rather than from the symbols, since the loader
//     refuses to start for a missing need even if no symbol uses it. The symbols
//     that set the floor are listed beside it: they are what one can change.
//   - GLIBC_PRIVATE is no floor: it ties a file to the exact glibc it was linked
//     with, and is reported on its own. GLIBC_ABI_* names a feature of the
//     loader (GLIBC_ABI_DT_RELR came with glibc 2.36) without an order; it is
//     listed and doesn't enter the floor.
//   - "mostly-static" means that every NEEDED entry belongs to glibc's own
//     family ([LibcFamily]), which each glibc system has in matching versions.
//   - The whole file is searched for leaked paths, not just its sections: an
//     OCaml bytecode executable carries its program behind the ELF image.
//     Compressed debug sections are searched unpacked as well.
//   - A file that is not ELF (a script) is described, not refused.
//
// The formats: System V ABI chapters 4 and 5, the gABI's note and program header
// pages, and the Linux Standard Base's chapter on symbol versioning.
package audit
