package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/resolve"
	"github.com/ofarm/ofarm/targets"
)

func lockTargets(o lockOptions, p *farm.Project) ([]resolve.Target, error) {
	names := o.targets
	if len(names) == 0 {
		names = p.Config.Targets
	}
	if len(names) == 0 {
		names = defaultTargets
	}
	var out []resolve.Target
	for _, name := range names {
		t, err := lockTarget(name, targets.Platform(o.platform), p)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(u resolve.Target) bool { return u.Release.Name == t.Release.Name }) {
			out = append(out, t)
		}
	}
	return out, nil
}

func lockTarget(name string, platform targets.Platform, p *farm.Project) (resolve.Target, error) {
	r, err := targets.Find(name, nil)
	if err != nil {
		return resolve.Target{}, err
	}
	if !r.Has(platform) {
		return resolve.Target{}, &usageError{err: fmt.Errorf("target %q has no platform %s", name, platform), command: "ofarm targets"}
	}
	return resolve.Target{Release: r, Platform: platform, DistroPackages: p.Config.For(r.Name).DistroPackages}, nil
}

// noRepositoryError says that no opam repository was named.
type noRepositoryError struct{}

func (noRepositoryError) Error() string { return "no opam repository to take packages from" }

// remoteRepositoryError says that an opam repository isn't a folder.
type remoteRepositoryError struct{ url string }

func (e *remoteRepositoryError) Error() string {
	return fmt.Sprintf("opam repository %q is not a folder", e.url)
}

func repositories(o lockOptions, p *farm.Project) ([]resolve.Repository, error) {
	urls := o.repositories
	if len(urls) == 0 {
		urls = p.Config.OpamRepositories
	}
	if len(urls) == 0 {
		return nil, noRepositoryError{}
	}
	var out []resolve.Repository
	for i, u := range urls {
		path, err := relativeTo(p.Dir, u, len(o.repositories) > 0)
		if err != nil {
			return nil, err
		}
		if info, err := os.Stat(filepath.Join(p.Dir, path, "packages")); err != nil || !info.IsDir() {
			return nil, &remoteRepositoryError{u}
		}
		name := "main"
		if i > 0 {
			name = fmt.Sprintf("overlay-%d", i)
		}
		out = append(out, resolve.Repository{Name: name, URL: filepath.ToSlash(path)})
	}
	return out, nil
}

// relativeTo makes a folder relative to the project, where a lock has it. A
// flag's folder is relative to where ofarm runs, a file's to the file.
func relativeTo(project, path string, flag bool) (string, error) {
	if !flag && !filepath.IsAbs(path) {
		return path, nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	from, err := filepath.Abs(project)
	if err != nil {
		return "", err
	}
	return filepath.Rel(from, abs)
}

// noVersionsError says that there is no list of opam versions to lock.
type noVersionsError struct{ path string }

func (e *noVersionsError) Error() string {
	return fmt.Sprintf("there is no %q to take the versions of opam packages from", e.path)
}

// lockedVersions reads opam's own lock of each of the project's packages.
func lockedVersions(o lockOptions, p *farm.Project) (map[string]string, error) {
	paths := []string{o.opamLocked}
	if o.opamLocked == "" {
		paths = opamLocks(p)
	}
	out := map[string]string{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &noVersionsError{path}
		}
		if err != nil {
			return nil, err
		}
		l, err := opam.ParseLocked(path, data)
		if err != nil {
			return nil, err
		}
		for _, pkg := range l.Packages {
			if v, ok := out[pkg.Name]; ok && v != pkg.Version {
				return nil, fmt.Errorf("%s: %s is locked to %s here and to %s elsewhere", path, pkg.Name, pkg.Version, v)
			}
			if ok, err := pkg.When.True(opam.Scope{Globals: opam.BuildVariables()}); err == nil && ok {
				out[pkg.Name] = pkg.Version
			}
		}
	}
	return out, nil
}

func opamLocks(p *farm.Project) []string {
	if p.Config.OpamLocked != "" {
		return []string{filepath.Join(p.Dir, p.Config.OpamLocked)}
	}
	var out []string
	for _, pkg := range p.Packages {
		out = append(out, filepath.Join(p.Dir, pkg.Name+".opam.locked"))
	}
	return out
}

func trustedKeys(o lockOptions, p *farm.Project) (alpine []apk.Key, debian []deb.Keyring, err error) {
	for _, path := range keyPaths(p, o.alpineKeys, p.Config.Keys.Alpine) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, fmt.Errorf("reading a key: %w", err)
		}
		key, err := apk.ParseKey(filepath.Base(path), data)
		if err != nil {
			return nil, nil, err
		}
		alpine = append(alpine, key)
	}
	for _, path := range keyPaths(p, o.debianKeys, p.Config.Keys.Debian) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, fmt.Errorf("reading a key: %w", err)
		}
		ring, err := deb.ReadKeyring(bytes.NewReader(data))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		debian = append(debian, ring)
	}
	return alpine, debian, nil
}

// keyPaths joins a flag's files, relative to where ofarm runs, and ofarm.toml's,
// relative to it.
func keyPaths(p *farm.Project, flag, file []string) []string {
	out := flag
	for _, f := range file {
		if !filepath.IsAbs(f) {
			f = filepath.Join(p.Dir, f)
		}
		out = append(out, f)
	}
	return out
}
