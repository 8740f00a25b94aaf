// Package llb compiles a plan into a BuildKit definition: a graph with one
// exec vertex for each step, and one for each root that has to be configured.
// Nothing outside this package makes vertices; the engine passes definitions on
// as they are.
//
// # What a step's vertex has
//
// Every exec has no network. Its mounts are:
//
//	/                   the root, read-only, keyed by content
//	/ofarm/lib          the step's functions and awk programs, read-only
//	/ofarm/dep/NAME     the output of each dependency, read-only
//	/ofarm/build/NAME   the source, writable and thrown away
//	/ofarm/switch       the prefix: empty at the start, in memory
//	/ofarm/installed    the step's output
//	/tmp                a file system in memory
//
// and the project's step has two more: /ofarm/cc, the linker shim, and
// /ofarm/out, from which artifacts are exported, in the place of
// /ofarm/installed. A package without dependencies has its output at the prefix.
//
// The prefix is filled with links to the files of the dependencies before the
// step's commands, and emptied of them afterwards; what stays is copied to the
// output. It is in memory for the links' sake: with 60 packages of 100 files
// each on an ext4 where an inode costs 0.2 ms, a cold build took 7.5 s, against
// 21 s with the prefix on disk. The alternative to links, a writable
// merge of the dependencies' layers, was measured: it is slower (60 packages:
// 15 s instead of 12 s, and 8.1 s of the daemon's processor time instead of
// 3.1 s), and loses what read-only mounts give: BuildKit keys them by content,
// so a dependency that was rebuilt to the same bytes rebuilds nobody.
//
// The root stands twice among an exec's mounts: BuildKit's client always adds
// one, which can't be keyed by content, and the second, which is, wins. Only
// their order makes it so; a test looks at it in every golden plan.
//
// A step's script is an argument of its shell. Linux allows 128 KiB for one,
// which the table of variables for substs may need alone, so a longer script
// goes in pieces.
//
// # Probes
//
// [CompileProbe] makes a definition of another kind: one program in a bare root,
// to see whether it runs there (package prove). Its exec has the program's files
// at /artifact and an empty folder to start in; the rules are the same ones.
//
// # Sources
//
// Every source is an OCI image in one local layout, named by the digest of its
// manifest: the distro's roots, each package's unpacked source, the scripts,
// the project's files. So a definition means the same bytes everywhere, and
// "buildctl build --oci-layout ofarm=DIR" runs it as well as ofarm does.
//
// # Determinism
//
// The same plan and the same images give the same bytes: nothing here reads a
// clock, the environment or the order of a map. Definitions must pass
// [Verify] before they are solved.
package llb
