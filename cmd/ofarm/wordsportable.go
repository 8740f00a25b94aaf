package main

// The words of the commands about linking, and of ofarm init.

// ofarm link.
const (
	linkShort = "show how the executables of the last build were linked"
	linkLong  = `Show for each executable of the last build, from the records in dist/TARGET/link,
what went into it beside OCaml code: the opam package, the archive of C stubs or
the system library, whether it is in the executable or stays dynamic, and why.

--json prints the whole records: the line that OCaml gave, the one that was used,
all inputs, and for each symbol that the executable takes from a shared library
the objects that refer to it.`

	linkExample = `  ofarm link
  ofarm link --target debian-oldstable ./myproject
  ofarm link --json | jq '.[].record.undefined'`

	linkNote        = "note: %s\n"
	linkAsks        = "asked for by %s"
	linkLibraryAsks = "%s asks for %s"
	linkOnLine      = "on the link line"
	linkWordOnLine  = "%s on the link line"
)

// ofarm flags.
const (
	flagsShort = "print linker flags for a project's own dune files"
	flagsLong  = `Print the options of ocamlopt that link a project's executable as ofarm would, as
a dune s-expression for (link_flags (:include FILE)). They are made of the link
line of the last build, or of the one in the file of --from: a record of ofarm's,
or what "ocamlfind ocamlopt -verbose" or dune printed. Of several targets that were
built the first with the system's libc is taken, or else the first; which record
it was is told.

  static         -static -no-pie, and threads with stacks of 8 MiB; on linux-musl
                 only
  mostly-static  on Linux, every library by name, all but libc's own between
                 -Bstatic and -Bdynamic; on macOS stub libraries by name and all
                 others as the archives that pkg-config and Homebrew know
  dynamic        none

This needs no BuildKit, and works on macOS. PKG_CONFIG_PATH is read as by
pkg-config.`

	noteFlagsFrom = "made of the link in %s\n"

	flagsExample = `  ofarm flags --mode mostly-static --os linux-glibc >bin/linking-flags-main.sexp
  dune build --verbose 2>log; ofarm flags --os macosx --from log`
)

// ofarm init.
const (
	initShort = "write ofarm.toml, and dune rules for linking"
	initLong  = `Show the files that a project would get, and write them if you agree: ofarm.toml
with the targets of --target, and as comments the project's packages and some
other keys, each with an example. "ofarm help config" lists every key.

With --link-flags also the rules with which a dune project links itself, in each
folder with executables: linking-flags.inc chooses a file of flags by the
environment variable LINKING_MODE (static, mostly-static or dynamic, which is the
default) and the system. Flags of libraries need the link line of a build: they
are written if there was one, and made by "ofarm flags" otherwise.

A file that is there is never changed; what to add to one is told. Without a
terminal nothing is written, unless --yes is given.`

	initExample = `  ofarm init
  ofarm init --yes --target alpine,debian-oldstable
  ofarm init --link-flags ./myproject`

	initNew      = "new file %s:\n"
	initIsThere  = "%s is there and stays as it is\n"
	initAdd      = "add to %s:\n"
	initExpand   = "and to its stanza of %s:\n"
	initFlagsFor = "when there was a build, write the flags of libraries:\n"
	initAsk      = "write %s? [y/N] "
	initWrote    = "wrote %s\n"
	initNothing  = "there is nothing to write"
	initHow      = `nothing was written; "ofarm init --yes" does it`
	initUnread   = "left out %s\n"
)

// The files that ofarm init writes.
const (
	configHead = `# What ofarm builds. "ofarm help config" lists every key.
targets = %s
`
	rulesHead = `; The flags that executables are linked with, by the environment variable
; LINKING_MODE: static, mostly-static or dynamic. "ofarm flags" makes them.
`
	rulesRule = `
(rule
 (target linking-flags-%[1]s.sexp)
 (action
  (copy
   linking-flags-%[1]s.%%{env:LINKING_MODE=dynamic}.%%{ocaml-config:system}.sexp
   %%{target})))
`
	flagsLinuxLater = "  ofarm flags --mode mostly-static --os linux-glibc --executable %s >%s\n"
	flagsMacLater   = "  on a Mac: ofarm flags --mode mostly-static --os macosx --from LOG >%s\n"
)

// configExamples are values of keys of ofarm.toml, as TOML.
var configExamples = map[string]string{
	"opam-repositories": `["git+https://github.com/ocaml/opam-repository.git"]`,
	"ocaml":             `"5.3"`,
	"link":              `"project"`,
	"max-glibc":         `"2.31"`,
	"export":            `["bin/*"]`,
	"thread-stack":      `"8MiB"`,
}

// Flags of these commands.
const (
	flagLinkPlatform = "`PLATFORM` linux/amd64 or linux/arm64 (default: all of the last build)"
	flagLinkTarget   = "`NAMES` targets, separated by commas (default: all of the last build)"
	flagFlagsMode    = "`MODE` static, mostly-static or dynamic (default: static on linux-musl, else mostly-static)"
	flagFlagsOS      = "`SYSTEM` linux-musl, linux-glibc or macosx (default: that of --target, or else this one)"
	flagFrom         = "`FILE` a link's record, or the output of a compiler with a link line"
	flagExecutable   = "`NAME` which executable, if there are several"
	flagYes          = "write without asking"
	flagLinkFlags    = "write rules for linking by LINKING_MODE, too"
	flagInitTarget   = "`NAMES` targets to name in ofarm.toml, separated by commas (default: alpine,debian-oldstable)"
)

// Hints of these commands.
const (
	hintBuildFirst     = `"ofarm build" writes these records; with link = "project" there are none`
	hintBuildFirstWith = `"ofarm build --target %s" writes these records; with link = "project" there are none`
	hintExecutable     = "name one with --executable: %s"
	hintLinkLine       = `"ocamlfind ocamlopt -verbose" prints the link line; with dune, (link_flags (-verbose)) does`
)
