// Package solve finds or starts a BuildKit daemon and runs definitions on it.
// It is the only importer of BuildKit's client; what it takes from callers is
// a marshalled definition and plain data, what it gives back is plain data.
//
// # Which daemon
//
// [Find] looks in this order and takes the first that answers:
//
//  1. [Options.Addr], in every form BuildKit's own client takes. When it is
//     given nothing else is tried: a build must not go elsewhere silently.
//  2. A running daemon at a default socket ([DefaultSockets]).
//  3. A private daemon, started from buildkitd with runc or crun, as root or
//     rootless, with its state under [Options.StateDir].
//
// # How long a private daemon lives
//
// It is started for a build and stopped with it. buildkitd answers 40 ms after
// its start (110 ms with an empty state folder) and stops in 10 ms, so a
// daemon that is kept would save nothing a user can feel, and would be a
// process that nobody asked for. Everything that makes a second build quick is
// on disk.
//
// Several ofarm processes share one private daemon per state folder. Each holds
// a shared lock on users.lock while it uses the daemon. The daemon runs under a
// small shell script, the guard (guard.sh), which waits for the same lock
// exclusively: when it gets it, nobody uses the daemon any more, and the guard
// stops it. Because the kernel drops a dead process's locks, this also holds
// for an ofarm that was killed; there is no process to count, no file with a
// process number to go stale. The guard keeps alive.lock open and locked as
// long as it lives, which is how [Engine.Close] waits for the end, so that
// nothing is left behind when ofarm exits. start.lock is held by the process
// that looks whether a daemon must be started.
//
// The guard and its daemon have a session of their own: a Ctrl-C at the
// terminal reaches ofarm only, which then cancels its solves in order. They have
// a process and a mount namespace of their own too, so that even a daemon that
// is killed leaves no step running and no overlay mounted, which BuildKit alone
// does. The daemon's environment is made here, not inherited, and its temporary
// files are in the state folder, from where the next start removes them.
//
// A daemon that lives this briefly never reaches its own garbage collection,
// which waits for a quiet minute; Close therefore asks it to prune down to
// [Options.KeepBytes] after a build that executed something.
//
// # Other circumstances
//
// Who wants to know whether a build depends on the machine can start a private
// daemon that is unlike others: with fewer processors ([Options.CPUs]), one step
// at a time, and all that it makes in memory
// ([Options.Memory]). The processors are those of the guard's affinity, which its
// descendants inherit; runc 1.1.5 leaves it alone, runc 1.4.3 was seen to undo
// it, and withCPUs says what is done about that. The file system in memory is
// mounted in the daemon's own mount namespace, so no end of ofarm's, however
// sudden, leaves it mounted. Nothing makes a step run again but an empty state
// folder, which [RemoveState] removes afterwards.
//
// # Solving
//
// [Engine.Run] runs all requests at once, each as a solve with a session of its
// own. One session for all would not do: a session holds one export folder per
// exporter number. BuildKit joins identical vertices of concurrent solves by
// itself. The progress streams of the solves are merged into one display; a
// vertex that several solves share is shown by the first that announced it, and
// passes to another when that one ends first.
//
// Solves are marked internal: without that BuildKit keeps a provenance record
// for each, for which it walks all layers.
//
// # Export
//
// BuildKit writes into a folder beside the destination. There it is made fit
// for shipping (symlinks replaced by what they name, times set), shown to
// [Request.OnExport], and only then exchanged with the previous export in one
// rename. Whatever fails or is interrupted before that leaves the previous
// export whole.
//
// [Request.Tar] takes the result as a stream instead, for who wants to read it
// and not to have it.
package solve
