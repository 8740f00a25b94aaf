package farm

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/targets"
)

// ProveOptions say what is proved, and where.
type ProveOptions struct {
	// Dir is the folder of artifacts.json.
	Dir string
	// Artifacts are those to prove, as artifacts.json has them. Their files are
	// held against their sha256. What isn't an executable is only there for
	// those that are: each sees all files of its target.
	Artifacts []Artifact
	// Roots are tried in this order, each for the artifacts of its platform.
	Roots []ProveRoot
	// Commands say how executables are tried, by path within their target's
	// folder ("bin/zcalc") or by file name; those that aren't named are asked
	// for their --version.
	Commands map[string]prove.Smoke
	// Engine says which daemon to use; its state folder is filled in.
	Engine solve.Options
	// Timeout is for each check; 0 means [prove.DefaultTimeout].
	Timeout time.Duration
	// Done is told each result as it is known, one at a time; nil is allowed.
	Done func(prove.Result)
}

// ProveDir has what programs wrote that were proved.
func (f *Farm) ProveDir() string { return filepath.Join(f.CacheDir, "prove") }

// ChangedArtifactError says that an artifact's file isn't the one that was
// built and described.
type ChangedArtifactError struct {
	Path string
	// Err says why it can't be read; nil if it has other bytes.
	Err error
}

func (e *ChangedArtifactError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("reading the artifact %q: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("the artifact %q was changed after it was built", e.Path)
}

func (e *ChangedArtifactError) Unwrap() error { return e.Err }

// Prove runs each executable in each root of its platform, and notes in
// artifacts.json what came of it. Results are sorted by artifact, then in the
// order of the roots; a failing check is a result and no error.
//
// Errors: [*ChangedArtifactError], and those of fetching, assembling roots and
// solving.
func (f *Farm) Prove(ctx context.Context, o ProveOptions) ([]prove.Result, error) {
	programs, err := readPrograms(o)
	if err != nil || len(programs) == 0 {
		return nil, err
	}
	roots, err := f.proveImages(ctx, o, programs)
	if err != nil {
		return nil, err
	}
	checks := proveChecks(o, programs, roots)
	if len(checks) == 0 {
		return nil, nil
	}
	o.Engine.StateDir, o.Engine.BinDir = f.StateDir(), f.BinDir
	engine, err := solve.Find(ctx, o.Engine)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	results, err := prove.Run(ctx, checks, prove.Options{
		Engine: engine, Platforms: engine.Platforms, Layout: f.Layout.Dir(), Dir: f.ProveDir(), Timeout: o.Timeout, Done: o.Done,
	})
	if err != nil {
		return nil, err
	}
	return results, writeProofs(o.Dir, programs, results)
}

// program is an executable that is to be proved.
type program struct {
	artifact Artifact
	report   *audit.Report
	// files is the image of its target's files.
	files digest.Digest
}

// within is its path within its target's folder.
func (p program) within() string { return withinTarget(p.artifact) }

func withinTarget(a Artifact) string {
	return strings.TrimPrefix(a.Path, folderOf(a)+"/")
}

func folderOf(a Artifact) string {
	return targets.Folder(a.Target, targets.Platform(a.Platform))
}

// readPrograms audits the artifacts and picks the executables, sorted by path.
func readPrograms(o ProveOptions) ([]*program, error) {
	var out []*program
	for _, a := range o.Artifacts {
		file := filepath.Join(o.Dir, a.Path)
		r, err := audit.File(file, audit.Options{})
		if err != nil {
			return nil, &ChangedArtifactError{Path: file, Err: err}
		}
		if r.SHA256 != a.SHA256 {
			return nil, &ChangedArtifactError{Path: file}
		}
		if prove.Executable(r) {
			out = append(out, &program{artifact: a, report: r})
		}
	}
	slices.SortFunc(out, func(x, y *program) int { return cmp.Compare(x.artifact.Path, y.artifact.Path) })
	return out, nil
}

// smoke is how a program is tried.
func (o ProveOptions) smoke(p *program) prove.Smoke {
	if s, ok := o.Commands[p.within()]; ok {
		return s
	}
	return o.Commands[path.Base(p.within())]
}

// proveChecks combines programs and roots.
func proveChecks(o ProveOptions, programs []*program, roots []prove.Root) []prove.Check {
	var out []prove.Check
	for _, p := range programs {
		for _, r := range roots {
			if string(r.Platform) != p.artifact.Platform {
				continue
			}
			out = append(out, prove.Check{
				Artifact: p.artifact.Path, Report: p.report, Files: p.files, File: p.within(),
				Root: r, Smoke: o.smoke(p),
			})
		}
	}
	return out
}
