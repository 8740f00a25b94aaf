package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// project is one that is verified.
type project struct {
	name string
	// example tells that it is one of testdata's.
	example bool
	targets string
	// compiler is a version of OCaml, packages what the project depends on, as
	// NAME or NAME.VERSION; of others than examples.
	compiler string
	packages []string
}

// projects are all, in the order of the table.
var projects = []project{
	{name: "fserv", example: true, targets: "alpine,debian-bullseye"},
	{name: "zcalc", example: true, targets: "debian-bullseye"},
	{name: "ocaml-4.13.1", targets: "debian-bullseye", compiler: "4.13.1", packages: []string{
		"batteries", "bibtex2html", "camlidl", "camlp5", "cinaps", "cppo", "csvtool", "headache", "hevea",
		"menhir.20201216", "obuild", "ocamlbuild", "ocamldsort", "ocamlnet", "omake", "omd", "qcheck", "why3",
	}},
	{name: "ocaml-5.3.0", targets: "debian-bookworm", compiler: "5.3.0", packages: []string{
		"base", "batteries", "camlp5", "cppo", "cryptokit", "headache", "hevea", "ocamlbuild", "ocamlgraph", "qcheck",
		"stdio", "yojson", "zarith",
	}},
	{name: "ocaml-5.4.1", targets: "debian-trixie", compiler: "5.4.1", packages: []string{
		"cmdliner", "fmt", "hevea", "logs", "ocamlbuild", "ocamlfind", "topkg", "zarith",
	}},
}

// opamFile is that of a project of many packages: its executable does little,
// and is linked by the compiler in question.
const opamFile = `opam-version: "2.0"
version: "1.0"
synopsis: "A project that has many packages"
maintainer: "The ofarm developers"
authors: "The ofarm developers"
license: "Apache-2.0"
homepage: "https://github.com/ofarm/ofarm"
bug-reports: "https://github.com/ofarm/ofarm/issues"
depends: [
  "ocaml" {= %q}
%s]
build: ["ocamlopt" "-g" "-I" "+unix" "unix.cmxa" "many.ml" "-o" "many"]
install: ["install" "-D" "many" "%%{bin}%%/many"]
`

const program = `let () = Printf.printf "%s on OCaml %s\n" (if Unix.getpid () > 0 then "ran" else "") Sys.ocaml_version
`

// write makes the folder of a project that is no example.
func (p project) write(dir, repository string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var depends strings.Builder
	for _, name := range p.packages {
		if name, version, ok := strings.Cut(name, "."); ok {
			fmt.Fprintf(&depends, "  %q {= %q}\n", name, version)
			continue
		}
		fmt.Fprintf(&depends, "  %q\n", name)
	}
	files := map[string]string{
		"many.opam":  fmt.Sprintf(opamFile, p.compiler, depends.String()),
		"many.ml":    program,
		"ofarm.toml": fmt.Sprintf("targets = [%q]\nopam-repositories = [%q]\n", p.targets, repository),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
