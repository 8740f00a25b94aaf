package main

// The files words….go have every word that a user reads, apart from the errors
// of the packages below; this one those of ofarm itself, and of building and
// locking.

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
  DOCKER_CONFIG                 folder of docker's config.json, with credentials of
                                registries (default: ~/.docker)
  SOURCE_DATE_EPOCH             time of exported files, in seconds since 1970
                                (default: that of the project's last commit)
  NO_COLOR                      if set, progress has no colours
  http_proxy, https_proxy, no_proxy

Exit codes: 0 done, 1 failed, 2 a command line or a variable that can't be
understood, 3 a lock that "ofarm lock" would mend: it is missing, stale, damaged
or of another version, or lacks a target or root; 130 interrupted.`
)

// ofarm lock.
const (
	lockShort = "choose versions, and write every input of a build to ofarm.lock"
	lockLong  = `Write PROJECT/ofarm.lock for one or more targets: choose versions of all opam
packages that the project's *.opam files need, and of all distro packages that
the targets need for it, and note every file by its sha256.

The newest versions are taken, of the project's direct dependencies first, in
the order of the opam files. All targets get the same versions where that is
possible. A lock that is there is changed as little as possible: what it has
stays while it fits. To move on:

  --update          all opam packages, with the opam repositories as they are now
  --update=lwt,ssl  only these, and others only if they must
  --distro          distro packages, from the distro's signed index of today

With --target other targets of the lock stay in it, and those of ofarm.toml are
added; where that names targets, "ofarm lock" without --target takes the others of
the platform out. --drop takes out single targets and roots, --prove '' all roots
but those of ofarm.toml.

The options --ocaml, --opam, --with-test and --with-doc are noted in the lock and
hold until they are given again; --ocaml '', --opam '', --with-test=false and
--with-doc=false take them back. A demand with a version holds wherever the package
is installed, and brings it in nowhere; one without a version brings it in.

Opam packages come from opam's public repository, or from those of ofarm.toml or
--opam-repository: folders, tarballs, or git (git+https://…#REF). A tarball is
locked by its sha256 and a branch by its commit, and they move with --update;
likewise what the project's opam files pin (pin-depends). Sources and Alpine's
package files are fetched, since an index doesn't always have their sha256.

Commit the lock: whoever builds from it reads the same bytes. An interrupted or
failed lock leaves the old one.`

	lockExample = `  ofarm lock
  ofarm lock --target alpine,debian-oldstable,debian-oldoldstable
  ofarm lock --ocaml 5.3 --opam ocaml-option-flambda --opam 'lwt<6'
  ofarm lock --update=lwt
  ofarm lock --check`
)

// ofarm outdated.
const (
	outdatedShort = "list locked opam packages that have newer versions"
	outdatedLong  = `List the locked opam packages of which the opam repositories, as they are now,
have newer versions: the one that "ofarm lock --update" would take, and the
newest there is. A "-" means that the locked version stays, because something
demands it. Nothing is changed.`

	outdatedExample = `  ofarm outdated
  ofarm outdated --json ./myproject`

	outdatedNone = "%s has the newest versions that fit\n"
	outdatedGone = "(not needed)"
)

// ofarm import.
const (
	importShort = "write ofarm.lock with the versions of an opam switch"
	importLong  = `Write PROJECT/ofarm.lock with exactly the versions of opam packages that the
files name: opam's own locks (NAME.opam.locked, of "opam lock"), or what "opam
switch export FILE" writes. Everything else is as with "ofarm lock", which keeps
these versions afterwards.

The project's own packages are taken from the project, even where a switch has
them pinned. What else is pinned there must be in an opam repository with that
version: a lock has no packages from elsewhere.`

	importExample = `  opam switch export my.export && ofarm import my.export
  ofarm import hello.opam.locked ./myproject`
)

// ofarm tree.
const (
	treeShort = "print what depends on what, as locked"
	treeLong  = `Print the locked opam packages as a tree below each opam file of the project.
What is below a package is printed once; where the package comes again it has a
(*). A package that only some of the targets have is followed by their names.

With --why only the ways from one package up to the project: all shortest ones,
and some others. For a distro package it tells, for each target, which depext of
which opam package brings it.`

	treeExample = `  ofarm tree
  ofarm tree --depth 1 --target alpine
  ofarm tree --why libev4`
)

// ofarm fetch.
const (
	fetchShort = "fetch all that a build reads, for building offline"
	fetchLong  = `Fetch every input of the targets into the cache folder, and assemble the images
that a build of them reads, and the lock's roots for "ofarm prove". Afterwards
"ofarm build --offline" makes no connection.`

	fetchExample = `  ofarm fetch
  ofarm fetch --target debian-bullseye ./myproject`
)

// ofarm build.
const (
	buildShort = "build a project for its targets, from its lock"
	buildLong  = `Build the project in the folder PROJECT (default: this one) for one or more
targets at once, and export the executables to dist/TARGET/bin.

Reads PROJECT/ofarm.lock, fetches what the cache folder doesn't have yet, and
runs the build on BuildKit: on the daemon of --addr or BUILDKIT_HOST, else on
one that runs at the default socket, else on a private one that lives as long
as the build. No step of the build has a network. Where there is no lock, it is
made first, as "ofarm lock" does; a stale one is refused.

Only files that git tracks go in, as they are now. A target whose executables
break its policy (a dynamic library that isn't libc's, a glibc floor that is
too high, a RUNPATH) is not exported; a failed or interrupted build leaves the
previous export whole. dist/artifacts.json describes what was exported, and
dist/provenance.json says what it was made of (in-toto, SLSA provenance v1).`

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
	flagTarget               = "`NAMES` targets, separated by commas (default: those of ofarm.toml, else all of the lock)"
	flagLockTarget           = "`NAMES` targets, separated by commas (default: those of ofarm.toml, else the lock's, else alpine,debian-oldstable)"
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
	flagLink                 = "`MODE` static, static-pie, mostly-static, dynamic or project (default: the target's)"
	flagNoStrip              = "keep symbols in exported executables"
	flagJSON                 = "print JSON"
	flagDump                 = "print the graph as text"
	flagOpamLocked           = "`FILE` opam's own lock or export of a switch, to take versions from"
	flagOpamRepository       = "`PLACE` an opam repository: a folder, a tarball, or git+https://…#REF; the first one wins"
	flagOCaml                = "`VERSION` the OCaml to build with: 5.3.0, or 5.3 for the newest of the series"
	flagOpam                 = "`PACKAGE` a further demand on an opam package, such as 'lwt<6' or ocaml-option-flambda; may be repeated"
	flagWithTest             = "lock what the project's tests need, too"
	flagWithDoc              = "lock what the project's documentation needs, too"
	flagUpdate               = "`NAMES` take the newest versions that fit of these opam packages, or of all"
	flagLockProve            = "`NAMES` lock roots for \"ofarm prove\", too: targets' names, or busybox; '' takes roots out"
	flagDrop                 = "`NAMES` take these targets and roots out of the lock, such as debian-trixie or alpine-3.23-arm64"
	flagDistro               = "take distro packages as they are today"
	flagCheck                = "change nothing; exit with 3 if the lock is not what the project asks for"
	flagLockJSON             = "print what changes, or what --check finds, as JSON"
	flagProve                = "run the executables in the lock's bare roots, as \"ofarm prove\" does"
	flagLocked               = "fail where there is no lock, instead of making one"
	flagAlpineKey            = "`FILE` public key (NAME.rsa.pub) to trust for Alpine's index"
	flagDebianKey            = "`FILE` OpenPGP keys to trust for Debian's index"
	flagTreeTarget           = "`NAMES` targets, separated by commas (default: all that are locked)"
	flagTreePlatform         = "`PLATFORM` linux/amd64 or linux/arm64 (default: all that are locked)"
	flagWhy                  = "`NAME` tell why an opam package or a distro package is there"
	flagDepth                = "`LEVELS` print so many levels below the project"
)

// Hints: what to do about an error; which one fits is in hints.go.
const (
	hintNear        = `did you mean "%s"?`
	hintHelp        = `"%s --help" shows how it is used`
	hintCache       = "name another one with --cache-dir or OFARM_CACHE_DIR"
	hintWrite       = "may you write to the folder %q?"
	hintDist        = "name the project, and with -o %s its artifacts"
	hintNoCache     = "name a folder with --cache-dir or OFARM_CACHE_DIR"
	hintNearTarget  = `did you mean "%s"? "ofarm targets" lists all`
	hintAddTarget   = `it has %s; "ofarm lock --target %s" adds it`
	hintAddPlatform = `"ofarm lock --platform %s" adds it`
	hintPackages    = "it has %s"
	hintInstall     = "on Debian: apt-get install %s"
	hintTargets     = `"ofarm targets" lists all`
	hintNoProject   = "name the folder of a project with opam files; dune writes them with (generate_opam_files true) in dune-project"
	hintConfig      = `"ofarm help config" lists every key`
	hintGitMissing  = "install git: in a checkout only the files that git tracks are built"
	hintGitOwner    = `git refuses a checkout of somebody else; allow it with "git config --global --add safe.directory DIR"`
	hintUntracked   = `"git add" the project's files: in a checkout only what git tracks is built`
	hintNoLock      = `"ofarm lock" makes one`
	hintStale       = `"ofarm lock" brings it up to date`
	hintLockVersion = "use the ofarm that made it, or make it again with \"ofarm lock\""
	hintLockMistake = `a lock isn't edited by hand: "ofarm lock" makes it again`
	hintLockEntry   = `"ofarm lock" chooses versions that fit; those of --opam-locked or "ofarm import" are taken as they are`
	hintRepository  = "an opam repository is a folder, a tarball, or git+https://…#REF, with a folder packages in it"
	hintDrop        = "it has %s"
	hintDropAsked   = "take it out of ofarm.toml first"
	hintNoSolution  = "loosen one of these demands: in the opam file, in ofarm.toml, or on the command line"
	hintUpdate      = `"ofarm tree" lists the packages of the lock`
	hintUnfit       = "choose other versions, as --opam 'NAME!=VERSION' does, or lay an opam repository over it (--opam-repository) that is right"
	hintOpamFile    = "lay an opam repository over it (--opam-repository) in which the file is right"
	hintDune        = `"dune build %s" brings it up to date`
	hintGoneCommit  = `"ofarm lock --update" takes the repository as it is now`
	hintGoneRef     = "name a branch, tag or commit that the remote has"

	hintRepositoryMoved   = `"ofarm lock --update" takes the repository as it is now; a by-hash mirror (--mirror) may still have the old one`
	hintRepositoryOffline = "run it once without --offline"
	hintRepositoryGit     = "install git, or name the repository's folder or tarball with --opam-repository"
	hintRepositoryRemote  = "is the remote right, and may you read it? A clone's folder does as well: --opam-repository FOLDER"

	hintNoDepends     = `"ofarm lock" makes it again, with them`
	hintPinned        = "lay an opam repository with these versions over the others (--opam-repository), or unpin them and export the switch again"
	hintNoVersions    = `"opam lock" and "opam switch export" write such files`
	hintSource        = "lay an opam repository over it (--opam-repository) in which the package has an archive with a sha256 or sha512"
	hintPin           = "change pin-depends in the opam file: opam takes NAME.VERSION and a URL, of a git repository (git+https://…#REF) or an archive"
	hintNoPackage     = "add an opam repository that has it (--opam-repository), or change the version in the file that names it"
	hintDistroPackage = "its name is from a depexts field, or from distro-packages in ofarm.toml"
	hintPathConflict  = `the distro can't install both: "ofarm tree --why NAME" tells which depext brings one; leave it out, or out of distro-packages in ofarm.toml`
	hintOffline       = "run it once without --offline, or name a mirror that is a folder (--mirror)"
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

// tellFetching is told of a git remote, which can take its time.
const tellFetching = "fetching %s from %s\n"

// Warnings.
const (
	warnApart       = "ofarm: warning: no version of %s fits all targets: it is %s\n"
	warnAvoided     = "ofarm: warning: %s is to be avoided, its opam file says\n"
	warnIdle        = "ofarm: warning: %s asks for %s, and nothing of the project needs %s\n"
	warnPinned      = "ofarm: warning: %s is pinned in the switch; it is locked as the opam repository has that version\n"
	warnDune        = "ofarm: warning: %s\n"
	noteDune        = "ofarm: note: %s\n"
	warnNothingKept = "ofarm: warning: the lock can't be read, so all is chosen anew: %v\n"

	warnUnknownField = "ofarm: warning: %s:%d:%d: opam has no %s %q, so it is ignored\n"
)
