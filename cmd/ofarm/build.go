package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/targets"
)

// buildOptions are the flags of ofarm build.
type buildOptions struct {
	common
	output   string
	addr     string
	progress string
	maxGLIBC string
	link     string
	noStrip  bool
	json     bool
}

func newBuild(w *world) *cobra.Command {
	var o buildOptions
	c := &cobra.Command{
		Use:     "build [PROJECT]",
		Short:   words.buildShort,
		Long:    words.buildLong,
		Example: words.buildExample,
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE:    func(c *cobra.Command, args []string) error { return w.build(c.Context(), o, projectDir(args)) },
	}
	f := c.Flags()
	o.register(f)
	f.StringVarP(&o.output, "output", "o", "", words.flagOutput)
	f.StringVar(&o.addr, "addr", "", words.flagAddr)
	f.StringVar(&o.progress, "progress", "", words.flagProgress)
	f.StringVar(&o.maxGLIBC, "max-glibc", "", words.flagMaxGLIBC)
	f.StringVar(&o.link, "link", "", words.flagLink)
	f.BoolVar(&o.noStrip, "no-strip", false, words.flagNoStrip)
	f.BoolVar(&o.json, "json", false, words.flagJSON)
	return c
}

// session is a project that a command has opened, with its lock and its farm.
type session struct {
	farm    *farm.Farm
	project *farm.Project
	lock    *lock.File
	digest  string
	targets []lock.TargetID
	meter   *input.Meter
}

// open reads a project and its lock, and sets up fetching.
func (w *world) open(o common, dir string) (*session, error) {
	platform, err := targets.ParsePlatform(o.platform)
	if err != nil {
		return nil, &usageError{err}
	}
	project, err := farm.OpenProject(dir)
	if err != nil {
		return nil, err
	}
	l, digest, err := project.ReadLock()
	if err != nil {
		return nil, err
	}
	names := o.targets
	if len(names) == 0 {
		names = project.Config.Targets
	}
	ids, err := farm.TargetIDs(l, names, platform)
	if err != nil {
		return nil, err
	}
	mirrors, err := w.mirrors(o, dir, project.Config)
	if err != nil {
		return nil, err
	}
	f, meter, err := w.openFarm(o)
	if err != nil {
		return nil, err
	}
	f.Fetcher.Mirrors = mirrors.For(l.Targets)
	return &session{f, project, l, digest, ids, meter}, nil
}

func (w *world) build(ctx context.Context, o buildOptions, dir string) error {
	s, err := w.open(o.common, dir)
	if err != nil {
		return err
	}
	defer s.meter.Close()
	output := o.output
	if output == "" {
		output = filepath.Join(dir, s.project.Output())
	}
	built, err := s.farm.Build(ctx, farm.BuildOptions{
		Project:    s.project,
		Lock:       s.lock,
		LockDigest: s.digest,
		Targets:    s.targets,
		Output:     output,
		MaxGLIBC:   o.maxGLIBC,
		Link:       targets.LinkMode(o.link),
		NoStrip:    o.noStrip,
		ModTime:    w.modTime(ctx, dir, s.lock.Epoch),
		Engine:     w.engine(o.addr),
		Progress:   w.progress(o.progress),
		Stderr:     w.Stderr,
	})
	if built != nil {
		if perr := w.printBuilt(o, output, built); err == nil {
			err = perr
		}
	}
	return err
}

// progress is how BuildKit's progress is shown.
func (w *world) progress(flag string) string {
	if flag == "" {
		flag = w.Getenv("BUILDKIT_PROGRESS")
	}
	if flag == "" && w.Getenv("NO_COLOR") != "" && !isTerminal(w.Stderr) {
		return "plain"
	}
	return flag
}

// modTime is the time that exported files get: SOURCE_DATE_EPOCH's, else that
// of the project's last commit, else the lock's.
func (w *world) modTime(ctx context.Context, dir string, epoch int64) time.Time {
	text := w.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		git := exec.CommandContext(ctx, "git", "log", "-1", "--format=%ct")
		git.Dir = dir
		out, _ := git.Output() // outside a checkout there is no commit
		text = strings.TrimSpace(string(out))
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		epoch = n
	}
	return time.Unix(epoch, 0).UTC()
}

// printBuilt shows what was built: a table, or JSON.
func (w *world) printBuilt(o buildOptions, output string, b *farm.Built) error {
	if o.json {
		return w.printJSON(b.Artifacts)
	}
	if len(b.Artifacts) == 0 {
		return nil
	}
	t := w.table("ARTIFACT", "LINKAGE", "NEEDS", "GLIBC", "SIZE")
	for _, a := range b.Artifacts {
		t.row(filepath.Join(output, a.Path), orDash(a.Linkage), orDash(strings.Join(a.Needed, " ")), orDash(a.GLIBCFloor), humanSize(a.Size))
	}
	return t.flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func humanSize(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
