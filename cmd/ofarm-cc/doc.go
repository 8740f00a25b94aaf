// Command ofarm-cc stands before the compiler in the step that builds a project,
// and applies the target's link mode to the executables that are linked there.
//
// # How it is installed
//
// As cc, gcc, g++, c++, x86_64-linux-gnu-gcc and whatever other names the
// compiler has (links or copies of one file) in a folder that comes first on
// PATH. Called as gcc, it takes the first gcc on PATH behind itself for the real
// one. Whatever is no final link of an executable goes to the real compiler by
// exec: same process, same arguments. The one exception are links of OCaml's
// native plugins, see package link.
//
// # Environment
//
//	OFARM_LINK_MODE     static, static-pie, mostly-static, dynamic or project; empty passes
//	                    every call on
//	OFARM_LINK_RECORDS  folder for one JSON record per link (see link.Record);
//	                    empty writes none
//	OFARM_THREAD_STACK  stack of a thread in bytes, for static; 8388608 if empty
//
// Where records are wanted, the compiler also gets -Map and --cref with a
// temporary file, to learn who refers to what shared libraries have. Should the
// link fail with them, it is run again without.
//
// What it makes of a line is package link's business. PKG_CONFIG_PATH and
// PKG_CONFIG_LIBDIR are read as pkg-config reads them.
//
// Exit codes: those of the real compiler; 1 when a line can't be rewritten or
// the compiler isn't there.
//
// # How it is built
//
//	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOAMD64=v1 \
//		go build -trimpath -buildvcs=false -ldflags="-s -w -buildid=" ./cmd/ofarm-cc
//
// Its digest is part of the key of every project's step. So it is built with the
// flags above, without what differs between checkouts, and imports package link
// and the standard library only, which a test checks: a new version of a
// dependency must not rebuild every project.
package main
