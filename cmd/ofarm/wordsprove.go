package main

// ofarm prove.
const (
	proveShort = "run what was built in bare roots of other distros"
	proveLong  = `Run each executable that "ofarm build" exported with --version in bare roots:
an empty one, and a distro's libc with nothing else. Each runs in the same
BuildKit as a build, without a network, in a root that it can't write to, and
has its target's files beside it.

The table has a row for each executable and a column for each root: ok, FAILED,
or what it needs and the root hasn't, such as "needs glibc", where it isn't run.
For what fails the symbol, library or loader is named that is missing. The
results are noted in artifacts.json, and the exit code is 1 if something failed.

What passed once is known to BuildKit, and isn't run again.`
	proveExample = `  ofarm prove
  ofarm prove --target debian-bullseye --root debian-trixie
  ofarm prove --json`

	proveHead   = "ARTIFACT"
	provePassed = "ok"
	proveFailed = "FAILED"

	flagRoot         = "`NAME,…` prove in these roots (default: in all)"
	flagProveTimeout = "`TIME` how long one executable may take in one root"

	hintProveBuild   = `"ofarm build" makes them`
	hintProveChanged = `"ofarm build" makes it again`
	hintProveVersion = "build it for an older release: glibc runs what was linked with an older one, and not the other way round"
	hintProveLibrary = `link = "mostly-static" links the library's static archive`
	hintProveTimeout = "allow more time with --timeout"
)
