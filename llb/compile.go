package llb

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/targets"
)

// Definition is a graph as BuildKit takes it: its ops as bytes, in topological
// order, with what progress calls each.
type Definition = llb.Definition

// Store is the name of the OCI layout that every source of a definition is in.
const Store = "ofarm"

// Images says which image holds each input of a plan, by the digest of its
// manifest in the layout [Store].
type Images struct {
	// Roots has an image for each root, by name. Alpine's is the whole root.
	// For Debian the base's is the unpacked packages, and that of another root
	// is a folder of its .deb files.
	Roots map[string]digest.Digest
	// Sources has an image for each step with a source, by the step's name.
	Sources map[string]digest.Digest
	// Project has the project's files.
	Project digest.Digest
	// StepLib and RootLib have the files of [StepLib] and of package base.
	StepLib, RootLib digest.Digest
	// Shim has the linker shim, as cc, gcc and so on.
	Shim digest.Digest
}

// Options of [Compile], beyond the plan.
type Options struct {
	Images Images
	// Stop is the name of the last step to compile; empty for all. Its output
	// is the result.
	Stop string
	// Root is the name of a root that is the result, as it is before any step;
	// empty for a step's. No step is compiled.
	Root string
}

// MissingImageError says that a plan needs an image that was not given.
type MissingImageError struct{ Of string }

func (e *MissingImageError) Error() string { return fmt.Sprintf("no image for %s", e.Of) }

// Compile makes the definition of a plan. Its result is what the last step
// exports, or what it installs where that is a package.
func Compile(ctx context.Context, p *plan.Plan, opt Options) (*Definition, error) {
	c := newCompiler(p, opt.Images)
	if err := c.compileRoots(); err != nil {
		return nil, err
	}
	result, ok := c.roots[opt.Root]
	if opt.Root != "" && !ok {
		return nil, fmt.Errorf("compiling: root %q is not in the plan", opt.Root)
	}
	if opt.Root == "" {
		var err error
		if result, err = c.compileSteps(opt.Stop); err != nil {
			return nil, err
		}
	}
	return result.Marshal(ctx, c.platform())
}

// compileSteps compiles the steps up to the one named, or all, and returns the
// last one's output.
func (c *compiler) compileSteps(stop string) (llb.State, error) {
	result := llb.Scratch()
	for _, step := range c.plan.Steps {
		out, err := c.step(step)
		if err != nil {
			return result, fmt.Errorf("compiling %s: %w", step.Name, err)
		}
		c.outputs[step.Name] = out
		result = out
		if step.Name == stop {
			return result, nil
		}
	}
	if stop != "" {
		return result, fmt.Errorf("compiling: step %q is not in the plan", stop)
	}
	return result, nil
}

type compiler struct {
	plan    *plan.Plan
	images  Images
	roots   map[string]llb.State
	outputs map[string]llb.State
}

func newCompiler(p *plan.Plan, images Images) *compiler {
	return &compiler{plan: p, images: images, roots: map[string]llb.State{}, outputs: map[string]llb.State{}}
}

func (c *compiler) platform() llb.ConstraintsOpt {
	osName, arch := path.Split(string(c.plan.Platform))
	return llb.Platform(ocispecPlatform(path.Clean(osName), arch))
}

// image is a source vertex.
func (c *compiler) image(d digest.Digest, of string) (llb.State, error) {
	if d == "" {
		return llb.State{}, &MissingImageError{Of: of}
	}
	ref := fmt.Sprintf("local/%s@%s", Store, d)
	return llb.OCILayout(ref, llb.OCIStore("", Store), c.platform(), c.named("load "+of)), nil
}

// named gives a vertex the name that progress and errors show.
func (c *compiler) named(what string) llb.ConstraintsOpt {
	return llb.WithCustomName(stepName(c.plan, what))
}

func stepName(p *plan.Plan, what string) string {
	return fmt.Sprintf("[%s] %s", targets.Folder(p.Release.Name, p.Platform), what)
}

func (c *compiler) step(s plan.Step) (llb.State, error) {
	root, ok := c.roots[s.Root]
	if !ok {
		return llb.State{}, fmt.Errorf("root %q is not in the plan", s.Root)
	}
	mounts, err := c.mounts(s, root)
	if err != nil {
		return llb.State{}, err
	}
	opts := append(c.exec(s.Name, s.Dir, command(s)), llb.ReadonlyRootFS())
	for _, m := range mounts {
		opts = append(opts, llb.AddMount(m.target, m.source, m.opts...))
	}
	ex := root.Run(opts...)
	if s.Project {
		return ex.GetMount(outDir), nil
	}
	return ex.GetMount(output(s)), nil
}

// prefix are the mounts at and for a step's prefix. With dependencies it is in
// memory: a link for each of their files is thousands of inodes, which cost 4 µs
// each there and up to 230 µs on disk. What the step installed is copied to
// the output at its end. Without, as for a compiler, the output is the prefix:
// there is no link to make, and much to install.
func prefix(s plan.Step) []mount {
	inMemory := mount{plan.Prefix, llb.Scratch(), []llb.MountOption{llb.Tmpfs()}}
	switch {
	case s.Project:
		return []mount{inMemory}
	case len(s.Deps) == 0:
		return []mount{{plan.Prefix, llb.Scratch(), nil}}
	}
	return []mount{inMemory, {installedDir, llb.Scratch(), nil}}
}

// output is the mount that dependents see of a package's step.
func output(s plan.Step) string {
	if len(s.Deps) == 0 {
		return plan.Prefix
	}
	return installedDir
}

// exec is what every exec vertex has.
func (c *compiler) exec(name, dir string, args []string) []llb.RunOption {
	return []llb.RunOption{
		llb.Args(args),
		llb.Dir(dir),
		llb.Network(pb.NetMode_NONE),
		c.named(name),
		c.platform(),
	}
}

// tmp is the file system in memory of every exec.
func tmp() mount {
	return mount{"/tmp", llb.Scratch(), []llb.MountOption{llb.Tmpfs()}}
}

// resolverConf is what every exec has at /etc/resolv.conf: without it BuildKit
// would put a copy of the daemon's there, and so what a step sees would depend on
// the machine's name servers.
const resolverConf = "# A step of a build has no network, and so no name servers.\n"

// fileTime is the time of every file that a step's images have, too.
var fileTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// resolver is the mount of [resolverConf].
func (c *compiler) resolver() mount { return resolver(c.platform(), c.named("make resolv.conf")) }

func resolver(opts ...llb.ConstraintsOpt) mount {
	file := llb.Mkfile("/resolv.conf", 0o644, []byte(resolverConf), llb.WithCreatedTime(fileTime))
	return mount{
		"/etc/resolv.conf", llb.Scratch().File(file, opts...),
		[]llb.MountOption{llb.SourcePath("/resolv.conf"), llb.Readonly},
	}
}

// mount is a mount of an exec vertex.
type mount struct {
	target string
	source llb.State
	opts   []llb.MountOption
}

// mounts are those of a step, sorted by target.
//
// The root is among them although the exec has one already: only a mount can
// ask to be keyed by content. Of two mounts with one target the last one
// counts, for BuildKit's executor as for its cache key, and BuildKit's client
// sorts mounts by a sort that isn't stable, but keeps what is sorted already.
// So the order here makes that the second.
func (c *compiler) mounts(s plan.Step, root llb.State) ([]mount, error) {
	lib, err := c.image(c.images.StepLib, "the step library")
	if err != nil {
		return nil, err
	}
	source, err := c.source(s)
	if err != nil {
		return nil, err
	}
	readonly := []llb.MountOption{llb.Readonly}
	thrownAway := []llb.MountOption{llb.ForceNoOutput}
	out := []mount{
		{"/", root, []llb.MountOption{llb.Readonly, llb.ContentCache(llb.MountContentCacheOn)}},
		{libDir, lib, readonly},
		{s.Dir, source, thrownAway},
		c.resolver(),
		tmp(),
	}
	for _, dep := range s.Deps {
		state, ok := c.outputs[dep]
		if !ok {
			return nil, fmt.Errorf("its dependency %q does not stand before it", dep)
		}
		out = append(out, mount{path.Join(depDir, dep), state, readonly})
	}
	if s.Project {
		shim, err := c.image(c.images.Shim, "the linker shim")
		if err != nil {
			return nil, err
		}
		out = append(out, mount{shimDir, shim, readonly},
			mount{outDir, llb.Scratch(), nil})
	}
	out = append(out, prefix(s)...)
	slices.SortFunc(out, func(a, b mount) int { return cmp.Compare(a.target, b.target) })
	return out, nil
}

// source is what a step's folder has at the start.
func (c *compiler) source(s plan.Step) (llb.State, error) {
	switch {
	case s.Project:
		return c.image(c.images.Project, "the project's files")
	case s.Source == nil:
		return llb.Scratch(), nil
	}
	return c.image(c.images.Sources[s.Name], "the source of "+s.Name)
}
