package main

// Registries.
const (
	bundlePushed = "%s\n%s, %s, of which %s were sent\n"

	baseShort = "print the digests of bases; push them to a registry"
	baseLong  = `Print the digest of the base of each locked target: the image of the distro
packages that every step's root has, assembled from the lock. The digest depends
on the lock alone, so it is the same for everybody.

For Alpine the base is a whole root. For Debian it is the packages unpacked, and
each build configures them once; what further packages a project needs is added
to the base when it is built, from their package files.

"ofarm base push" pushes bases to a container registry. Where --base names one,
or base in ofarm.toml, it is taken from there in place of being assembled, and the
package files that it is made of aren't fetched. (On Alpine they still are where a
project needs further packages: apk's database is made of all of them.) An image
that hasn't the digest is refused, and one that says it is made of other packages
than the lock's. Who says the right packages and has other files has another digest
than "ofarm base" prints: take digests from whom you trust. "ofarm verify" assembles
bases anew.`

	baseExample = `  ofarm base
  ofarm base --target debian-bullseye --json
  ofarm base push registry.example/team/bases`

	basePushShort = "push bases to a container registry"
	basePushLong  = `Push the base of each locked target to a repository of a container registry, and
print what ofarm.toml says to take it from there. Where ofarm.toml has a table for
the target already, by its name or by an alias, put the line with base into that:
there is one table for a target. There is one base as well, whatever the platform:
those of other platforms are assembled, or named with --base. The digest is the
one that "ofarm base" prints; the tag is made of the target's name and the digest,
so that another lock's base doesn't take its place. What the registry has isn't
sent again.

Credentials are those of "docker login", or of DOCKER_AUTH_CONFIG in the environment.
Registries on this machine are spoken to by HTTP, others by HTTPS unless --plain-http
names them.`

	basePushExample = `  ofarm base push registry.example/team/bases
  ofarm base push --target debian-bullseye localhost:5000/bases ./hello`

	basePushed    = "[target.%q]\nbase = \"%s\"\n"
	basePushedToo = "# ofarm.toml names one base of %s; for %s give\n#   --base %s\n"

	flagBase       = "`REF` take a base from a registry, by HOST/REPOSITORY@sha256:…, in place of assembling it; may be repeated"
	flagPlainHTTP  = "`HOSTS` speak HTTP to these registries, as references name them; to others only on this machine"
	flagBundlePush = "`REF` push the bundle to a registry, as HOST/REPOSITORY:TAG; without --output no file is written"
	flagBundleFrom = "`PLACE` copy a bundle: from a registry (oci://…) to a file (default: bundle.tar) or with --push, or from a file with --push"

	hintRef             = "a reference is HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:…, with oci:// before it where a file could be meant"
	hintLogin           = `"docker login %s" sets credentials; most registries answer so, too, where there is no such repository`
	hintCredentials     = `look at config.json in ~/.docker, or run "docker login %s" again`
	hintNotPushed       = `is the reference right? "ofarm bundle --push" and "ofarm base push" print it`
	hintNoRepository    = "is the reference right? Some registries want a repository to be made before it is pushed to"
	hintBlobGone        = "the registry has lost it; push it there again: only what is missing is sent"
	hintPlainHTTP       = `the registry speaks HTTP: "--plain-http %s" does so, and sends passwords in the clear`
	hintRegistryGone    = "is the registry's host right, and is it up? What was transferred isn't transferred again"
	hintRegistryRefused = "the registry's log may say more; what was transferred isn't transferred again"
	hintRegistryDamaged = "the registry's copy is damaged, or was changed on its way; a push sends it only where it isn't there: have it deleted, or push to another registry"
	hintRegistryOffline = `run it once without --offline and without --bundle FILE; "ofarm bundle --from" makes a file of a bundle in a registry`
	hintWrongBase       = `"ofarm base push" pushes the bases of this lock, and prints what to name`
)
