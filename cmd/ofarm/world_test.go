package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/ofarm/ofarm/internal/testworld/tiny"
	"github.com/ofarm/ofarm/targets"
)

var testKeys = sync.OnceValues(tiny.NewKeys)

// makeWorld makes what a project is locked from, and a project. Below dir:
//
//	world/debian, debian-security, alpine   archives
//	world/opam                              an opam repository
//	world/sources                           a by-hash mirror
//	world/keys                              public keys of the archives
//	hello                                   a project on them
//
// Files that a script brings itself stay.
func makeWorld(dir string) error {
	keys, err := testKeys()
	if err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(dir, "world", name) }
	source, err := tiny.Source("tool-1.0", map[string]string{"Makefile": "all:\n"})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(source)
	hash := hex.EncodeToString(sum[:])
	return errors.Join(
		keys.Write(at("keys")),
		tiny.Debian(at("debian"), "bookworm", keys, debianPackages()),
		tiny.Debian(at("debian-security"), "bookworm-security", keys, nil),
		tiny.Debian(at("debian"), "trixie", keys, debianPackages()),
		tiny.Debian(at("debian-security"), "trixie-security", keys, nil),
		tiny.Alpine(at("alpine"), "v3.20", keys, alpinePackages()),
		write(at("opam/repo"), "opam-version: \"2.0\"\n"),
		write(at("opam/packages/tool/tool.1.0/opam"), fmt.Sprintf(toolOpam, hash)),
		write(at("opam/packages/tool/tool.1.1/opam"), fmt.Sprintf(toolOpam, hash)+"flags: avoid-version\n"),
		write(at("opam/packages/conf-z/conf-z.1/opam"), confOpam),
		write(at("sources/sha256/"+hash[:2]+"/"+hash), string(source)),
		write(filepath.Join(dir, "hello", "hello.opam"), helloOpam),
		write(filepath.Join(dir, "hello", "hello.opam.locked"), helloLocked),
		write(filepath.Join(dir, "hello", "Makefile"), "all:\n"),
		write(filepath.Join(dir, "hello", "ofarm.toml"), helloConfig),
	)
}

func debianPackages() []tiny.Package {
	r, _ := targets.Find("debian-bookworm", nil) // it is one of the releases
	all := tiny.Packages(append([]string{"base-files", "zlib1g", "zlib1g-dev"}, r.Toolchain...)...)
	all[2].Depends = []string{"zlib1g"}
	return append(all, tiny.Packages("libc6", "busybox-static")...)
}

func alpinePackages() []tiny.Package {
	r, _ := targets.Find("alpine-3.20", nil) // it is one of the releases
	all := tiny.Packages(append([]string{"zlib", "zlib-dev", "musl"}, r.Toolchain...)...)
	all[1].Depends = []string{"zlib"}
	return append(all, clashing()...)
}

// clashing are two packages with the same file.
func clashing() []tiny.Package {
	file := map[string]string{"usr/bin/thing": "thing\n"}
	return []tiny.Package{{Name: "thing", Files: file}, {Name: "other-thing", Files: file}}
}

// write makes a file that isn't there yet.
func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

const (
	toolOpam = `opam-version: "2.0"
depends: ["conf-z"]
build: [make "-j" jobs]
install: [make "install" "PREFIX=%%{prefix}%%"]
url {
  src: "http://sources.invalid/tool-1.0.tar.gz"
  checksum: "sha256=%s"
}
`
	confOpam = `opam-version: "2.0"
build: ["pkg-config" "zlib"]
depexts: [
  ["zlib-dev"] {os-distribution = "alpine"}
  ["zlib1g-dev"] {os-family = "debian"}
]
`
	helloOpam = `opam-version: "2.0"
version: "0.1"
depends: ["tool"]
build: [make]
install: [make "install"]
`
	helloLocked = `opam-version: "2.0"
depends: ["tool" {= "1.0"} "conf-z" {= "1"}]
`
	helloConfig = `targets = ["alpine-3.20", "debian-bookworm"]
opam-repositories = ["../world/opam"]

[mirrors]
by-hash = ["../world/sources"]
debian = ["../world/debian"]
debian-security = ["../world/debian-security"]
alpine = ["../world/alpine"]

[keys]
debian = ["../world/keys/debian.pgp"]
alpine = ["../world/keys/tiny.rsa.pub"]
`
)
