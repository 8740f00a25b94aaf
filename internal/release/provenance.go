package release

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// Build is how the artifacts of one target were built.
type Build struct {
	// Folder is the target's folder, in which its artifacts are:
	// "debian-bookworm", "alpine-3.20-arm64".
	Folder   string
	External External
	Internal Internal
	// Subjects are the artifacts; at least one.
	Subjects []Subject
	// Materials are what the build read.
	Materials []Material
	// Versions are those of the builder's programs, by name: "ofarm",
	// "buildkit". One that isn't known is not there.
	Versions map[string]string
	// Tools are programs that the builder brings into a build.
	Tools []Material
}

// External are the parameters of a build that its project or its caller sets.
type External struct {
	// Target is the release's exact name, Platform is as "linux/amd64".
	Target   string `json:"target"`
	Platform string `json:"platform"`
	// Packages are the opam packages of the project that are built, each as
	// NAME.VERSION, sorted.
	Packages []string `json:"packages"`
	// Link is how executables are linked, as ofarm's --link: "static".
	Link string `json:"link"`
	// Strip tells whether executables are stripped.
	Strip bool `json:"strip"`
	// Export are the patterns of what is exported, relative to the prefix.
	Export []string `json:"export"`
	// MaxGLIBC is the highest glibc floor that is accepted, "2.31"; empty for
	// the target's own.
	MaxGLIBC string `json:"maxGlibc,omitempty"`
	// Build and Install are commands in the place of those of the opam files,
	// as lists of words; nil where those hold.
	Build   [][]string `json:"build,omitempty"`
	Install [][]string `json:"install,omitempty"`
	// DistroPackages are distro packages beyond those that opam files ask for.
	DistroPackages []string `json:"distroPackages,omitempty"`
	// ThreadStack is the stack of threads in static executables, in bytes; 0
	// for the linker shim's own.
	ThreadStack int64 `json:"threadStack,omitempty"`
}

// Internal are the parameters of a build that ofarm made of the external ones
// and the lock.
type Internal struct {
	// Epoch is SOURCE_DATE_EPOCH inside steps, in seconds.
	Epoch int64 `json:"sourceDateEpoch"`
	// Plan names the plan, by the key of its last step as "ofarm plan --json"
	// prints it: the sha256 in hex of all that the step's output depends on but
	// for the project's files.
	Plan string `json:"plan"`
	// Definition is the sha256 in hex of BuildKit's graph as "ofarm llb" writes
	// it, which is of the project's files too.
	Definition string `json:"definition"`
}

// Subject is an artifact.
type Subject struct {
	// Path begins with the target's folder: "debian-bookworm/bin/hello".
	Path string
	// SHA256 is in hex.
	SHA256 string
}

// Material is something that a build read.
type Material struct {
	// Name says what it is; see the package comment.
	Name string
	// URI is where it comes from upstream, or what names it everywhere (a
	// package URL, https://github.com/package-url/purl-spec); empty for what
	// only the project has.
	URI string
	// SHA256 is in hex.
	SHA256 string
	// GitCommit is the commit whose tree it is, in 40 hex digits; or empty.
	GitCommit string
	// MediaType is that of the bytes whose sha256 it is, where it isn't plain
	// from the name.
	MediaType string
}

// ProvenanceError is a mistake in what is to be said of a build.
type ProvenanceError struct {
	// Folder is the target's.
	Folder string
	Text   string
}

func (e *ProvenanceError) Error() string {
	return fmt.Sprintf("the provenance of %q: %s", e.Folder, e.Text)
}

// AppendProvenance appends the provenance of some targets' artifacts: a
// statement as indented JSON with a line break at its end. The order of the
// builds, and of what they list, doesn't matter.
//
// Errors: all [*ProvenanceError] at once.
func AppendProvenance(b []byte, builds []Build) ([]byte, error) {
	if err := check(builds); err != nil {
		return b, err
	}
	out := bytes.NewBuffer(b)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false) // "&" stands in every package URL
	enc.SetIndent("", "  ")
	err := enc.Encode(join(builds))
	return out.Bytes(), err
}

// BuildTypeError says that a provenance is of another build type: of another
// version of this format, or of another program's.
type BuildTypeError struct{ BuildType string }

func (e *BuildTypeError) Error() string { return fmt.Sprintf("its build type is %q", e.BuildType) }

// ParseProvenance reads what [AppendProvenance] wrote, and nothing else: it
// doesn't read other statements, and refuses one that was edited. Builds are
// sorted by folder, and what they list likewise.
//
// Errors: [*BuildTypeError].
func ParseProvenance(data []byte) ([]Build, error) {
	var kind statement
	err := json.Unmarshal(data, &kind)
	if of := kind.Predicate.BuildDefinition.BuildType; err == nil && of != "" && of != buildType {
		return nil, &BuildTypeError{of}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var s statement
	if err := dec.Decode(&s); err != nil {
		return nil, err
	}
	builds := s.split()
	again, err := AppendProvenance(nil, builds)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, fmt.Errorf("it is not as ofarm writes it, from line %d on", differsAt(again, data))
	}
	return builds, nil
}

// differsAt is the first line in which two texts differ, counted from 1.
func differsAt(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return 1 + bytes.Count(a[:n], []byte("\n"))
}

// check looks for what would make a statement false or unreadable.
func check(builds []Build) error {
	var errs *multierror.Error
	if len(builds) == 0 {
		errs = multierror.Append(errs, &ProvenanceError{Text: "there is no build"})
	}
	seen := map[string]bool{}
	for _, b := range builds {
		for _, text := range b.mistakes(seen) {
			errs = multierror.Append(errs, &ProvenanceError{Folder: b.Folder, Text: text})
		}
		seen[b.Folder] = true
	}
	return errs.ErrorOrNil()
}

var (
	sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)
	commitHex = regexp.MustCompile(`^([0-9a-f]{40})?$`)
)

func (b Build) mistakes(seen map[string]bool) []string {
	var out []string
	wrong := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	switch {
	case b.Folder == "" || strings.Contains(b.Folder, "/"):
		wrong("that is not the name of a folder")
	case seen[b.Folder]:
		wrong("it is there twice")
	}
	if len(b.Subjects) == 0 {
		wrong("it has no artifact")
	}
	paths := map[string]bool{}
	for _, s := range b.Subjects {
		if paths[s.Path] {
			wrong("artifact %q is there twice", s.Path)
		}
		paths[s.Path] = true
		if !strings.HasPrefix(s.Path, b.Folder+"/") {
			wrong("artifact %q is not in the folder", s.Path)
		}
		if !sha256Hex.MatchString(s.SHA256) {
			wrong("artifact %q: %q is not a sha256", s.Path, s.SHA256)
		}
	}
	for _, m := range slices.Concat(b.Materials, b.Tools) {
		if m.Name == "" || !sha256Hex.MatchString(m.SHA256) || !commitHex.MatchString(m.GitCommit) {
			wrong("%q is not named by a sha256", m.Name)
		}
	}
	for name := range b.Versions {
		if name == "" || strings.Contains(name, "/") {
			wrong("%q is not the name of a program", name)
		}
	}
	slices.Sort(out)
	return out
}
