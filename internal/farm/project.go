package farm

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/plan"
)

// LockName is the name of a project's lock.
const LockName = "ofarm.lock"

// devVersion is the version of an opam file that has none.
const devVersion = "dev"

// Project is a user's project on disk.
type Project struct {
	// Dir is its folder.
	Dir    string
	Config config.File
	// Packages are its opam packages, sorted by name.
	Packages []plan.ProjectPackage
	// output is where a build exports to, if not where the file says.
	output string
	// files are its files, if they are known; else they are found.
	files []string
}

// NoProjectError says that a folder has no opam file to build.
type NoProjectError struct{ Dir string }

func (e *NoProjectError) Error() string { return fmt.Sprintf("%q has no *.opam file", e.Dir) }

// UnknownPackageError says that ofarm.toml names an opam package that the
// project doesn't have.
type UnknownPackageError struct {
	Name  string
	Known []string
}

func (e *UnknownPackageError) Error() string {
	return fmt.Sprintf("%s: packages: the project has no %s.opam", config.Name, e.Name)
}

// OpenProject reads ofarm.toml and the opam files of the project in a folder.
// All mistakes of all files are reported at once.
func OpenProject(dir string) (*Project, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the project: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("opening the project: %q is not a folder", dir)
	}
	p := &Project{Dir: dir}
	if p.Config, err = config.Read(filepath.Join(dir, config.Name)); err != nil {
		return nil, err
	}
	return p, p.readPackages()
}

func (p *Project) readPackages() error {
	files, err := p.opamFiles()
	if err != nil {
		return err
	}
	var errs *multierror.Error
	for _, name := range files {
		pkg, err := readPackage(filepath.Join(p.Dir, name))
		if err != nil {
			errs = multierror.Append(errs, err)
			continue
		}
		p.Packages = append(p.Packages, pkg)
	}
	return errs.ErrorOrNil()
}

// opamFiles lists the opam files to build, sorted.
func (p *Project) opamFiles() ([]string, error) {
	all, err := filepath.Glob(filepath.Join(escapeGlob(p.Dir), "*.opam"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, path := range all {
		names = append(names, filepath.Base(path))
	}
	if len(names) == 0 {
		return nil, &NoProjectError{Dir: p.Dir}
	}
	if len(p.Config.Packages) == 0 {
		return names, nil
	}
	var chosen []string
	for _, name := range p.Config.Packages {
		if !slices.Contains(names, name+".opam") {
			return nil, &UnknownPackageError{Name: name, Known: names}
		}
		chosen = append(chosen, name+".opam")
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}

// escapeGlob makes a folder's name stand for itself in a pattern.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

func readPackage(path string) (plan.ProjectPackage, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return plan.ProjectPackage{}, err
	}
	file, err := opam.Parse(path, data)
	if err != nil {
		return plan.ProjectPackage{}, err
	}
	version := file.Version
	if version == "" {
		version = devVersion
	}
	name := strings.TrimSuffix(filepath.Base(path), ".opam")
	if !opam.ValidName(name) {
		return plan.ProjectPackage{}, fmt.Errorf("%s: %q can't be the name of an opam package", path, name)
	}
	return plan.ProjectPackage{Name: name, Version: version, File: file}, nil
}

// LockPath is where the project's lock is.
func (p *Project) LockPath() string { return filepath.Join(p.Dir, LockName) }

// NoLockError says that a project has no lock.
type NoLockError struct{ Path string }

func (e *NoLockError) Error() string { return fmt.Sprintf("there is no lock %q", e.Path) }

// ReadLock reads the project's lock and checks that it is for this project.
// It returns the lock and the sha256 of its bytes in hex.
//
// Errors: [*NoLockError], [*StaleError], and those of [lock.Parse].
func (p *Project) ReadLock() (*lock.File, string, error) {
	data, err := os.ReadFile(p.LockPath())
	if errors.Is(err, os.ErrNotExist) {
		return nil, "", &NoLockError{Path: p.LockPath()}
	}
	if err != nil {
		return nil, "", err
	}
	f, err := lock.Parse(p.LockPath(), data)
	if err != nil {
		return nil, "", err
	}
	diff, err := p.Differences(f)
	if err != nil {
		return nil, "", err
	}
	if len(diff) > 0 {
		return nil, "", &StaleError{Path: p.LockPath(), Differences: diff}
	}
	sum := sha256.Sum256(data)
	return f, hex.EncodeToString(sum[:]), nil
}
