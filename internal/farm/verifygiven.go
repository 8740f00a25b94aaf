package farm

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/release"
	"github.com/ofarm/ofarm/llb"
)

// OtherBuildError says that given artifacts were built from something else than
// would be built now.
type OtherBuildError struct {
	Dir string
	// Target is the target's folder.
	Target string
	// Built and Lock are the sha256 of locks, in hex, if these differ: the one that
	// the artifacts were built from, and the project's.
	Built, Lock string
	// From says what else differs: "with other options".
	From []string
}

func (e *OtherBuildError) Error() string {
	text := fmt.Sprintf("the artifacts of %s in %q were built ", e.Target, e.Dir)
	if e.Built != e.Lock {
		return text + fmt.Sprintf("from another lock: sha256 %s, and the project's is %s", e.Built, e.Lock)
	}
	return text + strings.Join(e.From, ", and ")
}

// GivenArtifactError says that a given artifact isn't the file that is described.
type GivenArtifactError struct {
	Path string
	// Described and Found are the sha256 of both, in hex.
	Described, Found string
	// Err says why it can't be read; nil if it has other bytes.
	Err error
}

func (e *GivenArtifactError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("reading the artifact %q: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("%q is not what %s describes: its sha256 is %s, not %s", e.Path, ArtifactsName, e.Found, e.Described)
}

func (e *GivenArtifactError) Unwrap() error { return e.Err }

// FitLock tells whether artifacts, of the folder dir, were built from a lock, or from
// what it was before it had roots for proving; if not, an [*OtherBuildError].
func FitLock(dir string, l *lock.File, artifacts []Artifact) error {
	digest := hexSum(l.Append(nil))
	_, others := BuiltFrom(l, digest, artifacts)
	if len(others) == 0 {
		return nil
	}
	i := slices.IndexFunc(artifacts, func(a Artifact) bool { return folderOf(a) == others[0] })
	return &OtherBuildError{Dir: dir, Target: others[0], Built: artifacts[i].Lock, Lock: digest}
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
		other := &OtherBuildError{Dir: r.opt.Output, Target: folder}
		own := artifactsOf(r.one.artifacts, id)
		switch {
		case k < 0 || len(builds[k].Subjects) != len(own):
			other.From = []string{"from what " + ProvenanceName + " doesn't describe"}
		case builds[k].Internal.Definition != hexSum(data):
			other.From = otherwiseBuilt(builds[k], r.one.provenance[i])
		default:
			continue
		}
		return other
	}
	return nil
}

// otherwiseBuilt says in which ways a build's graph came to be another.
func otherwiseBuilt(was, now release.Build) []string {
	var from []string
	if !sameMaterial(was.Materials, now.Materials, "project") {
		from = append(from, "from other files of the project")
	}
	if !sameOptions(was.External, now.External) {
		from = append(from, "with other options")
	}
	for _, tool := range now.Tools {
		if !sameMaterial(was.Tools, now.Tools, tool.Name) {
			from = append(from, "with another "+tool.Name)
		}
	}
	if a, b := was.Versions["ofarm"], now.Versions["ofarm"]; a != b || len(from) == 0 {
		from = append(from, fmt.Sprintf("by another ofarm (by %s, and this one is %s)", orUnknown(a), orUnknown(b)))
	}
	return from
}

func sameMaterial(a, b []release.Material, name string) bool {
	sum := func(list []release.Material) string {
		i := slices.IndexFunc(list, func(m release.Material) bool { return m.Name == name })
		if i < 0 {
			return ""
		}
		return list[i].SHA256
	}
	return sum(a) == sum(b)
}

// sameOptions compares what of the parameters is part of a graph.
func sameOptions(a, b release.External) bool {
	a.MaxGLIBC, b.MaxGLIBC = "", ""
	for _, x := range []*release.External{&a, &b} {
		x.Packages, x.Export = slices.Concat(x.Packages), slices.Concat(x.Export)
		x.Build, x.Install, x.DistroPackages = slices.Concat(x.Build), slices.Concat(x.Install), slices.Concat(x.DistroPackages)
	}
	return reflect.DeepEqual(a, b)
}

func orUnknown(version string) string {
	if version == "" {
		return "an unknown version"
	}
	return version
}

// errNoFile says that something among artifacts is none.
var errNoFile = errors.New("it is not a regular file")

// unchanged tells whether the artifacts' files are what was described.
func unchanged(dir string, artifacts []Artifact) error {
	for _, a := range artifacts {
		path := filepath.FromSlash(a.Path)
		e := &GivenArtifactError{Path: filepath.Join(dir, path), Described: a.SHA256}
		if !filepath.IsLocal(path) {
			e.Err = errors.New("it is not in the folder of artifacts")
			return e
		}
		if e.Found, e.Err = fileSum(e.Path); e.Err != nil || e.Found != a.SHA256 {
			return e
		}
	}
	return nil
}
