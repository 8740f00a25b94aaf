package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/targets"
)

// verifyOptions are the flags of ofarm verify.
type verifyOptions struct {
	common
	solving
	artifacts string
	deep      bool
	jobs      int
	state     string
	keep      string
	// platformSet says that --platform was given.
	platformSet bool
}

func newVerify(w *world) *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:     "verify [PROJECT|DIST]",
		Short:   verifyShort,
		Long:    verifyLong,
		Example: verifyExample,
		Args:    oneProject,
		RunE: func(c *cobra.Command, args []string) error {
			o.platformSet = c.Flags().Changed("platform")
			return w.verify(c.Context(), o, projectDir(args))
		},
	}
	f := c.Flags()
	o.solving.register(f, flagVerifyOutput, flagVerifyAddr)
	f.StringVar(&o.artifacts, "artifacts", "", flagArtifacts)
	f.BoolVar(&o.deep, "deep", false, flagDeep)
	f.FuncP("jobs", "j", flagVerifyJobs, func(s string) (err error) { o.jobs, err = positive(s); return err })
	f.StringVar(&o.state, "state", "", flagState)
	f.StringVar(&o.keep, "keep", "", flagKeep)
	o.registerBundles(c)
	o.registerBases(c)
	o.common.register(c)
	return c
}

// positive reads a number of at least 1.
func positive(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, errors.New("not a number of at least 1")
	}
	return n, nil
}

// noProjectError says that artifacts that were named are no project's.
type noProjectError struct{ dir string }

func (e *noProjectError) Error() string {
	return fmt.Sprintf("no folder above the artifacts in %q has an %s, nor has the current folder", e.dir, farm.LockName)
}

// noGivenError says that there is nothing to verify in a folder.
type noGivenError struct {
	dir string
	// artifacts says that it was named for its artifacts.
	artifacts bool
}

func (e *noGivenError) Error() string {
	if e.artifacts {
		return fmt.Sprintf("%q has no %s", e.dir, farm.ArtifactsName)
	}
	return fmt.Sprintf("%q has neither %s nor *.opam files", e.dir, farm.ArtifactsName)
}

// place finds the project of what is to be verified; given is the folder of
// artifacts, if one was named.
func (o verifyOptions) place(dir string) (project, given string, err error) {
	given = o.artifacts
	switch {
	case given != "" && !isFile(filepath.Join(given, farm.ArtifactsName)):
		return "", "", &noGivenError{given, true}
	case given != "":
		project = dir
	case !isFile(filepath.Join(dir, farm.ArtifactsName)) || isFile(filepath.Join(dir, farm.LockName)):
		return dir, "", nil
	default:
		given = dir
		project, err = projectOf(dir)
	}
	if err == nil && o.output != "" {
		err = &usageError{err: errors.New("name the artifacts or --output, not both"), command: "ofarm verify"}
	}
	return project, given, err
}

// projectOf finds the project of a folder of artifacts: the first above it that
// has a lock, or the current folder.
func projectOf(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for up, rel := filepath.Dir(abs), ".."; ; up, rel = filepath.Dir(up), filepath.Join(rel, "..") {
		switch {
		case !isFile(filepath.Join(up, farm.LockName)):
		case filepath.IsAbs(dir):
			return up, nil
		default:
			return filepath.Join(dir, rel), nil
		}
		if up == filepath.Dir(up) {
			break
		}
	}
	if isFile(farm.LockName) {
		return ".", nil
	}
	return "", &noProjectError{dir}
}

// chosen are the locked targets that were asked for; without any those of the
// artifacts that were named, of all platforms unless one was asked for.
func (o verifyOptions) chosen(given string, p *farm.Project, l *lock.File) ([]lock.TargetID, error) {
	if given == "" || len(o.targets) > 0 {
		return chosen(o.common, p, l)
	}
	all, err := farm.ReadArtifacts(filepath.Join(given, farm.ArtifactsName))
	if err != nil {
		return nil, err
	}
	if o.platformSet {
		all = slices.DeleteFunc(all, func(a farm.Artifact) bool { return a.Platform != o.platform })
	}
	if err := farm.FitLock(given, l, all); err != nil {
		return nil, err // a target that isn't locked says less
	}
	var out []lock.TargetID
	for _, a := range all {
		ids, err := farm.TargetIDs(l, []string{a.Target}, targets.Platform(a.Platform))
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, ids[0]) {
			out = append(out, ids[0])
		}
	}
	if len(out) == 0 {
		return nil, &farm.NothingToVerifyError{Path: filepath.Join(given, farm.ArtifactsName)}
	}
	return out, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func (w *world) verify(ctx context.Context, o verifyOptions, dir string) error {
	progress, err := w.progress(o.progress)
	if err != nil {
		return err
	}
	dir, given, err := o.place(dir)
	if err != nil {
		return err
	}
	s, err := w.openLocked(o.common, dir, func(p *farm.Project, l *lock.File) ([]lock.TargetID, error) {
		return o.chosen(given, p, l)
	})
	if as[*farm.NoProjectError](err) && given == "" {
		err = &noGivenError{dir: dir}
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
	fo := w.farmVerify(o, s, progress)
	fo.ModTime, fo.Given = modTime, given != ""
	fo.Output = cmp.Or(o.output, given, filepath.Join(dir, s.project.Output()))
	v, err := s.farm.Verify(ctx, fo)
	if v == nil {
		return err
	}
	return w.tellVerified(o, fo.Output, v, err)
}

// farmVerify are the farm's options, as far as flags and the environment say
// them.
func (w *world) farmVerify(o verifyOptions, s *session, progress string) farm.VerifyOptions {
	return farm.VerifyOptions{
		BuildOptions: farm.BuildOptions{
			Project: s.project, Lock: s.lock, LockDigest: s.digest, Targets: s.targets,
			MaxGLIBC: o.maxGLIBC, Link: targets.LinkMode(o.link), NoStrip: o.noStrip,
			Version: ownVersion(buildInfo()), Now: w.Now(), Forgotten: w.tellForgotten,
			Engine: w.engine(o.addr), Progress: progress, Stderr: w.Stderr,
		},
		Deep: o.deep, Jobs: o.jobs, StateDir: o.state, Keep: o.keep,
		Diffoscope: w.program("diffoscope"), Begin: w.tellVerify(progress),
	}
}

// program is a program's path, or empty where there is none.
func (w *world) program(name string) string {
	for _, dir := range filepath.SplitList(w.Getenv("PATH")) {
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err == nil && filepath.IsAbs(path) {
			return path
		}
	}
	return ""
}

// tellVerify tells what begins, beside BuildKit's progress.
func (w *world) tellVerify(progress string) func(farm.VerifyStage) {
	if progress == "quiet" || progress == "rawjson" {
		return nil
	}
	words := map[farm.VerifyStage]string{
		farm.StageFirst: tellVerifyFirst, farm.StageAgain: tellVerifyAgain, farm.StageCompare: tellVerifyCompare,
	}
	return func(s farm.VerifyStage) { fmt.Fprint(w.Stderr, words[s]) }
}
