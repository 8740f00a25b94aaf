package main

// ofarm bundle.
const (
	bundleShort = "write every input of a lock to one file, to build from anywhere"
	bundleLong  = `Write one file with every input of ofarm.lock: the distro's package files, also
those of the lock's roots for "ofarm prove", opam files with the files beside
them, sources, and the lock. What isn't in the cache folder yet is fetched first,
and an interrupted fetch goes on where it stopped.

With --bundle FILE the commands build, fetch, plan, llb and prove take their
inputs from it, on a machine that never saw the project, and work otherwise as
with --offline: nothing else is asked but the cache folder and folders of this
machine. A project without ofarm.lock gets the bundle's. Each input is verified
when it is taken, and a bundle that isn't as it was written is refused. --check
reads it all, without a project.

The file is an OCI image layout in a tar. The same lock and targets give the
same bytes. The project's own files aren't in it, and neither are ofarm and
BuildKit.`

	bundleExample = `  ofarm bundle
  ofarm bundle --target debian-bullseye -o /media/stick/hello.tar ./hello
  ofarm bundle --check /media/stick/hello.tar
  ofarm build --bundle /media/stick/hello.tar ./hello`

	bundleWrote    = "wrote %s: %s, %s, %s\n"
	bundleWhole    = "%s is whole: the lock and %s\n"
	tellBundleLock = "%s is the lock of the bundle %s\n"

	flagBundle       = "`FILE` take inputs from this bundle, and work otherwise as with --offline; may be repeated"
	flagBundleOutput = "`FILE` the bundle (default: bundle.tar in PROJECT/dist)"
	flagBundleCheck  = "`FILE` write nothing; read the whole of this bundle, and verify it"
	flagBundleTarget = "`NAMES` targets, separated by commas (default: all of the lock)"

	hintBundleDamaged = `copy it again, or make it again: "ofarm bundle" writes the same bytes for the same lock`
	hintBundleOther   = `the bundle is of another lock or of fewer targets: "ofarm bundle" makes one of this lock`
)
