package farm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/scratch"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/source"
	"github.com/ofarm/ofarm/llb"
)

const (
	// leastMemory is what must be free for a second build in memory.
	leastMemory = 6 << 30
	// spareMemory is left for what runs.
	spareMemory = 3 << 30
	// stepsMemory is what all steps together may leave, beyond their roots and
	// sources: an OCaml compiler is 0.3 GiB.
	stepsMemory = 2 << 30

	// nobody is the owner of the second build's project, where this is root.
	nobody = 65534
)

// buildAgain makes a farm that has nothing of the first but its inputs, and
// builds in it.
func (r *verification) buildAgain(ctx context.Context) error {
	r.begin(StageAgain)
	project, err := r.copyProject(filepath.Join(r.folder.Dir, "project"))
	if err != nil {
		return err
	}
	layout, err := oci.Open(filepath.Join(r.folder.Dir, "oci"))
	if err != nil {
		return err
	}
	again := *r.one.farm
	again.CacheDir, again.Layout = r.folder.Dir, layout
	again.logDir = r.one.farm.LogDir() // who reads of a failure wants its log
	again.Bases = nil                  // assembling them must give what a registry gave
	o := r.opt.BuildOptions
	o.Project = project
	o.Output = filepath.Join(r.folder.Dir, "dist")
	r.filled = r.memory()
	o.Engine = r.secondEngine(r.filled)
	if r.two, err = newSide(ctx, &again, o); err != nil {
		return err
	}
	r.two.fresh = true
	return r.two.build(ctx)
}

// againParent is the folder below which second builds have their own, and nothing
// else is.
func (o VerifyOptions) againParent(f *Farm) string {
	if o.StateDir != "" {
		return filepath.Join(o.StateDir, againInState)
	}
	return filepath.Join(f.CacheDir, againName)
}

// memory is how much memory the second build may fill with what it makes; 0 if
// there isn't enough of it, or a folder was asked for. What it needs is
// reckoned by the images: a root is there as it was sent, unpacked, and
// configured; a source as it was sent, unpacked, and as a step's own copy.
func (r *verification) memory() int64 {
	free := solve.FreeMemory()
	if r.opt.StateDir != "" || free < leastMemory {
		return 0
	}
	need := int64(stepsMemory)
	for _, d := range imagesOf(r.one.images) {
		layers, err := r.one.farm.Layout.Layers(d)
		if err != nil {
			return 0
		}
		for _, l := range layers {
			need += 3 * l.Size
		}
	}
	if size := free - spareMemory; size >= need {
		return size
	}
	return 0
}

// imagesOf lists the digests of all images, each once.
func imagesOf(all []llb.Images) []digest.Digest {
	seen := map[digest.Digest]bool{}
	var out []digest.Digest
	add := func(d digest.Digest) {
		if d != "" && !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	for _, images := range all {
		for _, n := range namedImages(images) {
			add(n.digest)
		}
	}
	return out
}

// copyProject copies the project's files to another folder, and as root gives
// them another owner. The copy isn't a git checkout: which files are the
// project's is known.
func (r *verification) copyProject(dir string) (*Project, error) {
	project := *r.one.opt.Project
	entries, err := source.Project(project.Dir, source.ProjectOptions{Exclude: project.excludes()})
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	project.files = []string{}
	for _, e := range entries {
		project.files = append(project.files, e.Path)
		if err := copyEntry(filepath.Join(dir, filepath.FromSlash(e.Path)), e); err != nil {
			return nil, fmt.Errorf("copying the project: %w", err)
		}
	}
	project.Dir, project.output = dir, ""
	if os.Getuid() != 0 {
		return &project, nil
	}
	return &project, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
}

func copyEntry(to string, e oci.Entry) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	switch e.Type {
	case oci.Dir:
		return os.MkdirAll(to, 0o755)
	case oci.Symlink:
		return os.Symlink(e.Linkname, to)
	}
	in, err := e.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(e.Mode))
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

const (
	// againName is the folder in the cache that has the second builds' own, and
	// againInState the one in a folder that was asked for.
	againName    = "again"
	againInState = "ofarm-again"
	againPrefix  = "verify-"
)

// newAgainFolder makes the folder of a second build, and removes those that were
// left by what was killed; engine tells where programs for that are.
func newAgainFolder(parent string, engine solve.Options) (*scratch.Folder, error) {
	parent, err := filepath.Abs(parent)
	if err != nil {
		return nil, err
	}
	// Such a folder is removed once its daemon is gone.
	return scratch.Make(parent, againPrefix, func(dir string) error {
		engine.StateDir = (&Farm{CacheDir: dir}).StateDir()
		return errors.Join(solve.RemoveState(engine), os.RemoveAll(dir))
	})
}

// endAgain removes the folder of this second build; with the last one goes the
// folder of such folders.
func endAgain(folder *scratch.Folder) error {
	err := folder.Remove()
	scratch.Tidy(filepath.Dir(folder.Dir))
	return err
}
