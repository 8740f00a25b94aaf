package farm

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/ofarm/ofarm/internal/release"
	"github.com/ofarm/ofarm/targets"
)

// OtherVersionError says that another version of ofarm wrote a description of
// artifacts. It isn't replaced: what it says of other targets would be lost.
type OtherVersionError struct {
	Path string
	Err  error
}

func (e *OtherVersionError) Error() string { return fmt.Sprintf("reading %q: %v", e.Path, e.Err) }

func (e *OtherVersionError) Unwrap() error { return e.Err }

// Forgotten is a description of artifacts that was damaged, and was made anew.
type Forgotten struct {
	// Path is that of artifacts.json or provenance.json.
	Path string
	// Err says what was wrong with it.
	Err error
	// Folders are those of targets of which it says nothing any more.
	Folders []string
}

// described is what the two descriptions of a folder say.
type described struct {
	artifacts []Artifact
	builds    []release.Build
	// damaged are errors of files that say nothing.
	damaged map[string]error
}

// readDescribed reads the descriptions in a folder of artifacts. Damaged ones are
// noted.
//
// Errors: [*OtherVersionError], and those of reading.
func readDescribed(dir string) (d described, err error) {
	d.damaged = map[string]error{}
	d.artifacts, err = ReadArtifacts(filepath.Join(dir, ArtifactsName))
	var bad *BadArtifactsError
	if errors.As(err, &bad) {
		d.damaged[ArtifactsName], err = bad.Err, nil
	}
	if err != nil {
		return d, err
	}
	d.builds, err = ReadProvenance(filepath.Join(dir, ProvenanceName))
	var worse *BadProvenanceError
	if errors.As(err, &worse) {
		d.damaged[ProvenanceName], err = worse.Err, nil
	}
	return d, err
}

// write describes what was exported, if anything was: artifacts.json first, as
// provenance.json speaks of what that has. Other builds with the same output wait
// until both are written.
func (e *exporter) write(provenance []release.Build, buildkit string) error {
	slices.SortFunc(e.artifacts, func(x, y Artifact) int { return cmp.Compare(x.Path, y.Path) })
	if len(e.built) == 0 {
		return nil
	}
	dir := e.opt.Output
	unlock, err := lockOutput(dir)
	if err != nil {
		return err
	}
	defer unlock()
	old, err := readDescribed(dir)
	if err != nil {
		return err
	}
	all, err := writeArtifacts(dir, e.built, e.artifacts, old.artifacts)
	if err != nil {
		return err
	}
	var built []release.Build
	for _, b := range provenance {
		if slices.Contains(e.built, b.Folder) {
			b.Versions["buildkit"] = buildkit
			built = append(built, b)
		}
	}
	e.forget(old)
	return writeProvenance(dir, built, old.builds, all)
}

// forget tells which targets damaged descriptions may have been of.
func (e *exporter) forget(old described) {
	for _, name := range []string{ArtifactsName, ProvenanceName} {
		err := old.damaged[name]
		if err == nil || e.opt.Forgotten == nil {
			continue
		}
		f := Forgotten{Path: filepath.Join(e.opt.Output, name), Err: err}
		for _, folder := range targetFolders() {
			if _, err := os.Stat(filepath.Join(e.opt.Output, folder)); err == nil && !slices.Contains(e.built, folder) {
				f.Folders = append(f.Folders, folder)
			}
		}
		e.opt.Forgotten(f)
	}
}

// targetFolders are all folders that a target can have.
func targetFolders() []string {
	var out []string
	for _, name := range targets.Names() {
		r, err := targets.Find(name, nil)
		if err != nil || r.Name != name {
			continue // an alias
		}
		for _, p := range r.Platforms {
			out = append(out, targets.Folder(name, p))
		}
	}
	return out
}

// lockOutput waits until nobody else describes what is in a folder of artifacts,
// and keeps others waiting until unlock. The lock is on the folder itself: it
// holds whatever the cache folders are, and leaves no file among the artifacts.
// Where a file system can't lock a folder, as NFS, there is none.
func lockOutput(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	for _, cannot := range []error{syscall.EBADF, syscall.ENOLCK, syscall.ENOTSUP, syscall.ENOSYS} {
		if errors.Is(err, cannot) {
			err = nil
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return func() { f.Close() }, nil
}
