// Package link decides how executables are linked: it reads a compiler's
// command line, tells whether it makes an executable, and rewrites it for a
// link mode. Command ofarm-cc, the shim that stands before the compiler in a
// project's step, is its main user.
//
// # Why at the linker
//
// A project's flags reach the linker through dune, ocamlfind, ocamlopt and its
// .cmxa files, each with an own idea of order and quoting. What the compiler is
// called with in the end is one list, where every library has a name and a
// place. Changing that list needs no change in a project, works for native and
// bytecode-complete executables alike, and leaves stub libraries, plugins and
// preprocessors, which must stay dynamic, alone.
//
// # Modes
//
//   - static (musl): "-static -no-pie", and a thread stack of 8 MiB in
//     PT_GNU_STACK, from which musl takes the size of its threads' stacks (its
//     own default is 128 KiB, and 8 MiB is the most that it takes from there).
//     Not -static-pie: with OCaml 5 it crashes before main, since -Wl,-E leaves
//     a thread-local relocation that musl's start code doesn't process.
//   - static-pie (musl): the same at an address that the kernel chooses, with
//     -static-pie. What exports symbols (-Wl,-E, -rdynamic, --dynamic-list and
//     its like) is dropped: nothing is ever loaded into a static executable, and
//     without it OCaml 5 runs. It was seen with musl, and glibc's start code does
//     no better: there a test has the same crash with a variable of its own.
//   - mostly-static (glibc): every library is given as the path of its static
//     archive, except glibc's own family, which stays dynamic, since a static
//     glibc can't load the NSS modules and converters it needs. With
//     -static-libgcc and -static-libstdc++. libcrypt and libnsl left glibc and
//     have other sonames on other distros: they are linked statically.
//   - dynamic: as it comes.
//   - project: nothing is changed at all; the link is only written down.
//
// All but project add --build-id=none: strip keeps a build ID, and it differs
// as soon as one byte of debug information does.
//
// # How a line is rewritten
//
// Each "-lX" is replaced in its place by the archive's path, so neither -B
// switches nor the order of -L can change what is taken. From the first library
// on, everything lies in one --start-group/--end-group: with shared libraries
// the order of a line hardly matters, with archives it would. What the archives
// need in turn is appended to the group: it comes from the .pc file of which
// the library is the first (Libs, Libs.private, Requires, Requires.private), as
// pkg-config --static would say, and from a small table for the compiler's own
// libraries. libc's family goes behind the group. A library that the line names
// and that has no archive is an error that names it. One that only a .pc file
// names is left out and noted: those lists say more than most programs need,
// and if it was needed the linker says which symbol is missing.
//
// Flags that would undo a mode (-pie and -static-pie in a static link, -static
// in a glibc one, -Bstatic, -Bdynamic, -rpath, --build-id) are dropped and
// noted. PIE stays as the compiler has it: Debian's archives are fit for it, and
// so is what ocamlopt makes. -z noexecstack is not added: it hides that an
// object asks for an executable stack, and breaks the one that really does; the
// audit tells instead.
//
// A rewritten line, rewritten again, stays as it is.
//
// A static link of a native program with OCaml's Dynlink is refused: it would
// link, and fail when it loads its first plugin. The sign is the object that
// ocamlopt makes of a program's start, which names every unit that is linked;
// dynlink.a on the line says nothing, since ocamlopt puts there what may not be
// used. Bytecode loads plugins without dlopen and stays.
//
// # Plugins
//
// In mode mostly-static a native plugin (.cmxs) gets libstdc++ and libgcc
// statically, as executables do ([RewritePlugin]); else C++ stubs of its own would
// tie it to a distro's libstdc++. Nothing else of its line changes: archives of
// other libraries need not be fit for a shared library, the compiler's own are.
// Should the compiler refuse, the line is taken as it came, and the audit tells.
//
// A host with C++ of its own has its own copy, and OCaml exports all symbols of a
// host (-Wl,-E): what both have, the loader takes from the host, so there is one
// copy of it, as with a shared libstdc++; what only the plugin has is the
// plugin's. Within a target both are of one compiler. The plugin's copy isn't
// hidden (--exclude-libs): then streams, locales and the types of exceptions
// would be two.
//
// Other shared libraries stay as they are, stub libraries (dll*.so) above all:
// those are loaded by bytecode on the machine that builds. The sign of a plugin is
// the object that ocamlopt makes of its start, not its name. Links of shared
// libraries aren't written down.
//
// # What is written down
//
// A [Record] has the line that OCaml gave, the one that was used, and every
// library with where it came from: the word of the line or the .pc file that
// asks for it, the OCaml library whose .cmxa has that word (read from the .cmxa
// itself, whose strings lie open in OCaml's marshalled form), and the opam
// package, which the real path tells: in a step each file of the prefix is a
// link into its package's folder.
//
// It also says which object refers to each symbol that the executable takes from
// a shared library, which is what a glibc floor comes from. The linker knows: a
// map with a cross reference tells it for each member of an archive that really
// is in the executable, which the symbol tables of the inputs don't. It changes
// no byte of the executable. Measured with all that a record takes: an OCaml program of
// 20 MB, 1.0 s to link, takes half a second more, a small one a few milliseconds. A static link takes
// nothing from shared libraries and goes without.
//
// Names of temporary files are made the same for each link ([Record.Steady]),
// so that a build made twice gives the same records. [Content] tells which
// record belongs to an executable after it was stripped and renamed.
//
// # Flags for projects
//
// [Flags] makes of a line, recorded or found in a log by [FindLine], the options
// with which a project links itself, without ofarm: OCamlPro's article of 2021
// ("Generating static and portable executables with OCaml") does it by reading.
// The only library on another side than there is librt, which its author had
// linked statically: it is of glibc's own family.
//
// # Dependencies
//
// The shim's digest is part of the key of every project's step, so this package
// uses the standard library alone. That its table of libc's family is the one
// of package audit is checked by a test.
package link
