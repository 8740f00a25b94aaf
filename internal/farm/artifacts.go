package farm

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/scratch"
	"github.com/ofarm/ofarm/targets"
)

// ArtifactsName is the description of all artifacts, beside the targets'
// folders.
const ArtifactsName = "artifacts.json"

// Artifact is one exported file, as artifacts.json describes it.
type Artifact struct {
	// Target is the release's exact name, Platform as "linux/amd64".
	Target   string `json:"target"`
	Platform string `json:"platform"`
	// Path is relative to the folder of artifacts.json.
	Path string `json:"path"`
	// Size is in bytes, SHA256 in hex.
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Kind is "elf", "script" or "other".
	Kind string `json:"kind"`
	// Linkage is "static", "mostly-static" or "dynamic"; of ELF files only,
	// likewise below.
	Linkage string `json:"linkage,omitempty"`
	// Needed are the shared libraries that it needs.
	Needed []string `json:"needed,omitempty"`
	// GLIBCFloor is the oldest glibc it runs with, "2.31"; empty for none.
	GLIBCFloor string `json:"glibc_floor,omitempty"`
	// LinkRecord is the file that tells how it was linked (see [link.Record]),
	// relative as Path is; empty if ofarm's shim didn't link it.
	LinkRecord string `json:"link_record,omitempty"`
	// Lock is the sha256 of the lock it was built from, in hex.
	Lock string `json:"lock"`
	// Proof says in which bare roots it ran, sorted by root; see [Farm.Prove].
	// A build that makes the artifact anew knows of none.
	Proof []Proof `json:"proof,omitempty"`
}

// artifactsVersion is the version of artifacts.json that is read and written.
const artifactsVersion = 1

// artifactsFile is artifacts.json.
type artifactsFile struct {
	Version   int        `json:"version"`
	Artifacts []Artifact `json:"artifacts"`
}

// Policy is what a target's executables must keep.
func Policy(pl *plan.Plan, link targets.LinkMode, maxGLIBC string) audit.Policy {
	p := audit.Policy{
		Platform:    string(pl.Platform),
		NoRunpath:   true,
		NoExecStack: true,
		NoPrivate:   true,
		MaxGLIBC:    maxGLIBC,
	}
	switch link {
	case targets.Static:
		p.Linkage = audit.Static
	case targets.StaticPIE:
		p.Linkage, p.PIE = audit.Static, true
	case targets.MostlyStatic:
		p.Linkage = audit.MostlyStatic
	case targets.Project:
		p.Linkage = string(pl.Release.Link)
	}
	if pl.Release.Libc == targets.GLIBC && p.MaxGLIBC == "" {
		p.MaxGLIBC = pl.Release.LibcVersion
	}
	return p
}

// auditDir reads all files of a target's export and holds them against its
// policy, and names what the records of links say brought in what is wrong. All
// violations are reported at once.
func auditDir(dir, records string, pl *plan.Plan, policy audit.Policy, lockDigest string) ([]Artifact, error) {
	linked, err := recordsByContent(records)
	if err != nil {
		return nil, err
	}
	folder := targets.Folder(pl.Release.Name, pl.Platform)
	var out []Artifact
	var errs *multierror.Error
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		r, err := audit.File(path, audit.Options{Prefixes: []string{"/ofarm/build"}, Origins: originsOf(path, linked)})
		if err != nil {
			errs = multierror.Append(errs, fmt.Errorf("%s: auditing: %w", folder, err))
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(filepath.Join(folder, rel))
		r.File = rel
		errs = multierror.Append(errs, policy.Check(r))
		out = append(out, artifact(r, pl, lockDigest))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, errs.ErrorOrNil()
}

func artifact(r *audit.Report, pl *plan.Plan, lockDigest string) Artifact {
	return Artifact{
		Target:     pl.Release.Name,
		Platform:   string(pl.Platform),
		Path:       r.File,
		Size:       r.Size,
		SHA256:     r.SHA256,
		Kind:       r.Kind,
		Linkage:    r.Linkage,
		Needed:     r.Needed,
		GLIBCFloor: r.Floor,
		Lock:       lockDigest,
	}
}

// BadArtifactsError says that an artifacts.json is damaged.
type BadArtifactsError struct {
	Path string
	Err  error
}

func (e *BadArtifactsError) Error() string { return fmt.Sprintf("reading %q: %v", e.Path, e.Err) }

func (e *BadArtifactsError) Unwrap() error { return e.Err }

// ReadArtifacts reads an artifacts.json; a missing one has none.
//
// Errors: [*BadArtifactsError], [*OtherVersionError].
func ReadArtifacts(path string) ([]Artifact, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var f artifactsFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, &BadArtifactsError{path, fmt.Errorf("it is damaged: %w", err)}
	}
	if f.Version != artifactsVersion {
		return nil, &OtherVersionError{path, fmt.Errorf("its version is %d, not %d", f.Version, artifactsVersion)}
	}
	return f.Artifacts, nil
}

// writeArtifacts puts the artifacts of some targets into artifacts.json, beside
// those of others whose files are there, and returns all.
func writeArtifacts(dir string, built []string, artifacts, old []Artifact) ([]Artifact, error) {
	artifacts = slices.Clone(artifacts)
	for _, a := range old {
		folder := targets.Folder(a.Target, targets.Platform(a.Platform))
		if _, err := os.Stat(filepath.Join(dir, a.Path)); err == nil && !slices.Contains(built, folder) {
			artifacts = append(artifacts, a)
		}
	}
	slices.SortFunc(artifacts, func(x, y Artifact) int { return cmp.Compare(x.Path, y.Path) })
	return artifacts, putArtifacts(dir, artifacts)
}

// putArtifacts writes an artifacts.json.
func putArtifacts(dir string, artifacts []Artifact) error {
	data, err := json.MarshalIndent(artifactsFile{Version: artifactsVersion, Artifacts: artifacts}, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, ArtifactsName), append(data, '\n'))
}

// WriteError is a file that can't be written.
type WriteError struct {
	Path string
	Err  error
}

func (e *WriteError) Error() string { return fmt.Sprintf("writing %q: %v", e.Path, e.Err) }

func (e *WriteError) Unwrap() error { return e.Err }

// NewFile makes a file that is to be at path.
//
// Errors: [*WriteError], which doesn't name the file that wasn't made.
func NewFile(path string) (*scratch.File, error) {
	f, err := scratch.NewFile(path)
	var at *fs.PathError
	if errors.As(err, &at) {
		return nil, &WriteError{path, at.Err}
	}
	return f, err
}

// WriteFile writes a file as a whole or not at all.
//
// Errors: [*WriteError].
func WriteFile(path string, data []byte) error {
	f, err := NewFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Keep(0o644)
}
