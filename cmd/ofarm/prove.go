package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/prove"
)

// proveOptions are the flags of ofarm prove.
type proveOptions struct {
	common
	output  string
	addr    string
	roots   []string
	timeout time.Duration
	json    bool
}

func newProve(w *world) *cobra.Command {
	var o proveOptions
	c := &cobra.Command{
		Use:     "prove [PROJECT]",
		Short:   proveShort,
		Long:    proveLong,
		Example: proveExample,
		Args:    oneProject,
		RunE:    func(c *cobra.Command, args []string) error { return w.prove(c.Context(), o, projectDir(args)) },
	}
	f := c.Flags()
	f.StringVarP(&o.output, "output", "o", "", flagOutput)
	f.StringVar(&o.addr, "addr", "", flagAddr)
	f.StringSliceVar(&o.roots, "root", nil, flagRoot)
	f.DurationVar(&o.timeout, "timeout", prove.DefaultTimeout, flagProveTimeout)
	f.BoolVar(&o.json, "json", false, flagJSON)
	o.registerBundles(c)
	o.register(c)
	return c
}

// noArtifactsError says that nothing was built that could be proved.
type noArtifactsError struct{ path string }

func (e *noArtifactsError) Error() string {
	return fmt.Sprintf("%q describes no executable of these targets", e.path)
}

// proveError is an executable that doesn't run in a root.
type proveError struct{ result prove.Result }

func (e *proveError) Error() string {
	return fmt.Sprintf("%s doesn't run in %s: %s", e.result.Artifact, e.result.Root, e.result.Reason.Text)
}

func (w *world) prove(ctx context.Context, o proveOptions, dir string) error {
	s, err := w.open(o.common, dir)
	if err != nil {
		return err
	}
	defer s.meter.Close()
	output := o.output
	if output == "" {
		output = filepath.Join(dir, s.project.Output())
	}
	return w.proveTargets(ctx, o, s, output)
}

// proveTargets proves what was built for a session's targets, and shows it.
func (w *world) proveTargets(ctx context.Context, o proveOptions, s *session, output string) error {
	all, err := farm.ProveRoots(s.lock)
	if err != nil {
		return err
	}
	roots, err := chosenRoots(all, o.roots)
	if err != nil {
		return err
	}
	results, err := s.prove(ctx, output, farm.ProveOptions{Roots: roots, Engine: w.engine(o.addr), Timeout: o.timeout})
	if err != nil {
		return err
	}
	if err := w.printProofs(o, results); err != nil {
		return err
	}
	return proveFailures(results)
}

// prove proves what was built for the session's targets.
func (s *session) prove(ctx context.Context, output string, o farm.ProveOptions) ([]prove.Result, error) {
	path := filepath.Join(output, farm.ArtifactsName)
	all, err := farm.ReadArtifacts(path)
	if err != nil {
		return nil, err
	}
	o.Dir, o.Artifacts = output, ofTargets(all, s.targets)
	o.Commands = s.project.Smokes()
	results, err := s.farm.Prove(ctx, o)
	if err == nil && len(results) == 0 {
		err = &noArtifactsError{path}
	}
	return results, err
}

// chosenRoots are those with the names; without names all.
func chosenRoots(all []farm.ProveRoot, names []string) ([]farm.ProveRoot, error) {
	var known []string
	for _, r := range all {
		known = append(known, r.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			slices.Sort(known)
			return nil, &usageError{
				err:     fmt.Errorf("--root %q: %w", name, oneOf(name, slices.Compact(known))),
				near:    near("--root ", nearest(name, known)),
				command: "ofarm prove",
			}
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(r farm.ProveRoot) bool { return !slices.Contains(names, r.Name) }), nil
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

// proveFailures is an error of all that failed, or nil.
func proveFailures(results []prove.Result) error {
	var errs *multierror.Error
	for _, r := range results {
		if !r.OK() {
			errs = multierror.Append(errs, &proveError{r})
		}
	}
	return errs.ErrorOrNil()
}
