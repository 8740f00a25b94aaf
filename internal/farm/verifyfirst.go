package farm

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/release"
	"github.com/ofarm/ofarm/llb"
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
	if err == nil || r.opt.Given {
		return err
	}
	r.begin(StageFirst)
	r.result.Built = true
	return r.one.build(ctx)
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
		for _, a := range own {
			if a.Lock != o.LockDigest {
				return nil, &OtherBuildError{Dir: o.Output, Target: folderOf(a), Lock: true}
			}
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

// fit tells whether the artifacts come of the very graphs that would be solved
// now. Given artifacts without provenance are taken as they are: what they were
// built with is unknown.
func (r *verification) fit() error {
	builds, err := ReadProvenance(filepath.Join(r.opt.Output, ProvenanceName))
	if err != nil {
		return err
	}
	for i, id := range r.opt.Targets {
		folder := r.one.folder(i)
		k := slices.IndexFunc(builds, func(b release.Build) bool { return b.Folder == folder })
		if k < 0 && r.opt.Given {
			continue
		}
		data, err := llb.Marshal(r.one.definitions[i])
		if err != nil {
			return err
		}
		own := artifactsOf(r.one.artifacts, id)
		if k < 0 || builds[k].Internal.Definition != hexSum(data) || len(builds[k].Subjects) != len(own) {
			return &OtherBuildError{Dir: r.opt.Output, Target: folder}
		}
	}
	return nil
}

// unchanged tells whether the artifacts' files are what was described.
func unchanged(dir string, artifacts []Artifact) error {
	for _, a := range artifacts {
		path := filepath.Join(dir, filepath.FromSlash(a.Path))
		sum, err := fileSum(path)
		if err != nil || sum != a.SHA256 {
			return &ChangedArtifactError{Path: path, Err: err}
		}
	}
	return nil
}

func fileSum(path string) (string, error) {
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
				Path: path, First: first[path], Again: again[path],
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

// filesOf are the sha256 of all files in a target's folder, which may not be
// there, by their paths relative to the folder of artifacts.json.
func filesOf(dir, folder string) (map[string]string, error) {
	out := map[string]string{}
	top := filepath.Join(dir, folder)
	if _, err := os.Stat(top); errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		out[filepath.ToSlash(rel)], err = fileSum(path)
		return err
	})
	return out, err
}
