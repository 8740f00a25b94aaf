// Package audit reads an executable, ELF or Mach-O, and tells what it needs to
// run elsewhere: its interpreter, its shared libraries, the glibc it asks for and
// by which symbols, and what of the build's own paths it carries. A [Policy] says
// what a target, or a standard such as manylinux_2_28, allows.
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
//   - A file that is neither ELF nor Mach-O (a script) is described, not refused.
//   - RELRO is "full" if nothing is left to bind once the program runs: BIND_NOW,
//     or a static executable whose table of function addresses (.got.plt) lies in
//     what becomes read-only.
//   - On macOS there is no static libc: "mostly-static" is libSystem and nothing
//     else. libobjc, libc++ and the frameworks are parts of the system as well, but
//     a program that needs them says so by being "dynamic". Of a universal file
//     each architecture is a report of its own, and each must keep a policy.
//
// # Whose fault it is
//
// An executable names symbols, not who asked for them: that is lost in the link.
// [Origins] brings it back, from the record that the linker shim keeps
// ([LinkRecord]) or from the cross reference of a linker map ([LinkMap]), and is
// simply absent where neither is at hand. The shape of a record is known here by
// the few fields that matter, so that this package needs no other.
//
// What lowers a floor is known by two facts. Whatever is linked on a release asks
// for nothing newer than the release's own glibc; and of some symbols ([Renewed])
// it is known that older glibcs have them too, so that a program's sources can
// stay. Nothing else is guessed.
//
// # Paths of the build
//
// For its own builds ofarm knows the folder, and every text that starts with it
// counts ([Options.Prefixes]). Of other people's it doesn't: there a path counts
// if it is in one of the usual places of builds and two names deep, with nothing
// to be filled in ([Places]). Names of temporary files are told by the random part
// that compilers give them: they make each build another file.
//
// # Policies
//
// A [Policy] allows what it doesn't speak of. [Named] has the well-known ones; the
// facts of manylinux are PEP 600's and auditwheel's. [ParsePolicy] reads a file,
// where a key that isn't known is an error with its line: a misspelt rule would be
// no rule. A [Violation] names the rule, what breaks it, and the culprit; what to
// do about it is for the command to say, which knows the targets.
//
// The formats: System V ABI chapters 4 and 5, the gABI's note and program header
// pages, the Linux Standard Base's chapter on symbol versioning, and Apple's
// <mach-o/loader.h> and <mach-o/fat.h>.
package audit
