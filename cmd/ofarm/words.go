package main

// words is every word that a user reads, apart from the errors of the packages
// below.
var words = struct {
	rootShort, rootLong                                   string
	buildShort, buildLong, buildExample                   string
	lockShort, lockLong, lockExample                      string
	planShort, planLong, planExample                      string
	llbShort, llbLong, llbExample                         string
	targetsShort, targetsLong                             string
	configShort, configIntro, configOrder                 string
	versionShort                                          string
	flagTarget, flagPlatform, flagCacheDir, flagOffline   string
	flagMirror, flagDebianMirror, flagAlpineMirror        string
	flagOutput, flagAddr, flagProgress, flagMaxGLIBC      string
	flagLink, flagNoStrip, flagJSON, flagDump             string
	flagOpamLocked, flagOpamRepository                    string
	flagAlpineKey, flagDebianKey                          string
	hintTargets, hintPlatforms, hintNoProject, hintConfig string
	hintGitMissing, hintGitOwner, hintUntracked           string
	hintNoLock, hintStale, hintLockVersion                string
	hintLockMistake, hintLockEntry, hintRepository        string
	hintNoVersions, hintNoPackage                         string
	hintOffline, hintNoSpace, hintChecksum, hintMirror    string
	hintEngine, hintUnreachable, hintShim                 string
	hintDebianKey, hintAlpineKey, hintSignature           string
	hintGLIBC, hintNeeded, hintNetwork                    string
}{
	rootShort: "build OCaml programs that run on any Linux",
	rootLong: `ofarm builds an OCaml project into executables for people who have no OCaml:
fully static ones on Alpine's musl, and ones for old Debian releases that need
nothing but libc.

"ofarm lock" writes ofarm.lock, which names every byte that goes into a build.
"ofarm build" builds from it, without network, and exports what it has audited.

Start in a project with opam files:

  ofarm lock  --target alpine,debian-oldstable
  ofarm build --target alpine,debian-oldstable

Environment:
  OFARM_CACHE_DIR      folder for inputs, images and the daemon's state
                       (default $XDG_CACHE_HOME/ofarm)
  OFARM_MIRROR         mirrors of any input, in opam's cache layout
  OFARM_DEBIAN_MIRROR  mirrors of Debian's archive
  OFARM_ALPINE_MIRROR  mirrors of Alpine's archive
  BUILDKIT_HOST        address of a BuildKit daemon
  BUILDKIT_PROGRESS    like --progress
  SOURCE_DATE_EPOCH    time of exported files, in seconds
  http_proxy, https_proxy, no_proxy

Exit codes: 0 done, 1 failed, 2 usage, 3 lock missing or stale, 130 interrupted.`,

	buildShort: "build a locked project for its targets",
	buildLong: `Build the project in the folder PROJECT (default: this one) for one or more
targets at once, and export the executables to dist/TARGET/bin.

Reads PROJECT/ofarm.lock, fetches what the cache folder doesn't have yet, and
runs the build on BuildKit: on the daemon of --addr or BUILDKIT_HOST, else on
one that runs at the default socket, else on a private one that lives as long
as the build. No step of the build has a network.

Only files that git tracks go in, as they are now. A target whose executables
break its policy (a dynamic library that isn't libc's, a glibc floor that is
too high, a RUNPATH) is not exported; a failed or interrupted build leaves the
previous export whole. dist/artifacts.json describes what was exported.`,
	buildExample: `  ofarm build
  ofarm build --target alpine,debian-oldstable -o dist ./myproject
  ofarm build --target debian-bullseye --max-glibc 2.30`,

	lockShort: "write ofarm.lock: every input of a build, by sha256",
	lockLong: `Write PROJECT/ofarm.lock for one or more targets.

The versions of opam packages are those of NAME.opam.locked, as "opam lock"
writes it; their opam files come from opam repositories in folders. Distro
packages are resolved from the distro's signed index, in its state of today.

Sources and Alpine's package files are fetched, since an index doesn't always
have their sha256. Commit the lock: whoever builds from it reads the same bytes.
An interrupted or failed lock leaves the old one.`,
	lockExample: `  ofarm lock
  ofarm lock --target alpine,debian-oldstable,debian-oldoldstable
  ofarm lock --opam-repository ~/opam-repository`,

	planShort: "print what a build would do",
	planLong: `Print the steps of a build in their order: the commands of each opam package as
opam would run them, what each step sees, and on what root it runs. Nothing is
built, and nothing but opam files is fetched.`,
	planExample: `  ofarm plan --target alpine
  ofarm plan --json > plan.json`,

	llbShort: "write a target's build as a BuildKit definition",
	llbLong: `Write the graph of one target to standard output in BuildKit's own format, for
"buildctl build". Its sources are images in the folder oci of the cache folder,
which buildctl takes as --oci-layout ofarm=FOLDER.`,
	llbExample: `  ofarm llb --target alpine | buildctl build --oci-layout ofarm=$HOME/.cache/ofarm/oci --output dist
  ofarm llb --target alpine --dump`,

	targetsShort: "list what can be built for",
	targetsLong: `List the targets: distro releases with their libc, how executables are linked
there, and the highest glibc floor an executable of the release can have. An
alias moves to another release with time; a lock stores exact names.`,

	configShort: "ofarm.toml, key by key",
	configIntro: `A project may have a file ofarm.toml beside its opam files. All keys are
optional; an unknown key is an error.

Keys:
`,
	configOrder: `
What is set in several places: a flag beats an environment variable, that beats
a [target.NAME] table, that beats the top level, that beats the default. Mirrors
are joined in this order, and the machine's own and the default ones come last.

Example:

  targets = ["alpine", "debian-oldstable"]
  opam-repositories = ["../opam-repository"]

  [target.debian-oldstable]
  max-glibc = "2.34"
`,
	versionShort: "print ofarm's version and BuildKit's",

	flagTarget:         "targets, separated by commas (default: those of ofarm.toml, else all that are locked)",
	flagPlatform:       "linux/amd64 or linux/arm64",
	flagCacheDir:       "folder for inputs, images and the daemon's state",
	flagOffline:        "make no connection: everything must be in the cache folder or in file:// mirrors",
	flagMirror:         "mirror of any input in opam's cache layout, a URL or a folder",
	flagDebianMirror:   "mirror of Debian's archive",
	flagAlpineMirror:   "mirror of Alpine's archive",
	flagOutput:         "folder for artifacts (default PROJECT/dist)",
	flagAddr:           "address of a BuildKit daemon: unix://, tcp://, docker-container://NAME",
	flagProgress:       "auto, plain, tty, rawjson or quiet",
	flagMaxGLIBC:       "highest glibc floor that an executable may have, such as 2.31",
	flagLink:           "link mode: static, mostly-static, dynamic or project",
	flagNoStrip:        "keep symbols in exported executables",
	flagJSON:           "print JSON",
	flagDump:           "print the graph as text",
	flagOpamLocked:     "opam's own lock to take versions from (default NAME.opam.locked)",
	flagOpamRepository: "folder of an opam repository; the first one wins",
	flagAlpineKey:      "file of a public key (NAME.rsa.pub) to trust for Alpine's index",
	flagDebianKey:      "file of OpenPGP keys to trust for Debian's index",

	hintTargets:     `"ofarm targets" lists all`,
	hintPlatforms:   "there is linux/amd64 and linux/arm64",
	hintNoProject:   "name the folder of a project with opam files; dune writes them with (generate_opam_files true) in dune-project",
	hintConfig:      `"ofarm help config" lists every key`,
	hintGitMissing:  "install git: in a checkout only the files that git tracks are built",
	hintGitOwner:    `git refuses a checkout of somebody else; allow it with "git config --global --add safe.directory DIR"`,
	hintUntracked:   `"git add" the project's files: in a checkout only what git tracks is built`,
	hintNoLock:      `"ofarm lock" makes one`,
	hintStale:       `bring NAME.opam.locked up to date ("opam lock"), then run "ofarm lock"`,
	hintLockVersion: "use the ofarm that made it, or make it again with \"ofarm lock\"",
	hintLockMistake: `a lock isn't edited by hand: "ofarm lock" makes it again`,
	hintLockEntry:   `bring NAME.opam.locked up to date ("opam lock"), then run "ofarm lock"`,
	hintRepository:  "name the folder of one with --opam-repository or opam-repositories in ofarm.toml: a clone of https://github.com/ocaml/opam-repository, say",
	hintNoVersions:  `"opam lock" writes it from an opam switch in which the project builds`,
	hintNoPackage:   "add an opam repository that has it (--opam-repository), or change the version in NAME.opam.locked",
	hintOffline:     "build once without --offline, or name a mirror that is a folder (--mirror)",
	hintNoSpace:     "free some space, or choose another folder with --cache-dir",
	hintChecksum:    "the place has other bytes than were locked; name a mirror that has the right ones (--mirror)",
	hintMirror:      "name another mirror: --mirror, --debian-mirror, --alpine-mirror, or [mirrors] in ofarm.toml",
	hintEngine:      "start a BuildKit daemon and name it with --addr",
	hintUnreachable: "is the daemon running, and may you use its socket? Without --addr and BUILDKIT_HOST ofarm starts one of its own",
	hintShim:        `"make build" puts it beside ofarm`,
	hintDebianKey:   "if you trust the archive, name its key with --debian-key",
	hintAlpineKey:   "if you trust the repository, name its key with --alpine-key",
	hintSignature:   "the mirror's index is damaged or was changed; try another mirror",
	hintGLIBC:       "build for an older release (debian-oldoldstable), or raise max-glibc",
	hintNeeded:      "the records of links in the cache folder say which link line brought it; a library without a static archive needs its distro's static package",
	hintNetwork:     "steps have no network: what a build needs must be a dependency, so that it is locked",
}
