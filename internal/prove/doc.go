// Package prove shows that executables run elsewhere: it runs each with a smoke
// command ("--version" unless something else is asked for) in bare roots of
// other distros, and tells what ran where. What fails is told by its cause: the
// symbol, symbol version, library or loader that the root lacks.
//
// An audit says what a file asks for, and is right about most of it. But it is a
// reading of the file; only a start in the foreign root meets that root's
// loader, its libc's habits and its kernel interface.
//
// # Decisions
//
//   - The same BuildKit that builds also proves: each combination is one exec
//     vertex without network, in a root that can't be written to. Nothing else
//     is needed on the machine, and what was proved once is cached like any
//     other vertex.
//   - Roots are bare: an empty one, busybox, a distro's libc with the loader. A
//     root with more would hide what an executable needs. So the command line is
//     the executable's own: there is no shell to stand before it.
//   - A combination that nobody expects to run isn't run: a glibc executable in
//     a musl root, or in one without libc. It is in the table, with what it
//     needs ([NotRun]), and is no failure. Everything else is run, also what an
//     audit would foresee to fail.
//   - Each combination is a solve of its own, so one failure never hides
//     another, and each has its own time limit, which BuildKit hasn't.
//   - What a program wrote is in BuildKit's log of its vertex, and only when it
//     really ran. The output of each success is therefore kept in a file named
//     by the vertex ([Options.Dir]). Where that is missing and an output is
//     expected, the program is run again, past BuildKit's cache.
//   - Failures aren't cached, by BuildKit or here.
//   - Roots are of the artifacts' own platform, and another platform's are run by
//     whatever the daemon's machine has for them. On Linux that is an emulator
//     that the kernel knows of (binfmt_misc) and holds open (its flag F), since
//     a bare root has none. A daemon may also put one of its own into the root
//     (BuildKit's images have buildkit-qemu-*) and then doesn't name the platform,
//     and what was proved once needs none; so nothing is refused beforehand, and
//     a start that fails says what is missing ([Platform]).
//
// # Reading failures
//
// The loaders' messages are those of glibc's elf/dl-*.c and musl's
// ldso/dynlink.c; both have been stable for twenty years, and aren't translated
// since programs run with LC_ALL=C. A start that the kernel refuses is told by
// runc, or by QEMU where it emulates; exit codes above 128 are signals, by the shell's convention, which runc
// keeps. [Explain] reads them; what it can't read is told by its exit code and
// the last line that the program wrote.
package prove
