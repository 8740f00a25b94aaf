package main

// This file has every word that a user reads, apart from the errors of the
// packages below.

// ofarm itself.
const (
	rootShort = "build OCaml programs that run on any Linux"
	moreHelp  = `"ofarm COMMAND --help" tells more of a command, "ofarm help config" of ofarm.toml.`
	rootLong  = `ofarm builds an OCaml project into executables for people who have no OCaml:
fully static ones on Alpine's musl, and ones for old Debian releases that need
nothing but libc.

"ofarm lock" writes ofarm.lock, which names every byte that goes into a build.
"ofarm build" builds from it, without network, and exports what it has audited.

Start in a project with opam files:

  ofarm lock  --target alpine,debian-oldstable
  ofarm build --target alpine,debian-oldstable

Environment:
  OFARM_CACHE_DIR               folder for inputs, images and the daemon's state
                                (default: ofarm in XDG_CACHE_HOME or ~/.cache)
  OFARM_MIRROR                  like --mirror; several are separated by blanks
  OFARM_DEBIAN_MIRROR           like --debian-mirror
  OFARM_DEBIAN_SECURITY_MIRROR  like --debian-security-mirror
  OFARM_ALPINE_MIRROR           like --alpine-mirror
  BUILDKIT_HOST                 like --addr
  BUILDKIT_PROGRESS             like --progress
  SOURCE_DATE_EPOCH             time of exported files, in seconds since 1970
                                (default: that of the project's last commit)
  NO_COLOR                      if set, progress has no colours
  http_proxy, https_proxy, no_proxy

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 lock missing, damaged or stale,
130 interrupted.`
)

// ofarm lock.
const (
	lockShort = "write ofarm.lock: every input of a build, by sha256"
	lockLong  = `Write PROJECT/ofarm.lock for one or more targets.

The versions of opam packages are those of NAME.opam.locked, as "opam lock"
writes it; their opam files come from opam repositories in folders. Distro
packages are resolved from the distro's signed index, in its state of today.

With --target only those targets are locked again: the others in the lock stay
as they are, and so do those of other platforms. If the opam packages change,
which are the same for all targets, all are locked again.

Sources and Alpine's package files are fetched, since an index doesn't always
have their sha256. Commit the lock: whoever builds from it reads the same bytes.
An interrupted or failed lock leaves the old one.`

	lockExample = `  ofarm lock
  ofarm lock --target alpine,debian-oldstable,debian-oldoldstable
  ofarm lock --opam-repository ~/opam-repository`
)

// ofarm fetch.
const (
	fetchShort = "fetch all that a build reads, for building offline"
	fetchLong  = `Fetch every input of the locked targets into the cache folder, and assemble the
images that a build reads. Afterwards "ofarm build --offline" makes no
connection.`

	fetchExample = `  ofarm fetch
  ofarm fetch --target debian-bullseye ./myproject`
)

// ofarm build.
const (
	buildShort = "build a locked project for its targets"
	buildLong  = `Build the project in the folder PROJECT (default: this one) for one or more
targets at once, and export the executables to dist/TARGET/bin.

Reads PROJECT/ofarm.lock, fetches what the cache folder doesn't have yet, and
runs the build on BuildKit: on the daemon of --addr or BUILDKIT_HOST, else on
one that runs at the default socket, else on a private one that lives as long
as the build. No step of the build has a network.

Only files that git tracks go in, as they are now. A target whose executables
break its policy (a dynamic library that isn't libc's, a glibc floor that is
too high, a RUNPATH) is not exported; a failed or interrupted build leaves the
previous export whole. dist/artifacts.json describes what was exported.`

	buildExample = `  ofarm build
  ofarm build --target alpine,debian-oldstable -o dist ./myproject
  ofarm build --target debian-bullseye --max-glibc 2.30`
)

// ofarm plan.
const (
	planShort = "print what a build would do"
	planLong  = `Print the steps of a build in their order: the commands of each opam package as
opam would run them, what each step sees, and on what root it runs. Nothing is
built, and nothing but opam files is fetched.`

	planExample = `  ofarm plan --target alpine
  ofarm plan --json > plan.json`
)

// ofarm llb.
const (
	llbShort = "write a target's build as a BuildKit definition"
	llbLong  = `Write the graph of one target to standard output in BuildKit's own format, for
"buildctl build". Its sources are images in the folder oci of the cache folder,
which buildctl takes as --oci-layout ofarm=FOLDER.`

	llbExample = `  ofarm llb --target alpine >alpine.pb
  ofarm llb --target alpine | buildctl build --oci-layout ofarm=$HOME/.cache/ofarm/oci --output dist
  ofarm llb --target alpine --dump`
)

// ofarm targets.
const (
	targetsShort = "list what can be built for"
	targetsLong  = `List the targets: distro releases with their libc, how executables are linked
there, and the highest glibc floor an executable of the release can have. An
alias moves to another release with time; a lock stores exact names.`
)

// ofarm help config.
const (
	configShort = "ofarm.toml, key by key"
	configIntro = `A project may have a file ofarm.toml beside its opam files. All keys are
optional; an unknown key is an error.

Keys:
`

	configOrder = `
What is set in several places: a flag beats an environment variable, that beats
a [target.NAME] table, that beats the top level, that beats the default. Mirrors
are joined in this order, and the machine's own and the default ones come last.

Example:

  targets = ["alpine", "debian-oldstable"]
  opam-repositories = ["../opam-repository"]

  [target.debian-oldstable]
  max-glibc = "2.34"
`
)

// ofarm completion.
const (
	completionShort = "write a shell's completion of ofarm's commands"
	completionLong  = `Write a script to standard output that makes bash, zsh or fish complete ofarm's
commands, flags, targets and modes. That of bash needs the package
bash-completion.`
	completionExample = `  source <(ofarm completion bash)
  ofarm completion zsh > "${fpath[1]}/_ofarm"
  ofarm completion fish > ~/.config/fish/completions/ofarm.fish`
)

// ofarm help and ofarm version.
const (
	helpShort    = "print this, or the help of a command"
	versionShort = "print ofarm's version and BuildKit's"
)

// Flags. What a value is called comes first, in backquotes.
const (
	flagTarget               = "`NAMES` targets, separated by commas (default: those of ofarm.toml)"
	flagPlatform             = "`PLATFORM` linux/amd64 (default) or linux/arm64"
	flagCacheDir             = "`FOLDER` folder for inputs, images and the daemon's state"
	flagOffline              = "make no connection: everything must be in the cache folder or in mirrors that are folders"
	flagMirror               = "`URL` URL or folder of a mirror of any input, in opam's cache layout"
	flagDebianMirror         = "`URL` URL or folder of a mirror of Debian's archive"
	flagDebianSecurityMirror = "`URL` URL or folder of a mirror of Debian's security archive"
	flagAlpineMirror         = "`URL` URL or folder of a mirror of Alpine's archive"
	flagOutput               = "`FOLDER` folder for artifacts (default: PROJECT/dist)"
	flagAddr                 = "`ADDRESS` a BuildKit daemon: unix://…, tcp://…, docker-container://NAME; or private: one of ofarm's own"
	flagProgress             = "`MODE` auto (default), plain, tty, rawjson or quiet"
	flagMaxGLIBC             = "`VERSION` highest glibc floor that an executable may have, such as 2.31"
	flagLink                 = "`MODE` static, mostly-static, dynamic or project (default: the target's)"
	flagNoStrip              = "keep symbols in exported executables"
	flagJSON                 = "print JSON"
	flagDump                 = "print the graph as text"
	flagOpamLocked           = "`FILE` opam's own lock, to take versions from (default: PROJECT/NAME.opam.locked)"
	flagOpamRepository       = "`FOLDER` folder of an opam repository; the first one wins"
	flagAlpineKey            = "`FILE` public key (NAME.rsa.pub) to trust for Alpine's index"
	flagDebianKey            = "`FILE` OpenPGP keys to trust for Debian's index"
)

// Hints: what to do about an error; which one fits is in hints.go.
const (
	hintNear          = `did you mean "%s"?`
	hintHelp          = `"%s --help" shows how it is used`
	hintNoCache       = "name a folder with --cache-dir or OFARM_CACHE_DIR"
	hintNearTarget    = `did you mean "%s"? "ofarm targets" lists all`
	hintAddTarget     = `it has %s; "ofarm lock --target %s" adds it`
	hintAddPlatform   = `"ofarm lock --platform %s" adds it`
	hintPackages      = "it has %s"
	hintInstall       = "on Debian: apt-get install %s"
	hintTargets       = `"ofarm targets" lists all`
	hintNoProject     = "name the folder of a project with opam files; dune writes them with (generate_opam_files true) in dune-project"
	hintConfig        = `"ofarm help config" lists every key`
	hintGitMissing    = "install git: in a checkout only the files that git tracks are built"
	hintGitOwner      = `git refuses a checkout of somebody else; allow it with "git config --global --add safe.directory DIR"`
	hintUntracked     = `"git add" the project's files: in a checkout only what git tracks is built`
	hintNoLock        = `"ofarm lock" makes one`
	hintStale         = `bring NAME.opam.locked up to date ("opam lock"), then run "ofarm lock"`
	hintLockVersion   = "use the ofarm that made it, or make it again with \"ofarm lock\""
	hintLockMistake   = `a lock isn't edited by hand: "ofarm lock" makes it again`
	hintLockEntry     = `bring NAME.opam.locked up to date ("opam lock"), then run "ofarm lock"`
	hintRepository    = "name the folder of one with --opam-repository or opam-repositories in ofarm.toml: a clone of https://github.com/ocaml/opam-repository, say"
	hintNoVersions    = `"opam lock" writes it from an opam switch in which the project builds`
	hintSource        = "lay an opam repository over it (--opam-repository) in which the package has an archive with a sha256 or sha512"
	hintNoPackage     = "add an opam repository that has it (--opam-repository), or change the version in NAME.opam.locked"
	hintUnavailable   = "leave this target out (--target), or choose another version in NAME.opam.locked"
	hintDistroPackage = "its name is from a depexts field, or from distro-packages in ofarm.toml"
	hintOffline       = "build once without --offline, or name a mirror that is a folder (--mirror)"
	hintNoSpace       = "free some space, or choose another folder with --cache-dir"
	hintChecksum      = "the place has other bytes than were locked; name a mirror that has the right ones (--mirror)"
	hintMirror        = "name another mirror: --mirror, --debian-mirror, --alpine-mirror, or [mirrors] in ofarm.toml"
	hintEngine        = "start a BuildKit daemon and name it with --addr"
	hintUnreachable   = "is the daemon running, and may you use its socket? Without --addr and BUILDKIT_HOST ofarm starts one of its own"
	hintOwnDaemon     = "--addr private takes a daemon of ofarm's own"
	hintShim          = `"make build" puts it beside ofarm`
	hintDebianKey     = "if you trust the archive, name its key with --debian-key"
	hintAlpineKey     = "if you trust the repository, name its key with --alpine-key"
	hintSignature     = "the mirror's copy is old, damaged or was changed; try another mirror"
	hintGLIBC         = "build for an older release (debian-oldoldstable), or raise max-glibc"
	hintNeeded        = "the records of links in the cache folder say which link line brought it; a library without a static archive needs its distro's static package"
	hintNetwork       = "steps have no network: what a build needs must be a dependency, so that it is locked"
)
