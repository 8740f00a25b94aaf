package farm

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
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
			return nil, &NothingToVerifyError{Path: path}
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

// compareArtifacts pairs the artifacts of both builds, and returns the folders
// of the targets whose artifacts differ.
func (r *verification) compareArtifacts() map[string]bool {
	pairs := map[string]*ArtifactPair{}
	pair := func(a Artifact) *ArtifactPair {
		if pairs[a.Path] == nil {
			pairs[a.Path] = &ArtifactPair{Target: a.Target, Platform: a.Platform, Path: a.Path}
		}
		return pairs[a.Path]
	}
	for _, a := range r.one.artifacts {
		pair(a).First = a.SHA256
	}
	for _, a := range r.two.artifacts {
		pair(a).Again = a.SHA256
	}
	differing := map[string]bool{}
	for _, p := range pairs {
		r.result.Artifacts = append(r.result.Artifacts, *p)
		if !p.Same() {
			differing[targets.Folder(p.Target, targets.Platform(p.Platform))] = true
		}
	}
	slices.SortFunc(r.result.Artifacts, func(x, y ArtifactPair) int { return cmp.Compare(x.Path, y.Path) })
	return differing
}
