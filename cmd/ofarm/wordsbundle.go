package main

// ofarm bundle.
const (
	bundleShort = "write every input of a lock to one file, to build from anywhere"
	bundleLong  = `Write one file with every input of ofarm.lock: the distro's package files, also
those of the lock's roots for "ofarm prove", opam files with the files beside
them, sources, and the lock. What isn't in the cache folder yet is fetched first,
and an interrupted fetch goes on where it stopped.

With --bundle FILE the commands build, fetch, plan, llb, base, prove and verify
take their inputs from it, on a machine that never saw the project, and work
otherwise as with --offline: nothing else is asked but the cache folder and
folders of this machine. A project without ofarm.lock gets the bundle's. Each input
is verified when it is taken, and a bundle that isn't as it was written is refused.
--check reads it all, without a project.

With --with-tools the bundle has ofarm, its linker shims, buildkitd and runc as
well, those that this ofarm uses; "ofarm bundle" says how they come out where
there is no ofarm, and which of them need something of the machine, as Debian's
runc does. Of the machine are in any case a shell, flock and mount.

With --push the bundle goes to a container registry: inputs that the registry has
aren't sent again. --from takes it from there into a file of the same bytes. With
--bundle oci://… the commands take their inputs from it as they need them, and what
it lacks from where the lock says, so that a team's mirror of inputs is a registry.
Credentials are those of "docker login".

The file is an OCI image layout in a tar. The same lock and targets give the
same bytes (with --with-tools: and the same programs). The project's own files
aren't in it. Two digests name a bundle: what is printed with "wrote" is the whole
file's, as sha256sum has it, and what --push prints is its manifest's.`

	bundleExample = `  ofarm bundle
  ofarm bundle --target debian-bullseye -o /media/stick/hello.tar ./hello
  ofarm bundle --with-tools -o /media/stick/hello.tar ./hello
  ofarm bundle --bundle /media/stick/hello.tar --unpack-tools ~/bin
  ofarm bundle --check /media/stick/hello.tar
  ofarm build --bundle /media/stick/hello.tar ./hello
  ofarm bundle --push registry.example/team/hello:1.0 ./hello
  ofarm bundle --from oci://registry.example/team/hello:1.0 -o hello.tar
  ofarm build --bundle oci://registry.example/team/hello:1.0 ./hello`

	bundleWrote    = "wrote %s: %s, %s, %s\n"
	bundleWhole    = "%s is whole: %s, and the lock\n"
	tellBundleLock = "%s is the lock of the bundle %s\n"

	flagBundle       = "`FILE` take inputs from this bundle, and work otherwise as with --offline; or from one in a registry (oci://…); may be repeated"
	flagBundleOutput = "`FILE` the bundle (default: bundle.tar in PROJECT/dist)"
	flagBundleCheck  = "`FILE` write nothing; read the whole of this bundle, or of one in a registry (oci://…), and verify it"

	hintBundleDamaged = `copy it again, or make it again: "ofarm bundle" writes the same bytes for the same lock`
	hintBundleOpen    = `"ofarm bundle" writes one; the reference of one in a registry has oci:// before it`
	hintBundleMany    = "bundle the targets one by one: --target"
	hintBundleOther   = `the bundle is of another lock or of fewer targets: "ofarm bundle" makes one of this lock`
)
