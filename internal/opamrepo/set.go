package opamrepo

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
)

// Set is one or several repositories laid over each other. Its methods may be
// called by several goroutines at once; each thing is read once.
type Set struct {
	repositories []*repository
	versions     memo[[]string]
	packages     memo[*Package]
}

// Package is one version of a package.
type Package struct {
	Name, Version string
	// Repository is the name of the one that it is from.
	Repository string
	// Dir is its folder, an absolute path.
	Dir string
	// Data are the opam file's bytes.
	Data []byte
	// File is the opam file, parsed.
	File *opam.File
}

// FilesDir is the folder of the files that belong to the package besides its
// opam file. Most packages don't have it.
func (p *Package) FilesDir() string { return filepath.Join(p.Dir, "files") }

// Files are the files in FilesDir. Where there is no such folder, opening "."
// is an error that wraps [fs.ErrNotExist].
func (p *Package) Files() fs.FS { return os.DirFS(p.FilesDir()) }

// Repositories are the opened repositories in overlay order, as a lock has them.
func (s *Set) Repositories() []lock.Repository {
	var out []lock.Repository
	for _, r := range s.repositories {
		out = append(out, r.Repository)
	}
	return out
}

// Names lists the packages that there are, sorted. It reads one folder of each
// repository.
func (s *Set) Names() ([]string, error) {
	var names []string
	for _, r := range s.repositories {
		top, err := r.top()
		if err != nil {
			return nil, err
		}
		names = append(names, top.names...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Versions lists a package's versions in all repositories, newest first; none
// where no repository has the package. Of spellings that opam takes for the
// same version (1.0 and 1.0-0), the first repository's stays.
func (s *Set) Versions(name string) ([]string, error) {
	if !opam.ValidName(name) {
		return nil, nil
	}
	versions, err := s.versions.get(name, func() ([]string, error) {
		var all []string
		for _, r := range s.repositories {
			list, err := r.versions(name)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
		slices.SortStableFunc(all, func(a, b string) int { return opam.CompareVersions(b, a) })
		return slices.CompactFunc(all, func(a, b string) bool { return opam.CompareVersions(a, b) == 0 }), nil
	})
	return slices.Clone(versions), err
}

// OpamFile is the parsed opam file of one version, which is not to be changed.
// The errors are those of Package.
func (s *Set) OpamFile(name, version string) (*opam.File, error) {
	p, err := s.Package(name, version)
	if err != nil {
		return nil, err
	}
	return p.File, nil
}

// Package is one version, spelled as in the folder's name. It is not to be
// changed. A version that no repository has is a [*MissingError]; the mistakes
// of an opam file are as [opam.Parse] gives them, with the file's path, each in a
// [*FileError].
func (s *Set) Package(name, version string) (*Package, error) {
	if !opam.ValidName(name) || !opam.ValidVersion(version) {
		return nil, s.missing(name, version)
	}
	return s.packages.get(name+"."+version, func() (*Package, error) {
		for _, r := range s.repositories {
			p, err := r.read(name, version)
			if err == nil || !errors.Is(err, fs.ErrNotExist) {
				return p, err
			}
		}
		return nil, s.missing(name, version)
	})
}

func (s *Set) missing(name, version string) error {
	others, err := s.Versions(name)
	if err != nil {
		return err
	}
	return &MissingError{Name: name, Version: version, Others: others}
}

// repository is one that is open.
type repository struct {
	lock.Repository
	dir string // holds packages
	top func() (top, error)
}

// top is what the folder packages holds.
type top struct {
	names []string            // of packages, in no order, maybe several times
	flat  map[string][]string // versions of packages/NAME.VERSION, by name
}

func newRepository(r lock.Repository, dir string) *repository {
	return &repository{Repository: r, dir: dir, top: sync.OnceValues(func() (top, error) { return readTop(dir) })}
}

// readTop reads the folder packages. A package's name has no dot, so a folder
// that has one is of the flat layout.
func readTop(dir string) (top, error) {
	t := top{flat: map[string][]string{}}
	entries, err := os.ReadDir(filepath.Join(dir, packagesDir))
	for _, e := range entries {
		name, version, flat := strings.Cut(e.Name(), ".")
		if flat && version != "" {
			t.flat[name] = append(t.flat[name], version)
		}
		if opam.ValidName(name) {
			t.names = append(t.names, name)
		}
	}
	return t, err
}

// versions lists the package's versions, in plain order, each spelling once.
func (r *repository) versions(name string) ([]string, error) {
	t, err := r.top()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(r.dir, packagesDir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all := slices.Clone(t.flat[name])
	for _, e := range entries {
		if version, ok := strings.CutPrefix(e.Name(), name+"."); ok {
			all = append(all, version)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(v string) bool {
		return !opam.ValidVersion(v) || r.find(name, v) == ""
	}), nil
}

// find returns the folder of a version that has an opam file, or nothing.
func (r *repository) find(name, version string) string {
	for _, dir := range r.folders(name, version) {
		if info, err := os.Stat(filepath.Join(dir, "opam")); err == nil && info.Mode().IsRegular() {
			return dir
		}
	}
	return ""
}

// folders are where a version may be.
func (r *repository) folders(name, version string) []string {
	id := name + "." + version
	return []string{filepath.Join(r.dir, packagesDir, name, id), filepath.Join(r.dir, packagesDir, id)}
}

// read reads one version. One that isn't there is an error that wraps
// fs.ErrNotExist.
func (r *repository) read(name, version string) (*Package, error) {
	dir := r.find(name, version)
	path := filepath.Join(cmp.Or(dir, r.folders(name, version)[0]), "opam")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := opam.Parse(path, data)
	if err != nil {
		return nil, r.fileErrors(err)
	}
	return &Package{Name: name, Version: version, Repository: r.Name, Dir: dir, Data: data, File: file}, nil
}

// fileErrors says of each mistake of an opam file that it is the repository's.
func (r *repository) fileErrors(err error) error {
	var list *multierror.Error
	if errors.As(err, &list) {
		for i, e := range list.Errors {
			list.Errors[i] = &FileError{Repository: r.Name, Err: e}
		}
	}
	return err
}

// memo remembers what was read, by a key.
type memo[T any] struct {
	mu    sync.Mutex
	known map[string]func() (T, error)
}

// get reads what the key stands for, unless that was done before.
func (m *memo[T]) get(key string, read func() (T, error)) (T, error) {
	m.mu.Lock()
	if m.known == nil {
		m.known = map[string]func() (T, error){}
	}
	f, ok := m.known[key]
	if !ok {
		f = sync.OnceValues(read)
		m.known[key] = f
	}
	m.mu.Unlock()
	return f()
}
