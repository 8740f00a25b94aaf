package main

// ofarm prove.
const (
	proveShort = "run what was built in bare roots of other distros"
	proveLong  = `Run each executable that "ofarm build" exported with --version in bare roots:
an empty one, and a distro's libc with nothing else. Each runs in the same
BuildKit as a build, without a network, in a root that it can't write to, and
has its target's files beside it.

The empty root is always there; the others must be in the lock, which
"ofarm lock --prove NAMES" adds them to, or prove = [NAMES] in ofarm.toml: targets'
names, or busybox. Only what was built from this lock is proved, or from what it
was before it had roots.

The table has a row for each executable and a column for each root: ok, FAILED,
or what it needs and the root hasn't, such as "needs glibc", where it isn't run.
For what fails the symbol, library or loader is named that is missing. The
results are noted in artifacts.json, and the exit code is 1 if something failed,
or if no root fits any of the executables.

What passed once is known to BuildKit, and isn't run again.`
	proveExample = `  ofarm lock --prove busybox,debian-bullseye,debian-trixie && ofarm build && ofarm prove
  ofarm prove --target debian-bullseye --root debian-trixie
  ofarm prove --json`

	proveHead   = "ARTIFACT"
	provePassed = "ok"
	proveFailed = "FAILED"

	flagRoot          = "`NAMES` prove in these roots of the lock, or in empty (default: in all)"
	flagProveTimeout  = "`TIME` how long one executable may take in one root, such as 30s (default: 2m)"
	flagProveTarget   = "`NAMES` targets, separated by commas (default: all that were built)"
	flagProvePlatform = "`PLATFORM` linux/amd64 or linux/arm64 (default: all that were built for)"

	warnProveOther = "ofarm: warning: %s was built from another lock, so it is left out\n"
	warnUnproved   = "ofarm: warning: %v\n"

	hintProveBuild   = `"ofarm build" makes them`
	hintProveOther   = `"ofarm build" makes them again`
	hintProveRoot    = `"ofarm lock --prove %s" adds it`
	hintUnproved     = `"ofarm lock --prove %s" adds a root with the libc of that release`
	hintProveChanged = `"ofarm build" makes it again`
	hintProveVersion = "build it for an older release: glibc runs what was linked with an older one, and not the other way round"
	hintProveLibrary = `link = "mostly-static" links the library's static archive`
	hintProveTimeout = "allow more time with --timeout"
)
