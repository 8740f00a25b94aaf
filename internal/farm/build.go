package farm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/release"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/llb"
	"github.com/ofarm/ofarm/targets"
)

// BuildOptions say what is built, where and how it is shown.
type BuildOptions struct {
	Project *Project
	Lock    *lock.File
	// LockDigest is the sha256 of the lock's bytes in hex.
	LockDigest string
	Targets    []lock.TargetID
	// Output is the folder of artifacts.
	Output string
	// MaxGLIBC and Link win over ofarm.toml where they are not empty.
	MaxGLIBC string
	Link     targets.LinkMode
	// NoStrip keeps symbols.
	NoStrip bool
	// Version is ofarm's own, for the provenance; empty where it isn't known.
	Version string
	// Now is the present, by which replaced images are seen to be old; zero
	// keeps all.
	Now time.Time
	// ModTime is the time of exported files.
	ModTime time.Time
	// Engine says which daemon to use; its state folder is filled in.
	Engine solve.Options
	// Forgotten is told of descriptions that were damaged, and made anew; nil is
	// allowed.
	Forgotten func(Forgotten)
	// Progress and Stderr are those of [solve.RunOptions].
	Progress string
	Stderr   io.Writer
}

// Built is what came of a build.
type Built struct {
	// Artifacts are those of this build, sorted by path.
	Artifacts []Artifact
	// Results are what BuildKit did, a value for each target.
	Results []solve.Result
}

// Build builds the targets concurrently, audits each and exports those that
// keep their policy. The failure of one target doesn't stop the others; all
// failures are reported together. What was exported before stays whole unless
// its target was built.
func (f *Farm) Build(ctx context.Context, o BuildOptions) (*Built, error) {
	project := *o.Project
	project.output = o.Output
	o.Project = &project
	if _, err := readDescribed(o.Output); err != nil {
		return nil, err
	}
	work, err := f.prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Output, 0o755); err != nil {
		return nil, err
	}
	// A folder that stays empty goes; of one with files this does nothing.
	defer os.Remove(o.Output) //nolint:errcheck
	o.Engine.StateDir, o.Engine.BinDir = f.StateDir(), f.BinDir
	engine, err := solve.Find(ctx, o.Engine)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	e := &exporter{farm: f, opt: o}
	results, err := engine.Run(ctx, e.requests(work.plans, work.definitions), solve.RunOptions{
		Progress: o.Progress, Output: o.Stderr, LogDir: f.LogDir(), ModTime: o.ModTime, Describe: work.describe,
	})
	var errs *multierror.Error
	errs = multierror.Append(errs, err, e.write(work.provenance, engine.Version), f.prune(o.Now))
	return &Built{Artifacts: e.artifacts, Results: results}, errs.ErrorOrNil()
}

// prepared is a build before a daemon has to do with it.
type prepared struct {
	plans       []*plan.Plan
	images      []llb.Images
	definitions []*llb.Definition
	// provenance is what can be said of each target, in the order of the plans.
	provenance []release.Build
	describe   func(vertex string) string
}

func (f *Farm) prepare(ctx context.Context, o BuildOptions) (p prepared, err error) {
	if p.plans, err = f.Plans(ctx, o); err != nil {
		return p, err
	}
	if p.images, err = f.Images(ctx, o.Project, o.Lock, p.plans); err != nil {
		return p, err
	}
	if p.definitions, err = compile(ctx, p.plans, p.images); err != nil {
		return p, err
	}
	if p.provenance, err = f.provenance(o, p.plans, p.images, p.definitions); err != nil {
		return p, err
	}
	p.describe, err = describer(p.plans, p.definitions)
	return p, err
}

// unusedTime is how long an image that no key names any more stays: a build
// that still runs may read it.
const unusedTime = 24 * time.Hour

// prune removes images that were replaced, such as the project's files of an
// earlier build, and what transfers that nobody took up again have left.
func (f *Farm) prune(now time.Time) error {
	if now.IsZero() {
		return nil
	}
	keep := func(string, digest.Digest) bool { return true }
	before := now.Add(-unusedTime)
	if _, err := f.Layout.Prune(keep, before); err != nil {
		return fmt.Errorf("removing unused images: %w", err)
	}
	return f.removePartial(before)
}

// describer tells what a failed vertex ran: a step's own commands, without the
// script around them.
func describer(plans []*plan.Plan, definitions []*llb.Definition) (func(string) string, error) {
	all := map[string]string{}
	for i, pl := range plans {
		commands, err := llb.Commands(definitions[i], pl)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, commands)
	}
	return func(digest string) string { return all[digest] }, nil
}

// Plans makes the plans of all targets, and reports the mistakes of all.
func (f *Farm) Plans(ctx context.Context, o BuildOptions) ([]*plan.Plan, error) {
	if err := f.FetchOpamFiles(ctx, o.Project, o.Lock); err != nil {
		return nil, err
	}
	plans := make([]*plan.Plan, len(o.Targets))
	var errs *multierror.Error
	for i, id := range o.Targets {
		pl, err := f.Plan(o, id)
		if err != nil {
			errs = multierror.Append(errs, err)
		}
		plans[i] = pl
	}
	return plans, errs.ErrorOrNil()
}

// Definitions compiles plans, with all their images in the layout, and
// verifies what it compiled.
func (f *Farm) Definitions(ctx context.Context, p *Project, l *lock.File, plans []*plan.Plan) ([]*llb.Definition, error) {
	images, err := f.Images(ctx, p, l, plans)
	if err != nil {
		return nil, err
	}
	return compile(ctx, plans, images)
}

func compile(ctx context.Context, plans []*plan.Plan, images []llb.Images) ([]*llb.Definition, error) {
	out := make([]*llb.Definition, len(plans))
	for i, pl := range plans {
		var err error
		out[i], err = llb.Compile(ctx, pl, llb.Options{Images: images[i]})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pl.Release.Name, err)
		}
		if err := llb.Verify(out[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", pl.Release.Name, err)
		}
	}
	return out, nil
}

// exporter audits what targets export and collects it.
type exporter struct {
	farm *Farm
	opt  BuildOptions

	mu        sync.Mutex
	artifacts []Artifact
	built     []string
}

func (e *exporter) requests(plans []*plan.Plan, definitions []*llb.Definition) []solve.Request {
	var out []solve.Request
	for i, pl := range plans {
		folder := targets.Folder(pl.Release.Name, pl.Platform)
		out = append(out, solve.Request{
			Name:       folder,
			Definition: definitions[i],
			OCIStores:  map[string]string{llb.Store: e.farm.Layout.Dir()},
			Export:     filepath.Join(e.opt.Output, folder),
			OnExport:   func(_ context.Context, dir string) error { return e.accept(dir, pl) },
		})
	}
	return out
}

// accept takes the records of links out of an export and audits the rest.
func (e *exporter) accept(dir string, pl *plan.Plan) error {
	folder := targets.Folder(pl.Release.Name, pl.Platform)
	records := filepath.Join(e.farm.CacheDir, "link", folder)
	if err := keepRecords(dir, records); err != nil {
		return err
	}
	conf := e.opt.config(pl)
	link := pl.Steps[len(pl.Steps)-1].Link
	found, err := auditDir(dir, records, pl, Policy(pl, link, conf.MaxGLIBC), e.opt.LockDigest)
	if err != nil {
		return err
	}
	if err := exportRecords(dir, records, found); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.artifacts = append(e.artifacts, found...)
	e.built = append(e.built, folder)
	return nil
}

// config is what ofarm.toml says of a plan's target, with the option over it
// that isn't of [BuildOptions.settings].
func (o BuildOptions) config(pl *plan.Plan) config.Target {
	conf := o.Project.Config.For(pl.Release.Name)
	if o.MaxGLIBC != "" {
		conf.MaxGLIBC = o.MaxGLIBC
	}
	return conf
}

// keepRecords moves the records of a step's links out of its export.
func keepRecords(export, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	hidden := filepath.Join(export, ".ofarm")
	err := os.Rename(filepath.Join(hidden, "link"), to)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("keeping the records of links: %w", err)
	}
	return os.RemoveAll(hidden)
}
