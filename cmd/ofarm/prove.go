package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/targets"
)

// proveOptions are the flags of ofarm prove.
type proveOptions struct {
	common
	output  string
	addr    string
	roots   []string
	timeout time.Duration
	json    bool
	// platformSet says that --platform was given.
	platformSet bool
}

func newProve(w *world) *cobra.Command {
	o := proveOptions{timeout: prove.DefaultTimeout}
	c := &cobra.Command{
		Use:     "prove [PROJECT]",
		Short:   proveShort,
		Long:    proveLong,
		Example: proveExample,
		Args:    oneProject,
		RunE: func(c *cobra.Command, args []string) error {
			o.platformSet = c.Flags().Changed("platform")
			return w.prove(c.Context(), o, projectDir(args))
		},
	}
	f := c.Flags()
	f.StringVarP(&o.output, "output", "o", "", flagOutput)
	f.StringVar(&o.addr, "addr", "", flagAddr)
	f.StringSliceVar(&o.roots, "root", nil, flagRoot)
	f.Func("timeout", flagProveTimeout, func(s string) (err error) { o.timeout, err = someTime(s); return err })
	f.BoolVar(&o.json, "json", false, flagJSON)
	o.registerBundles(c)
	o.register(c)
	f.Lookup("target").Usage = flagProveTarget
	f.Lookup("platform").Usage = flagProvePlatform
	return c
}

// someTime reads a time of more than nothing.
func someTime(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, errors.New("not a time of more than 0, such as 30s or 5m")
	}
	return d, nil
}

func (w *world) prove(ctx context.Context, o proveOptions, dir string) error {
	output := o.output
	s, err := w.openLocked(o.common, dir, func(p *farm.Project, l *lock.File) ([]lock.TargetID, error) {
		if output == "" {
			output = filepath.Join(dir, p.Output())
		}
		return o.chosen(output, l)
	})
	if err != nil {
		return err
	}
	defer s.meter.Close()
	return w.proveTargets(ctx, o, s, output)
}

// chosen are the targets that were asked for, or else all of the last builds;
// of the platform that was asked for, or else of all. Roots that the lock hasn't
// are told first.
func (o proveOptions) chosen(output string, l *lock.File) ([]lock.TargetID, error) {
	if _, err := chosenRoots(l, o.roots); err != nil {
		return nil, err
	}
	var names []string
	for _, name := range o.targets {
		r, err := targets.Find(name, l.TargetNames())
		if err != nil {
			return nil, err
		}
		if !slices.Contains(l.TargetNames(), r.Name) {
			return nil, &plan.NotLockedError{Target: lock.TargetID{Name: name, Platform: o.platform}, Locked: l.TargetNames()}
		}
		names = append(names, r.Name)
	}
	path := filepath.Join(output, farm.ArtifactsName)
	built, err := readBuilt(path)
	if err != nil {
		return nil, err
	}
	var out []lock.TargetID
	for _, a := range built {
		id := lock.TargetID{Name: a.Target, Platform: a.Platform}
		named := len(names) == 0 || slices.Contains(names, id.Name)
		if named && (!o.platformSet || id.Platform == o.platform) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		return nil, &noArtifactsError{path}
	}
	return out, nil
}

// readBuilt reads the artifacts.json of a build, which must have been.
func readBuilt(path string) ([]farm.Artifact, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, &noBuildError{path}
	}
	return farm.ReadArtifacts(path)
}

// proveTargets proves what was built for a session's targets, and shows it.
func (w *world) proveTargets(ctx context.Context, o proveOptions, s *session, output string) error {
	roots, err := chosenRoots(s.lock, o.roots)
	if err != nil {
		return err
	}
	path := filepath.Join(output, farm.ArtifactsName)
	all, err := readBuilt(path)
	if err != nil {
		return err
	}
	artifacts, others := farm.BuiltFrom(s.lock, s.digest, ofTargets(all, s.targets))
	if len(others) > 0 && (len(artifacts) == 0 || len(o.targets) > 0) {
		return &otherLockError{others[0], output}
	}
	for _, folder := range others {
		fmt.Fprintf(w.Stderr, warnProveOther, folder)
	}
	results, err := s.farm.Prove(ctx, farm.ProveOptions{
		Dir: output, Artifacts: artifacts, Roots: roots, Commands: s.project.Smokes(),
		Engine: w.engine(o.addr), Timeout: o.timeout,
	})
	if err == nil && len(results) == 0 {
		err = &noArtifactsError{path}
	}
	if err != nil {
		return err
	}
	if err := w.printProofs(o, results); err != nil {
		return err
	}
	if err := w.unproved(results, artifacts); err != nil {
		return err
	}
	return proveFailures(results)
}

// chosenRoots are a lock's roots with the names or aliases; without names all.
func chosenRoots(l *lock.File, names []string) ([]farm.ProveRoot, error) {
	all, err := farm.ProveRoots(l)
	if err != nil || len(names) == 0 {
		return all, err
	}
	var known, wanted []string
	for _, r := range all {
		known = append(known, r.Name)
	}
	for _, name := range names {
		bare, err := farm.BareRoots([]string{name}, known)
		if err == nil && len(bare) == 1 && slices.Contains(known, bare[0].Name) {
			name = bare[0].Name
		}
		if !slices.Contains(known, name) {
			slices.Sort(known)
			return nil, unknownRoot(name, slices.Compact(known), err == nil)
		}
		wanted = append(wanted, name)
	}
	return slices.DeleteFunc(all, func(r farm.ProveRoot) bool { return !slices.Contains(wanted, r.Name) }), nil
}

// unknownRoot is the error of a root that the lock hasn't, and could have.
func unknownRoot(name string, known []string, could bool) error {
	if could {
		return &noRootError{name, known}
	}
	return &usageError{
		err:     fmt.Errorf("--root %q: %w", name, oneOf(name, known)),
		near:    near("--root ", nearest(name, known)),
		command: "ofarm prove",
	}
}

// near puts a flag before the word that may have been meant, if there is one.
func near(flag, word string) string {
	if word == "" {
		return ""
	}
	return flag + word
}

// ofTargets are the artifacts of some targets.
func ofTargets(all []farm.Artifact, ids []lock.TargetID) []farm.Artifact {
	return slices.DeleteFunc(all, func(a farm.Artifact) bool {
		return !slices.Contains(ids, lock.TargetID{Name: a.Target, Platform: a.Platform})
	})
}

// printProofs shows what runs where: a table with a column for each root, or
// JSON.
func (w *world) printProofs(o proveOptions, results []prove.Result) error {
	if o.json {
		return w.printJSON(results)
	}
	artifacts, roots, cells := proofCells(results)
	t := w.table(append([]string{proveHead}, roots...)...)
	for _, a := range artifacts {
		row := []string{a}
		for _, r := range roots {
			row = append(row, orDash(cells[[2]string{a, r}]))
		}
		t.row(row...)
	}
	return t.flush()
}

// proofCells are the table's rows and columns in the results' order, and its
// cells by both.
func proofCells(results []prove.Result) (artifacts, roots []string, cells map[[2]string]string) {
	cells = map[[2]string]string{}
	for _, r := range results {
		if !slices.Contains(artifacts, r.Artifact) {
			artifacts = append(artifacts, r.Artifact)
		}
		if !slices.Contains(roots, r.Root) {
			roots = append(roots, r.Root)
		}
		cells[[2]string{r.Artifact, r.Root}] = proofCell(r)
	}
	return artifacts, roots, cells
}

func proofCell(r prove.Result) string {
	switch r.Verdict {
	case prove.Failed:
		return proveFailed
	case prove.NotRun:
		return r.Reason.Text
	}
	return provePassed
}
