package opamoracle

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// MissingError says that packages are in none of some repositories.
type MissingError struct {
	// Packages are NAME.VERSION, sorted.
	Packages []string
}

// Error lists the packages.
func (e *MissingError) Error() string {
	return "no repository has " + strings.Join(e.Packages, ", ")
}

// Trim makes an opam repository in the folder dst with some versions of some
// packages, name to versions, from repos; the first that has a version
// wins. dst may exist, and hold packages. Only opam
// files are copied: nothing else matters for resolving.
//
// Errors: [*MissingError], after all that there is was copied.
func Trim(dst string, packages map[string][]string, repos ...Repository) error {
	if err := writeFile(filepath.Join(dst, "repo"), []byte("opam-version: \"2.0\"\n")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dst, "packages"), 0o755); err != nil {
		return err
	}
	missing := &MissingError{}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		for _, version := range packages[name] {
			data, err := readOpamFile(name, version, repos)
			if errors.Is(err, fs.ErrNotExist) {
				missing.Packages = append(missing.Packages, name+"."+version)
				continue
			}
			if err != nil {
				return err
			}
			if err := writeFile(Folder(dst).opamPath(name, version), data); err != nil {
				return err
			}
		}
	}
	if len(missing.Packages) > 0 {
		slices.Sort(missing.Packages)
		return missing
	}
	return nil
}

// All lists all packages of a repository, name to versions.
func All(repo Repository) (map[string][]string, error) {
	names, err := repo.Names()
	if err != nil {
		return nil, err
	}
	all := map[string][]string{}
	for _, name := range names {
		if all[name], err = Versions(name, repo); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Versions lists the versions of a package in the union of some repositories,
// sorted as text; none where no repository has the package.
func Versions(name string, repos ...Repository) ([]string, error) {
	var versions []string
	for _, repo := range repos {
		found, err := repo.Versions(name)
		if err != nil {
			return nil, err
		}
		versions = append(versions, found...)
	}
	slices.Sort(versions)
	return slices.Compact(versions), nil
}

// readOpamFile reads a version's opam file from the first repository that has
// it.
func readOpamFile(name, version string, repos []Repository) ([]byte, error) {
	for _, repo := range repos {
		data, err := repo.OpamFile(name, version)
		if !errors.Is(err, fs.ErrNotExist) {
			return data, err
		}
	}
	return nil, fmt.Errorf("%s.%s: %w", name, version, fs.ErrNotExist)
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
