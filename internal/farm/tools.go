package farm

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/source"
	"github.com/ofarm/ofarm/llb"
	"github.com/ofarm/ofarm/targets"
)

// addFiles adds an image of small files that ofarm brings itself.
func (s *imageSet) addFiles(what string, files []llb.LibFile, put func(digest.Digest)) {
	var entries []oci.Entry
	k := what + " " + imageVersion + "\n"
	for _, f := range files {
		k += f.Name + " " + digest.FromString(f.Data).String() + "\n"
		entries = append(entries, oci.Entry{
			Path: f.Name, Mode: 0o644, Size: int64(len(f.Data)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(f.Data)), nil },
		})
	}
	s.images = append(s.images, image{
		what:   "the " + what,
		key:    k,
		put:    put,
		layers: []func(io.Writer) error{func(w io.Writer) error { return oci.WriteTree(w, entries) }},
	})
}

// ShimMissingError says that the linker shim of a platform isn't beside
// ofarm's own binary.
type ShimMissingError struct {
	Path string
	Err  error
}

func (e *ShimMissingError) Error() string {
	return fmt.Sprintf("the linker shim %q is missing: %v", e.Path, e.Err)
}

func (e *ShimMissingError) Unwrap() error { return e.Err }

// compilers are the names under which the shim stands before a compiler, by
// the distro package that has it: a name on PATH without a compiler behind it
// would mislead a configure script.
var compilers = []struct {
	pkg   string
	names []string
}{
	{"clang", []string{"clang", "clang++"}},
	{"g++", []string{"c++", "g++", "%s-g++"}},
	{"gcc", []string{"cc", "gcc", "%s-gcc"}},
}

// triplets are how a distro's own compilers are named beside that.
var triplets = map[targets.Distro]map[targets.Platform]string{
	targets.Debian: {targets.LinuxAMD64: "x86_64-linux-gnu", targets.LinuxARM64: "aarch64-linux-gnu"},
	targets.Alpine: {targets.LinuxAMD64: "x86_64-alpine-linux-musl", targets.LinuxARM64: "aarch64-alpine-linux-musl"},
}

// shimNames lists the names for the compilers that a plan's roots have.
func shimNames(pl *plan.Plan) []string {
	var names []string
	for _, c := range compilers {
		if !hasPackage(pl, c.pkg) {
			continue
		}
		for _, n := range c.names {
			names = append(names, strings.Replace(n, "%s", triplets[pl.Release.Distro][pl.Platform], 1))
		}
	}
	return names
}

func hasPackage(pl *plan.Plan, name string) bool {
	for _, r := range pl.Roots {
		for _, p := range r.Packages {
			if p.Name == name {
				return true
			}
		}
	}
	return false
}

// shimPath is where a platform's linker shim is.
func (f *Farm) shimPath(p targets.Platform) string {
	return filepath.Join(f.BinDir, "ofarm-cc-linux-"+strings.TrimPrefix(string(p), "linux/"))
}

// addShim adds the image of the linker shim, a file with a link for each name
// of a compiler.
func (s *imageSet) addShim(pl *plan.Plan, to *llb.Images) error {
	path := s.farm.shimPath(pl.Platform)
	shim, err := os.ReadFile(path)
	if err != nil {
		return &ShimMissingError{Path: path, Err: err}
	}
	entries := []oci.Entry{{
		Path: "ofarm-cc", Mode: 0o755, Size: int64(len(shim)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(shim)), nil },
	}}
	names := shimNames(pl)
	for _, n := range names {
		entries = append(entries, oci.Entry{Path: n, Type: oci.Symlink, Linkname: "ofarm-cc"})
	}
	s.images = append(s.images, image{
		what:   "the linker shim",
		key:    "linker shim " + imageVersion + " " + digest.FromBytes(shim).String() + "\n" + strings.Join(names, "\n"),
		put:    func(d digest.Digest) { to.Shim = d },
		layers: []func(io.Writer) error{func(w io.Writer) error { return oci.WriteTree(w, entries) }},
	})
	return nil
}

// projectImage makes the image of the project's files as they are now. Its key
// is their content: a file that was only touched changes nothing.
func (f *Farm) projectImage(p *Project) (digest.Digest, error) {
	entries, err := source.Project(p.Dir, source.ProjectOptions{Exclude: p.excludes(), Files: p.files})
	if err != nil {
		return "", err
	}
	d, err := f.writeImage(image{layers: []func(io.Writer) error{func(w io.Writer) error { return oci.WriteTree(w, entries) }}})
	if err != nil {
		return "", fmt.Errorf("packing the project's files: %w", err)
	}
	return d, f.Layout.Remember("project "+p.Dir, d)
}

// excludes are files of the project that no build reads: with them, locking
// again or a build of its own would rebuild the project.
func (p *Project) excludes() []string {
	out := []string{LockName, config.Name, p.Output()}
	from, err := filepath.Abs(p.Dir)
	if err != nil || p.output == "" {
		return out
	}
	to, err := filepath.Abs(p.output)
	if err != nil {
		return out
	}
	rel, err := filepath.Rel(from, to)
	if err == nil && rel != "." && filepath.IsLocal(rel) {
		out = append(out, filepath.ToSlash(rel))
	}
	return out
}

// Output is the project's folder of artifacts, relative to it.
func (p *Project) Output() string {
	if p.Config.Output != "" {
		return p.Config.Output
	}
	return "dist"
}
