package opamoracle

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ulikunitz/xz"
)

// Repository is an opam repository to take packages from: a [Folder], or one
// that is held in memory.
type Repository interface {
	// Names lists the packages, sorted.
	Names() ([]string, error)
	// Versions lists a package's versions, in no stated order; none if there is
	// no such package.
	Versions(name string) ([]string, error)
	// OpamFile is the text of a version's opam file; [fs.ErrNotExist] if there is
	// no such version.
	OpamFile(name, version string) ([]byte, error)
}

// Folder is an opam repository on disk, the folder that has "packages" in it.
type Folder string

// Names lists the packages.
func (f Folder) Names() ([]string, error) {
	return names(os.ReadDir(filepath.Join(string(f), "packages")))
}

// Versions lists a package's versions.
func (f Folder) Versions(name string) ([]string, error) {
	entries, err := names(os.ReadDir(filepath.Join(string(f), "packages", name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var versions []string
	for _, e := range entries {
		if version, ok := strings.CutPrefix(e, name+"."); ok {
			versions = append(versions, version)
		}
	}
	return versions, err
}

// OpamFile reads a version's opam file.
func (f Folder) OpamFile(name, version string) ([]byte, error) {
	return os.ReadFile(f.opamPath(name, version))
}

func (f Folder) opamPath(name, version string) string {
	return filepath.Join(string(f), "packages", name, name+"."+version, "opam")
}

func names(entries []fs.DirEntry, err error) ([]string, error) {
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Name()
	}
	return list, err
}

// packed is a repository in memory: name to version to opam file. Writing the
// whole real one to a disk takes longer than all that is done with it.
type packed map[string]map[string][]byte

func (p packed) Names() ([]string, error) { return slices.Sorted(maps.Keys(p)), nil }

func (p packed) Versions(name string) ([]string, error) {
	return slices.Collect(maps.Keys(p[name])), nil
}

func (p packed) OpamFile(name, version string) ([]byte, error) {
	data, ok := p[name][version]
	if !ok {
		return nil, fmt.Errorf("%s.%s: %w", name, version, fs.ErrNotExist)
	}
	return data, nil
}

// readPacked reads the opam files of a repository's .tar.xz.
func readPacked(archive string) (packed, error) {
	file, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	plain, err := xz.NewReader(bufio.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", archive, err)
	}
	p := packed{}
	for r := tar.NewReader(plain); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err == nil {
			err = p.add(h.Name, r)
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", archive, err)
		}
	}
}

// add takes a file if it is …packages/NAME/NAME.VERSION/opam.
func (p packed) add(path string, r io.Reader) error {
	dir, ok := strings.CutSuffix(path, "/opam")
	if !ok {
		return nil
	}
	name, version, ok := strings.Cut(dir[strings.LastIndex(dir, "/")+1:], ".")
	if !ok {
		return nil
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if p[name] == nil {
		p[name] = map[string][]byte{}
	}
	p[name][version] = data
	return nil
}
