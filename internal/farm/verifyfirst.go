package farm

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/targets"
)

// first takes the artifacts that are there if they are what a build would
// make, and builds them otherwise.
func (r *verification) first(ctx context.Context, f *Farm) error {
	artifacts, err := r.opt.readArtifacts()
	if err != nil && r.opt.Given {
		return err
	}
	var errSide error
	if r.one, errSide = newSide(ctx, f, r.opt.BuildOptions); errSide != nil {
		return errSide
	}
	r.one.artifacts = artifacts
	if err == nil {
		err = r.fit()
	}
	if err == nil {
		return r.canBuildAgain()
	}
	if r.opt.Given {
		return err
	}
	if err := r.canBuildAgain(); err != nil {
		return err
	}
	r.begin(StageFirst)
	r.result.Built = true
	return r.one.build(ctx)
}

// canBuildAgain tells whether this machine has what the second daemon needs.
func (r *verification) canBuildAgain() error {
	if err := solve.CanStart(r.secondEngine(0)); err != nil {
		return &AgainError{Parent: r.parent, Err: err}
	}
	return nil
}

// readArtifacts reads the artifacts of all targets, which must be there, of the
// lock, and what was described.
func (o VerifyOptions) readArtifacts() ([]Artifact, error) {
	path := filepath.Join(o.Output, ArtifactsName)
	all, err := ReadArtifacts(path)
	if err != nil {
		return nil, err
	}
	var out []Artifact
	for _, id := range o.Targets {
		own := artifactsOf(all, id)
		if len(own) == 0 {
			return nil, &NothingToVerifyError{Path: path, Target: targets.Folder(id.Name, targets.Platform(id.Platform))}
		}
		if err := FitLock(o.Output, o.Lock, own); err != nil {
			return nil, err
		}
		if err := onlyFiles(filepath.Join(o.Output, folderOf(own[0]))); err != nil {
			return nil, err
		}
		out = append(out, own...)
	}
	return out, unchanged(o.Output, out)
}

func artifactsOf(all []Artifact, id lock.TargetID) []Artifact {
	return slices.DeleteFunc(slices.Clone(all), func(a Artifact) bool {
		return lock.TargetID{Name: a.Target, Platform: a.Platform} != id
	})
}

// exported is a file in a target's folder.
type exported struct {
	sha256 string
	mode   int64
}

// fileSum is the sha256 of a regular file, in hex: nothing else is opened, as a
// named pipe would be waited for.
func fileSum(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errNoFile
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// compareArtifacts pairs the files that both builds left in the targets'
// folders, and returns the folders with files that differ. What artifacts.json
// doesn't name is among them: a record of a link, or a file that somebody added.
func (r *verification) compareArtifacts() (differing map[string]bool, err error) {
	differing = map[string]bool{}
	for i, pl := range r.one.plans {
		folder := r.one.folder(i)
		first, err := filesOf(r.one.opt.Output, folder)
		if err != nil {
			return nil, err
		}
		again, err := filesOf(r.two.opt.Output, folder)
		if err != nil {
			return nil, err
		}
		all := maps.Clone(first)
		maps.Copy(all, again)
		for _, path := range slices.Sorted(maps.Keys(all)) {
			p := ArtifactPair{
				Target: pl.Release.Name, Platform: string(pl.Platform),
				Path: path, First: first[path].sha256, Again: again[path].sha256,
				FirstMode: first[path].mode, AgainMode: again[path].mode,
			}
			r.result.Artifacts = append(r.result.Artifacts, p)
			if !p.Same() {
				differing[folder] = true
			}
		}
	}
	slices.SortFunc(r.result.Artifacts, func(x, y ArtifactPair) int { return cmp.Compare(x.Path, y.Path) })
	return differing, nil
}

// filesOf are all files in a target's folder, which may not be there, by their
// paths relative to the folder of artifacts.json. What is no file is an error.
func filesOf(dir, folder string) (map[string]exported, error) {
	out := map[string]exported{}
	err := eachFile(filepath.Join(dir, folder), func(path string, d fs.DirEntry) error {
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		sum, err := fileSum(path)
		if err != nil {
			return fmt.Errorf("reading the artifact %q: %w", path, err)
		}
		out[filepath.ToSlash(rel)] = exported{sum, int64(info.Mode().Perm())}
		return nil
	})
	return out, err
}

// eachFile calls f for what is in a target's folder and is no folder.
func eachFile(top string, f func(path string, d fs.DirEntry) error) error {
	if _, err := os.Lstat(top); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return f(path, d)
	})
}

// onlyFiles tells whether all of it are files that can be compared.
func onlyFiles(top string) error {
	return eachFile(top, func(path string, d fs.DirEntry) error {
		if !d.Type().IsRegular() {
			return &GivenArtifactError{Path: path, Err: errNoFile}
		}
		return nil
	})
}
