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
//	/etc/resolv.conf    a comment, in the place of the machine's
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
// # What a step sees
//
// Tests of internal/farm/daemontest hold this against real steps: TestStepSees
// every row, TestHermetic what a hostile program gets, TestForestGuard the files
// of dependencies.
//
// The same on every machine:
//
//	variables            those of [plan.Step.Env], OPAM_PACKAGE_NAME, OPAM_PACKAGE_VERSION, jobs, and what the
//	                     root's shell adds (PWD, OLDPWD, SHLVL); nothing of the user's or the daemon's.
//	                     SOURCE_DATE_EPOCH is the lock's, TZ is UTC, LC_ALL is C.UTF-8
//	user, umask          0 of group 0 and no other group; 022
//	host name            buildkitsandbox, BuildKit's; no domain
//	network              a loopback device of its own; /etc/hosts is BuildKit's text, /etc/resolv.conf ours
//	machine-id           none, nor /etc/hostname or /etc/localtime; a Debian root has what its packages make of them
//	processes            its own only
//	folders              the root, its source at /ofarm/build/NAME, the dependencies in its closure
//	times of files       those of the root, the source and the step library are 1 January 1980
//	/tmp, the prefix     file systems in memory (a package without dependencies has its prefix on disk)
//
// The machine's, though no input; a build that writes any of it into what it
// installs is not reproducible, which building twice finds:
//
//	clock                the real time; a dependency's files have the time when they were installed
//	processors           /proc/cpuinfo, nproc, and with it the variable jobs, which is at least 2
//	kernel               uname, /proc/sys, /proc/meminfo, /proc/loadavg, /sys (disks, boards), the limits of
//	                     processes (ulimit). With a rootless daemon /sys is empty, and devices
//	                     (/dev/null, /dev/urandom, …) are the machine's own files
//	/proc/self/mountinfo the path of the daemon's state folder, the kind of its file system and its disk
//	order of files       folders on disk list in the order of the daemon's file system
//	random               names of temporary files, ids of control groups, /dev/urandom
//	/dev/otel-grpc.sock  a socket of the daemon's for traces, only with a daemon that ofarm didn't start
//
// What it may write, and what becomes of that:
//
//	/ofarm/switch        its installed files are the output. A dependency's file there can be
//	                     removed or replaced: then the step fails, and names both packages
//	/ofarm/installed     part of the output (/ofarm/out in a project's step: exported)
//	/ofarm/build/NAME    thrown away: no other step, and not the same one again, sees it
//	/tmp, /dev, /dev/shm, /dev/mqueue   thrown away
//	anything else        refused: the file system is read-only
//
// # Probes
//
// [CompileProbe] makes a definition of another kind: one program in a bare root,
// to see whether it runs there (package prove). Its exec has the program's files
// at /artifact and an empty folder to start in; the rules are the same ones.
// [CompileMachine] makes one that writes down what steps see of the machine, for
// who compares two daemons.
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
