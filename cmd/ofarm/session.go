package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/targets"
)

// session is a project that a command has opened, with its lock and its farm.
type session struct {
	farm    *farm.Farm
	project *farm.Project
	lock    *lock.File
	digest  string
	targets []lock.TargetID
	meter   *input.Meter
}

// noFolderError says that there is no folder for a project, or a file.
type noFolderError struct {
	dir  string
	file bool
}

func (e *noFolderError) Error() string {
	if e.file {
		return fmt.Sprintf("%q is a file, and a project is a folder", e.dir)
	}
	return fmt.Sprintf("there is no folder %q", e.dir)
}

// openProject reads the project in a folder.
func openProject(dir string) (*farm.Project, error) {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, &noFolderError{dir, err == nil}
	}
	p, err := farm.OpenProject(dir)
	if as[*farm.NoProjectError](err) && isFile(filepath.Join(dir, farm.ArtifactsName)) {
		err = &distError{dir}
	}
	return p, err
}

// distError says that a project's artifacts were named in its place.
type distError struct{ dir string }

func (e *distError) Error() string {
	return fmt.Sprintf("%q has artifacts, and is not a project: it has no *.opam file", e.dir)
}

// open reads a project and its lock, and sets up fetching.
func (w *world) open(o common, dir string) (*session, error) {
	return w.openLocked(o, dir, func(p *farm.Project, l *lock.File) ([]lock.TargetID, error) { return chosen(o, p, l) })
}

// openLocked does so for targets that are chosen otherwise.
func (w *world) openLocked(o common, dir string, choose func(*farm.Project, *lock.File) ([]lock.TargetID, error)) (*session, error) {
	project, err := openProject(dir)
	if err != nil {
		return nil, err
	}
	bundles, err := w.openBundles(o)
	if err != nil {
		return nil, err
	}
	l, digest, err := project.ReadLock()
	if as[*farm.NoLockError](err) && len(bundles) > 0 {
		if err := w.takeLock(project, bundles[0]); err != nil {
			return nil, err
		}
		l, digest, err = project.ReadLock()
	}
	if err != nil {
		return nil, err
	}
	ids, err := choose(project, l)
	if err != nil {
		return nil, err
	}
	f, meter, err := w.openFarm(o)
	if err != nil {
		return nil, err
	}
	useBundles(f, o, bundles)
	if err := w.useBases(f, o, project, ids); err != nil {
		return nil, err
	}
	f.Fetcher.Mirrors = w.mirrors(o, dir, project.Config).For(slices.Concat(l.Targets, l.Roots))
	return &session{f, project, l, digest, ids, meter}, nil
}

// chosen are the locked targets that a command is about, each once.
func chosen(o common, p *farm.Project, l *lock.File) ([]lock.TargetID, error) {
	names := o.targets
	if len(names) == 0 {
		names = p.Config.Targets
	}
	return farm.TargetIDs(l, names, targets.Platform(o.platform))
}

// plans makes the plans of a session's targets.
func (s *session) plans(ctx context.Context) ([]*plan.Plan, error) {
	return s.farm.Plans(ctx, farm.BuildOptions{Project: s.project, Lock: s.lock, Targets: s.targets})
}
