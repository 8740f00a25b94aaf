package shellworld

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
)

// Package is an opam package, or a project's own one.
type Package struct {
	// Name is opam's.
	Name string
	// Depends are the names of what it depends on.
	Depends []string
	// Script is what its build runs, by "sh -eu build.sh". It finds the prefix
	// in $OPAM_SWITCH_PREFIX. Empty: there is no such command.
	Script string
	// Fields are more lines of its opam file.
	Fields string
	// Files are its source's, by path; those that start with "#!" or are ELF
	// files are executable. Without any and without a Script it has no source.
	Files map[string]string
	// Beside are files that lie beside its opam file (extra-files).
	Beside map[string]string
	// Extra are extra sources, by the name they get.
	Extra map[string]string
}

// Version is the version of every package.
const Version = "1"

// ID is "NAME.VERSION".
func (p Package) ID() string { return p.Name + "." + Version }

func (p Package) opam() string {
	var b strings.Builder
	b.WriteString("opam-version: \"2.0\"\n")
	if len(p.Depends) > 0 {
		fmt.Fprintf(&b, "depends: %q\n", p.Depends) // Go and opam spell such a list alike
	}
	if p.Script != "" {
		b.WriteString("build: [\"sh\" \"-eu\" \"build.sh\"]\n")
	}
	if p.Fields != "" {
		b.WriteString(p.Fields + "\n")
	}
	return b.String()
}

// files are those of the source, with the script among them.
func (p Package) files() map[string]string {
	files := maps.Clone(p.Files)
	if files == nil {
		files = map[string]string{}
	}
	if p.Script != "" {
		files["build.sh"] = p.Script
	}
	return files
}

// World is a folder with everything that builds of its packages read:
//
//	repository/  an opam repository
//	sources/     source archives and extra sources
//	alpine/      package files of the roots
type World struct {
	Dir string
	// Epoch is that of the locks it makes; 0 for 1 January 2024.
	Epoch int64

	root     Root
	packages map[string]lock.Package
	depends  map[string][]string
}

const epoch2024 = 1704067200

// New makes a world in a folder that is its own.
func New(dir string, root Root) *World {
	return &World{Dir: dir, root: root, packages: map[string]lock.Package{}, depends: map[string][]string{}}
}

// Mirrors are where the package files of its roots are.
func (w *World) Mirrors() farm.Mirrors {
	return farm.Mirrors{Archives: map[string][]string{"alpine": {"file://" + filepath.Join(w.Dir, "alpine")}}}
}

// Put adds packages, or puts them in the place of those of the same names.
func (w *World) Put(list ...Package) error {
	for _, p := range list {
		if err := w.put(p); err != nil {
			return fmt.Errorf("making package %s: %w", p.Name, err)
		}
	}
	return nil
}

func (w *World) put(p Package) error {
	dir := filepath.Join(w.Dir, "repository", "packages", p.Name, p.ID())
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	locked := lock.Package{Name: p.Name, Version: Version, Repository: repositoryName}
	text := p.opam()
	if files := p.files(); len(files) > 0 {
		s, err := w.source(p.ID()+".tar.gz", archive(p.ID(), files))
		if err != nil {
			return err
		}
		locked.Source = &s
		text += section("url", s)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Extra)) {
		s, err := w.source(p.ID()+"-"+name, []byte(p.Extra[name]))
		if err != nil {
			return err
		}
		s.Name = name
		locked.ExtraSources = append(locked.ExtraSources, s)
		text += section(fmt.Sprintf("extra-source %q", name), s)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Beside)) {
		in, err := write(filepath.Join(dir, "files", name), []byte(p.Beside[name]))
		if err != nil {
			return err
		}
		locked.ExtraFiles = append(locked.ExtraFiles, lock.NamedInput{Name: name, Input: in})
	}
	var err error
	locked.OpamFile, err = write(filepath.Join(dir, "opam"), []byte(text))
	w.packages[p.Name], w.depends[p.Name] = locked, p.Depends
	return err
}

// section is that of an opam file which names a source.
func section(name string, s lock.Source) string {
	return fmt.Sprintf("%s {\n  src: %q\n  checksum: \"sha256=%s\"\n}\n", name, s.URLs[0], s.SHA256)
}

const repositoryName = "world"

func (w *World) source(name string, data []byte) (lock.Source, error) {
	path := filepath.Join(w.Dir, "sources", name)
	in, err := write(path, data)
	return lock.Source{Input: in, URLs: []string{"file://" + path}}, err
}

func write(path string, data []byte) (lock.Input, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return lock.Input{}, err
	}
	sum := sha256.Sum256(data)
	return lock.Input{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data))}, os.WriteFile(path, data, 0o644)
}
