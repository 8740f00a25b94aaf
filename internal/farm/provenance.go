package farm

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/cache"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/release"
	"github.com/ofarm/ofarm/llb"
	"github.com/ofarm/ofarm/targets"
)

// ProvenanceName says what all artifacts were made of, beside
// [ArtifactsName]; see package release.
const ProvenanceName = "provenance.json"

// provenance says how the targets are built, in the order of the plans. What is
// known after the build only is left out: artifacts, and BuildKit's version.
func (f *Farm) provenance(o BuildOptions, plans []*plan.Plan, images []llb.Images, definitions []*llb.Definition) ([]release.Build, error) {
	out := make([]release.Build, len(plans))
	for i, pl := range plans {
		b, err := f.provenanceOf(o, pl, images[i], definitions[i])
		if err != nil {
			return nil, fmt.Errorf("%s: describing the build: %w", pl.Release.Name, err)
		}
		out[i] = b
	}
	return out, nil
}

func (f *Farm) provenanceOf(o BuildOptions, pl *plan.Plan, images llb.Images, def *llb.Definition) (release.Build, error) {
	data, err := llb.Marshal(def)
	if err != nil {
		return release.Build{}, err
	}
	tools, err := f.toolMaterials(pl.Platform, images)
	if err != nil {
		return release.Build{}, err
	}
	b := release.Build{
		Folder:   targets.Folder(pl.Release.Name, pl.Platform),
		External: o.external(pl),
		Internal: release.Internal{
			Epoch:      pl.Epoch,
			Plan:       cache.Keys(pl)[lastStep(pl).Name],
			Definition: hexSum(data),
		},
		Versions: map[string]string{},
		Tools:    tools,
	}
	if o.Version != "" {
		b.Versions["ofarm"] = o.Version
	}
	b.Materials, err = f.materials(o, pl, images)
	return b, err
}

func lastStep(pl *plan.Plan) plan.Step { return pl.Steps[len(pl.Steps)-1] }

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// external are the parameters of a target's build, as they came to be from
// flags and ofarm.toml.
func (o BuildOptions) external(pl *plan.Plan) release.External {
	conf := o.config(pl)
	settings := o.settings(conf)
	step := lastStep(pl)
	x := release.External{
		Target:         pl.Release.Name,
		Platform:       string(pl.Platform),
		Link:           string(step.Link),
		Strip:          step.Strip,
		Export:         step.Export,
		MaxGLIBC:       conf.MaxGLIBC,
		Build:          settings.Build,
		Install:        settings.Install,
		DistroPackages: settings.DistroPackages,
		ThreadStack:    settings.ThreadStack,
	}
	for _, p := range o.Project.Packages {
		x.Packages = append(x.Packages, p.Name+"."+p.Version)
	}
	return x
}

// materials are what a target's build reads: the lock, the project, the images
// of the roots, and inputs of the lock.
func (f *Farm) materials(o BuildOptions, pl *plan.Plan, images llb.Images) ([]release.Material, error) {
	project, err := f.projectMaterial(images)
	if err != nil {
		return nil, err
	}
	out := []release.Material{{Name: LockName, SHA256: o.LockDigest}, project}
	roots, err := f.rootMaterials(pl, images)
	if err != nil {
		return nil, err
	}
	out = append(out, roots...)
	id := lock.TargetID{Name: pl.Release.Name, Platform: string(pl.Platform)}
	for _, pkg := range o.Lock.PackagesOf(id) {
		own, err := opamMaterials(pkg, pl)
		if err != nil {
			return nil, err
		}
		out = append(out, own...)
	}
	return out, nil
}

// projectMaterial is the tar of the project's files, the one layer of their
// image.
func (f *Farm) projectMaterial(images llb.Images) (release.Material, error) {
	layers, err := f.Layout.Layers(images.Project)
	if err != nil {
		return release.Material{}, fmt.Errorf("reading the image of the project's files: %w", err)
	}
	return release.Material{
		Name: "project", SHA256: layers[0].Digest.Encoded(), MediaType: layers[0].MediaType,
	}, nil
}

// writeProvenance puts what is known of the built targets into provenance.json,
// beside what it says of others, as far as that is of files that artifacts.json,
// which is there already, has too.
func writeProvenance(dir string, built, old []release.Build, artifacts []Artifact) error {
	path := filepath.Join(dir, ProvenanceName)
	all := slices.Clone(built)
	for _, b := range old {
		if !slices.ContainsFunc(built, func(n release.Build) bool { return n.Folder == b.Folder }) {
			all = append(all, b)
		}
	}
	var described []release.Build
	for _, b := range all {
		b.Subjects = subjectsOf(b.Folder, artifacts, b.Subjects)
		if len(b.Subjects) > 0 {
			described = append(described, b)
		}
	}
	if len(described) == 0 {
		return removeFile(path)
	}
	data, err := release.AppendProvenance(nil, described)
	if err != nil {
		return err
	}
	return WriteFile(path, data)
}

// subjectsOf lists the artifacts of a target's folder; of those, where there is
// a list, what it has too.
func subjectsOf(folder string, artifacts []Artifact, among []release.Subject) []release.Subject {
	var out []release.Subject
	for _, a := range artifacts {
		s := release.Subject{Path: a.Path, SHA256: a.SHA256}
		if strings.HasPrefix(a.Path, folder+"/") && (len(among) == 0 || slices.Contains(among, s)) {
			out = append(out, s)
		}
	}
	return out
}

func removeFile(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// BadProvenanceError says that a provenance.json is damaged.
type BadProvenanceError struct {
	Path string
	Err  error
}

func (e *BadProvenanceError) Error() string { return fmt.Sprintf("reading %q: %v", e.Path, e.Err) }

func (e *BadProvenanceError) Unwrap() error { return e.Err }

// ReadProvenance reads a provenance.json; a missing one says nothing.
//
// Errors: [*BadProvenanceError], [*OtherVersionError].
func ReadProvenance(path string) ([]release.Build, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	builds, err := release.ParseProvenance(data)
	var other *release.BuildTypeError
	if errors.As(err, &other) {
		return nil, &OtherVersionError{Path: path, Err: err}
	}
	if err != nil {
		return nil, &BadProvenanceError{Path: path, Err: err}
	}
	return builds, nil
}
