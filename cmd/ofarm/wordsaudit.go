package main

// ofarm audit.
const (
	auditShort = "tell what executables need to run elsewhere, and check it"
	auditLong  = `Read ELF and Mach-O files, whoever built them, and tell what they need and what
they carry: interpreter, shared libraries, RUNPATH, the glibc floor with the
symbols that set it, hardening, the stack of musl's threads, paths of the build
and names of temporary files, symbols and debug information. Nothing is run.

Where the record of the link is at hand, each need is traced to the object, the
library and the opam package that it comes from. For files that "ofarm build"
exported it is found by artifacts.json; --link-record names another: a record of
ofarm's, or GNU ld's map (gcc -Wl,-Map=FILE,--cref).

With --policy the files are held against a policy, and the exit code is 1 if one
breaks it:

  static          no interpreter, no shared libraries
  mostly-static   no shared libraries but libc's own (on macOS: libSystem)
  glibc_2.31      the same, and a glibc floor of 2.31 or less
  manylinux_2_28  what PEP 600 asks of Python wheels for glibc 2.28: the floor, and
                  the libraries and symbol versions of auditwheel's profile; with
                  _x86_64 or _aarch64 behind it the platform, too

Any other version does as well. A static executable keeps all of them. Or a file
(something with a slash, or NAME.toml) with these keys, all optional; what no key
speaks of is allowed, and an unknown key is an error:

`
	auditPlaces = `
A path of the build is one below --build-path or build-paths, or two names or more
below the usual places: %s`

	auditExample = `  ofarm audit /usr/bin/git
  ofarm audit --policy static dist/alpine-3.23/bin/*
  ofarm audit --policy manylinux_2_28 --json dist/debian-bullseye/bin/hello
  gcc -o hello hello.o -lfoo -Wl,-Map=hello.map,--cref && ofarm audit --link-record hello.map hello`

	threadStackMusl    = "128 KiB, musl's default"
	threadStackUnknown = "128 KiB if its libc is musl; no size in the file"

	verdictScript = "not checked: a script"

	flagPolicy     = "`NAME|FILE` static, mostly-static, glibc_2.31, manylinux_2_28 and their like, or a file"
	flagLinkRecord = "`FILE` record of the file's link, or GNU ld's map with a cross reference"
	flagBuildPath  = "`PREFIX` what a path of the build starts with, besides the usual places"
	flagSymbols    = "list every symbol version with all its symbols"

	hintPolicyFile = `"ofarm audit --help" lists every key`

	hintAuditStatic      = "link it with -static, on a musl target (ofarm build --target alpine)"
	hintAuditArchive     = `link its static archive: link = "mostly-static" does it with ofarm; by hand, give the path of the lib*.a in place of -l`
	hintAuditRuntime     = "link it with -static-libgcc -static-libstdc++, or with an older compiler"
	hintAuditMacStatic   = "macOS has no static executables: mostly-static is the most there is"
	hintAuditDylib       = "give the path of the library's lib*.a in place of -l"
	hintAuditFloor       = "build it for %s (glibc %s): what is linked there asks for nothing newer"
	hintAuditRenewed     = "build it for %s (glibc %s): older glibcs have these symbols under older versions, so the sources stay as they are"
	hintAuditOldest      = "build it for %s: with glibc %s it is the oldest target, and what is linked there can't ask for this"
	hintAuditNoTarget    = "no target has a glibc of %s or older: do without these symbols, or build a static executable (--target alpine)"
	hintAuditPrivate     = "some library was linked from inside glibc; link its public one"
	hintAuditRunpath     = "leave out -rpath (ocamlmklib -L sets one, too), or remove it with patchelf --remove-rpath"
	hintAuditExecStack   = "add .section .note.GNU-stack,\"\",@progbits to the assembly file that lacks it"
	hintAuditLeak        = "map the path: BUILD_PATH_PREFIX_MAP for OCaml, -ffile-prefix-map for C; strip removes those of debug information"
	hintAuditStrip       = "strip it"
	hintAuditPIE         = "compile with -fPIE and link with -pie"
	hintAuditRELRO       = "link it with -Wl,-z,relro,-z,now"
	hintAuditThreadStack = "link it with -Wl,-z,stack-size=8388608, as ofarm does for static targets"
	hintAuditMacOS       = "build it with MACOSX_DEPLOYMENT_TARGET set to the older version"
)
