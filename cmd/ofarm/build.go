package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/targets"
)

// buildOptions are the flags of ofarm build.
type buildOptions struct {
	common
	solving
	locked bool
	prove  bool
}

// solving are the flags of commands that build: what comes out, and where.
type solving struct {
	output   string
	addr     string
	progress string
	maxGLIBC string
	link     string
	noStrip  bool
	json     bool
}

// register adds the flags; two of them mean something else to each command.
func (o *solving) register(f *pflag.FlagSet, outputUsage, addrUsage string) {
	f.StringVarP(&o.output, "output", "o", "", outputUsage)
	f.StringVar(&o.addr, "addr", "", addrUsage)
	choice(f, &o.progress, "progress", progressModes, flagProgress)
	glibcFlag(f, &o.maxGLIBC, "max-glibc", flagMaxGLIBC)
	choice(f, &o.link, "link", linkModes(), flagLink)
	f.BoolVar(&o.noStrip, "no-strip", false, flagNoStrip)
	f.BoolVar(&o.json, "json", false, flagJSON)
}

func newBuild(w *world) *cobra.Command {
	var o buildOptions
	c := &cobra.Command{
		Use:     "build [PROJECT]",
		Short:   buildShort,
		Long:    buildLong,
		Example: buildExample,
		Args:    oneProject,
		RunE:    func(c *cobra.Command, args []string) error { return w.build(c.Context(), o, projectDir(args)) },
	}
	f := c.Flags()
	o.solving.register(f, flagOutput, flagAddr)
	f.BoolVar(&o.locked, "locked", false, flagLocked)
	f.BoolVar(&o.prove, "prove", false, flagProve)
	o.registerBundles(c)
	o.registerBases(c)
	o.common.register(c)
	return c
}

func (w *world) build(ctx context.Context, o buildOptions, dir string) error {
	progress, err := w.progress(o.progress)
	if err != nil {
		return err
	}
	s, err := w.open(o.common, dir)
	if as[*farm.NoLockError](err) && !o.locked {
		s, err = w.lockAndOpen(ctx, o, dir)
	}
	if err != nil {
		return err
	}
	defer s.meter.Close()
	modTime, err := w.modTime(ctx, dir, s.lock.Epoch)
	if err != nil {
		return err
	}
	w.logsShown = progress != "quiet" && progress != "rawjson"
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
		Version:    ownVersion(buildInfo()),
		Now:        w.Now(),
		ModTime:    modTime,
		Engine:     w.engine(o.addr),
		Forgotten:  w.tellForgotten,
		Progress:   progress,
		Stderr:     w.Stderr,
	})
	if built == nil {
		return err
	}
	if err == nil && o.prove {
		return w.proveBuilt(ctx, o, s, output, built)
	}
	if perr := w.printBuilt(o, output, built); err == nil {
		err = perr
	}
	return err
}

// proveBuilt proves what was built. As JSON the artifacts are printed once, with
// what came of it.
func (w *world) proveBuilt(ctx context.Context, o buildOptions, s *session, output string, built *farm.Built) error {
	po := proveOptions{common: o.common, addr: o.addr, timeout: prove.DefaultTimeout}
	if !o.json {
		if err := w.printBuilt(o, output, built); err != nil {
			return err
		}
		return w.proveTargets(ctx, po, s, output)
	}
	aside := *w
	aside.Stdout = io.Discard
	err := aside.proveTargets(ctx, po, s, output)
	all, rerr := farm.ReadArtifacts(filepath.Join(output, farm.ArtifactsName))
	if rerr != nil {
		return cmp.Or(err, rerr)
	}
	built.Artifacts = ofTargets(all, s.targets)
	return cmp.Or(err, w.printBuilt(o, output, built))
}

// lockAndOpen makes the lock that isn't there yet. What it tells goes to where
// progress goes: the command's output is the build's.
func (w *world) lockAndOpen(ctx context.Context, o buildOptions, dir string) (*session, error) {
	aside := *w
	aside.Stdout = w.Stderr
	given := lockOptions{common: o.common, set: func(string) bool { return false }}
	if err := aside.lock(ctx, given, dir); err != nil {
		return nil, err
	}
	return w.open(o.common, dir)
}

// progressModes are the values of --progress, as of other tools on BuildKit.
var progressModes = []string{"auto", "plain", "tty", "rawjson", "quiet"}

// linkModes are the values of --link.
func linkModes() []string {
	var out []string
	for _, m := range targets.LinkModes() {
		out = append(out, string(m))
	}
	return out
}

// progress is how BuildKit's progress is shown; auto by default.
func (w *world) progress(flag string) (string, error) {
	const variable = "BUILDKIT_PROGRESS"
	if flag != "" {
		return flag, nil
	}
	mode := cmp.Or(w.Getenv(variable), "auto")
	if err := oneOf(mode, progressModes); err != nil {
		return "", &usageError{err: fmt.Errorf("%s %q: %w", variable, mode, err), command: "ofarm"}
	}
	return mode, nil
}

// modTime is the time that exported files get: SOURCE_DATE_EPOCH's, else that
// of the project's last commit, else the lock's.
func (w *world) modTime(ctx context.Context, dir string, epoch int64) (time.Time, error) {
	const variable = "SOURCE_DATE_EPOCH"
	if text := w.Getenv(variable); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			err := fmt.Errorf("%s %q: not a number of seconds since 1970", variable, text)
			return time.Time{}, &usageError{err: err, command: "ofarm"}
		}
		return time.Unix(n, 0).UTC(), nil
	}
	git := exec.CommandContext(ctx, "git", "log", "-1", "--format=%ct")
	git.Dir = dir
	out, _ := git.Output() // outside a checkout there is no commit
	if n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64); err == nil {
		epoch = n
	}
	return time.Unix(epoch, 0).UTC(), nil
}

// printBuilt shows what was built: a table, or JSON.
func (w *world) printBuilt(o buildOptions, output string, b *farm.Built) error {
	if o.json {
		return w.printJSON(append([]farm.Artifact{}, b.Artifacts...))
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
