package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/oci"
)

// extraSources are files that the repository names by these very bytes, and the
// test bed lacks.
var extraSources = []string{
	"lib:[\n  \"META.seq\" {\"META\"}\n]\n",
	"name=\"seq\"\nversion=\"[distributed with OCaml 4.07 or above]\"\n" +
		"description=\"dummy backward-compatibility package for iterators\"\nrequires=\"\"\n",
}

// shims is stdlib-shims as it is on OCaml 4.08 and later: an empty library.
var shims = map[string]string{
	"dune":              "(library (public_name stdlib-shims) (name stdlib_shims))\n",
	"dune-project":      "(lang dune 2.0)\n(name stdlib-shims)\n(version 0.3.0)\n",
	"stdlib-shims.opam": "opam-version: \"2.0\"\n",
	"stdlib_shims.ml":   "",
}

const shimsOpam = `opam-version: "2.0"
synopsis: "An empty stand-in"
maintainer: "The ofarm developers"
depends: ["dune" {>= "2.0"} "ocaml" {>= "4.08"}]
build: ["dune" "build" "-p" name "-j" jobs]
url {
  src: "https://example.invalid/stdlib-shims-0.3.0.tar"
  checksum: "%s"
}
`

// addStandIns adds the sources that the test bed lacks to a mirror, and the opam
// file of the one that isn't the real one to the repository.
func (w *world) addStandIns(mirror string) error {
	store, err := input.Open(mirror)
	if err != nil {
		return err
	}
	for _, text := range extraSources {
		if _, _, err := store.PutUnknown(strings.NewReader(text)); err != nil {
			return err
		}
	}
	var source bytes.Buffer
	if err := oci.WriteTree(&source, shimsTree()); err != nil {
		return err
	}
	sum, _, err := store.PutUnknown(&source)
	if err != nil {
		return err
	}
	file := filepath.Join(w.repository, "packages", "stdlib-shims", "stdlib-shims.0.3.0", "opam")
	return os.WriteFile(file, fmt.Appendf(nil, shimsOpam, "sha256="+sum.Hex()), 0o644)
}

func shimsTree() []oci.Entry {
	var out []oci.Entry
	for name, text := range shims {
		out = append(out, oci.Entry{
			Path: name, Mode: 0o644, Size: int64(len(text)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil },
		})
	}
	return out // WriteTree sorts
}
