package farm

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/verify"
	"github.com/ofarm/ofarm/llb"
	"github.com/ofarm/ofarm/targets"
)

// side is one of the two builds that are compared.
type side struct {
	farm *Farm
	opt  BuildOptions
	prepared
	// engine is held for as long as its results are needed; nil until then.
	engine *solve.Engine
	// artifacts are what came out, or was there.
	artifacts []Artifact
	// results are those of the build; nil if it didn't build.
	results []solve.Result
	// caught are those of [side.catchUp].
	caught []solve.Result
	// fresh says that nothing was taken from a cache.
	fresh bool
	// machine is what its steps see; nil if unknown.
	machine *machine
}

// newSide plans a build and makes its images.
func newSide(ctx context.Context, f *Farm, o BuildOptions) (*side, error) {
	project := *o.Project
	project.output = o.Output
	o.Project = &project
	s := &side{farm: f, opt: o}
	s.opt.Engine.StateDir, s.opt.Engine.BinDir = f.StateDir(), f.BinDir
	var err error
	s.prepared, err = f.prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// folder is the folder of a target, which also names it.
func (s *side) folder(i int) string {
	return targets.Folder(s.plans[i].Release.Name, s.plans[i].Platform)
}

// hold finds the side's daemon, and keeps it until the verification's end.
func (s *side) hold(ctx context.Context) error {
	if s.engine != nil {
		return nil
	}
	var err error
	s.engine, err = solve.Find(ctx, s.opt.Engine)
	return err
}

// build builds and exports.
func (s *side) build(ctx context.Context) error {
	if err := s.hold(ctx); err != nil {
		return err
	}
	built, err := s.farm.Build(ctx, s.opt)
	if err != nil {
		return err
	}
	s.artifacts, s.results = built.Artifacts, built.Results
	return nil
}

// catchUp solves what a build would, and exports nothing: what the daemon has
// already it doesn't make again.
func (s *side) catchUp(ctx context.Context) error {
	if err := s.hold(ctx); err != nil {
		return err
	}
	var requests []solve.Request
	for i, def := range s.definitions {
		requests = append(requests, s.request(s.folder(i), def))
	}
	var err error
	s.caught, err = s.engine.Run(ctx, requests, solve.RunOptions{
		Progress: s.opt.Progress, Output: s.opt.Stderr, LogDir: s.farm.LogDir(), Describe: s.describe,
	})
	return err
}

func (s *side) request(name string, def *llb.Definition) solve.Request {
	return solve.Request{Name: name, Definition: def, OCIStores: map[string]string{llb.Store: s.farm.Layout.Dir()}}
}

// read reads what a step or a root leaves, as a tar.
func (s *side) read(ctx context.Context, i int, step string, read func(io.Reader) error) error {
	opt := llb.Options{Images: s.images[i]}
	if root, ok := rootOf(step); ok {
		opt.Root = root
	} else {
		opt.Stop = step
	}
	def, err := llb.Compile(ctx, s.plans[i], opt)
	if err != nil {
		return err
	}
	r := s.request(step, def)
	r.Tar = read
	_, err = s.engine.Run(ctx, []solve.Request{r}, solve.RunOptions{})
	return err
}

// tree reads what a step or a root leaves.
func (s *side) tree(ctx context.Context, i int, step string) (verify.Tree, error) {
	var t verify.Tree
	err := s.read(ctx, i, step, func(r io.Reader) (err error) {
		t, err = verify.ReadTree(r)
		return err
	})
	return t, err
}

// files writes files of what a step or a root leaves below a folder.
func (s *side) files(ctx context.Context, i int, step, dir string, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return s.read(ctx, i, step, func(r io.Reader) error { return verify.Pick(r, dir, paths) })
}

// times are when the side was built: from the first step's start to the last
// one's end, or when its artifacts were described, which was no earlier. Zero if
// unknown.
func (s *side) times() (start, end time.Time) {
	start, end = timesOf(s.results)
	info, err := os.Stat(filepath.Join(s.opt.Output, ArtifactsName))
	if start.IsZero() && err == nil {
		start, end = info.ModTime(), info.ModTime()
	}
	return start, end
}

// timesOf are the first step's start and the last one's end.
func timesOf(results []solve.Result) (start, end time.Time) {
	for _, r := range results {
		for _, step := range r.Steps {
			if !step.Started.IsZero() && (start.IsZero() || step.Started.Before(start)) {
				start = step.Started
			}
			if step.Completed.After(end) {
				end = step.Completed
			}
		}
	}
	return start, end
}

// window is when the side's steps ran: those of a cache may be as old as the lock,
// whose time is in the environment of each.
func (s *side) window() (start, end time.Time) {
	start, end = s.times()
	if s.fresh || start.IsZero() {
		return start, end
	}
	if _, caught := timesOf(s.caught); caught.After(end) {
		end = caught
	}
	if locked := time.Unix(s.opt.Lock.Epoch, 0); locked.Before(start) {
		start = locked
	}
	return start, end
}

// circumstances are what explanations want to know of a build.
func (s *side) circumstances() verify.Circumstances {
	var c verify.Circumstances
	c.Start, c.End = s.window()
	if m := s.machine; m != nil {
		c.Host, c.Processors = m.host, m.processors
	}
	for _, dir := range []string{s.opt.Project.Dir, s.farm.CacheDir} {
		c.Folders = append(c.Folders, absolute(dir))
	}
	return c
}
