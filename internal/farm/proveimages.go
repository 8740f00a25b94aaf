package farm

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/base"
	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/targets"
)

// ProveRoot is a bare root and what it is assembled from. Without packages and
// without an image it is empty.
type ProveRoot struct {
	// Root's Image may be set; then nothing is assembled.
	prove.Root
	// Distro says how the packages are unpacked: the root is what they have,
	// never configured, since a loader with its libraries in their default
	// places needs nothing else.
	Distro targets.Distro
	// Archives are those that the packages are from.
	Archives []lock.Archive
	// Packages are all packages of the root.
	Packages []lock.DistroPackage
	// Epoch is the time, in seconds since 1970, that no file is newer than.
	Epoch int64
}

// EmptyRoot is the root that has nothing, for static executables.
func EmptyRoot(p targets.Platform) ProveRoot {
	return ProveRoot{Root: prove.Root{Name: config.RootEmpty, Platform: p}}
}

// RootImages brings the images of roots into the layout, for proving without a
// connection.
func (f *Farm) RootImages(ctx context.Context, roots []ProveRoot) error {
	set := &imageSet{farm: f}
	for _, r := range roots {
		if err := set.addBareRoot(r, func(digest.Digest) {}); err != nil {
			return fmt.Errorf("root %s: %w", r.Name, err)
		}
	}
	return set.prepare(ctx)
}

// proveImages brings the images of roots and of the programs' targets into the
// layout. It notes the programs' in them, and returns the roots with theirs;
// roots that no program is for are left out.
func (f *Farm) proveImages(ctx context.Context, o ProveOptions, programs []*program) ([]prove.Root, error) {
	set := &imageSet{farm: f}
	var wanted []ProveRoot
	for _, r := range o.Roots {
		if slices.ContainsFunc(programs, func(p *program) bool { return p.artifact.Platform == string(r.Platform) }) {
			wanted = append(wanted, r)
		}
	}
	roots := make([]prove.Root, len(wanted))
	for i, r := range wanted {
		roots[i] = r.Root
		if r.Image != "" {
			continue
		}
		if err := set.addBareRoot(r, func(d digest.Digest) { roots[i].Image = d }); err != nil {
			return nil, fmt.Errorf("root %s: %w", r.Name, err)
		}
	}
	byTarget := map[string][]*program{}
	for _, p := range programs {
		byTarget[folderOf(p.artifact)] = append(byTarget[folderOf(p.artifact)], p)
	}
	for _, folder := range slices.Sorted(maps.Keys(byTarget)) {
		if err := set.addArtifacts(o, byTarget[folder]); err != nil {
			return nil, err
		}
	}
	return roots, set.prepare(ctx)
}

// addBareRoot adds the image of a root.
func (s *imageSet) addBareRoot(r ProveRoot, put func(digest.Digest)) error {
	pkgs, err := s.packages(r.Packages)
	if err != nil {
		return err
	}
	img := image{
		what:   "root " + r.Name,
		key:    bareRootKey(r),
		inputs: requests(r.Packages, lock.Target{TargetID: lock.TargetID{Name: r.Name}, Archives: r.Archives}),
		put:    put,
	}
	opt := base.Options{Epoch: time.Unix(r.Epoch, 0).UTC()}
	write := func(w io.Writer) error { return oci.WriteTree(w, nil) }
	switch {
	case len(pkgs) == 0:
	case r.Distro == targets.Debian:
		write = func(w io.Writer) error { return base.Debian(w, pkgs, opt) }
	case r.Distro == targets.Alpine:
		write = func(w io.Writer) error { return base.Alpine(w, pkgs, opt) }
	default:
		return fmt.Errorf("there is no way to unpack packages of %q", r.Distro)
	}
	img.layers = []func(io.Writer) error{write}
	s.images = append(s.images, img)
	return nil
}

func bareRootKey(r ProveRoot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "bare root %s %s %d\n", imageVersion, r.Distro, r.Epoch)
	for _, p := range r.Packages {
		fmt.Fprintf(&b, "%s %s\n", p.SHA256, path.Base(p.Path))
	}
	return b.String()
}

// addArtifacts adds the image of a target's files: an executable may look for
// others of them beside it.
func (s *imageSet) addArtifacts(o ProveOptions, programs []*program) error {
	folder := folderOf(programs[0].artifact)
	var entries []oci.Entry
	var key strings.Builder
	fmt.Fprintf(&key, "artifacts %s\n", imageVersion)
	for _, a := range o.Artifacts {
		if folderOf(a) != folder {
			continue
		}
		e, err := artifactEntry(filepath.Join(o.Dir, a.Path), a)
		if err != nil {
			return err
		}
		entries = append(entries, e)
		fmt.Fprintf(&key, "%s %o %s\n", a.SHA256, e.Mode, e.Path)
	}
	s.images = append(s.images, image{
		what: "the artifacts of " + folder,
		key:  key.String(),
		put: func(d digest.Digest) {
			for _, p := range programs {
				p.files = d
			}
		},
		layers: []func(io.Writer) error{func(w io.Writer) error { return oci.WriteTree(w, entries) }},
	})
	return nil
}

// artifactEntry is a file of a target. Who builds decides of an artifact's
// permissions for others; in a root everything belongs to its only user.
func artifactEntry(file string, a Artifact) (oci.Entry, error) {
	info, err := os.Stat(file)
	if err != nil {
		return oci.Entry{}, &ChangedArtifactError{Path: file, Err: err}
	}
	return oci.Entry{
		Path: withinTarget(a), Mode: int64(info.Mode().Perm()), Size: a.Size,
		Open: func() (io.ReadCloser, error) { return os.Open(file) },
	}, nil
}
