package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/cache"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/plan"
)

// planOptions are the flags of ofarm plan.
type planOptions struct {
	common
	json bool
}

func newPlan(w *world) *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use:     "plan [PROJECT]",
		Short:   words.planShort,
		Long:    words.planLong,
		Example: words.planExample,
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE:    func(c *cobra.Command, args []string) error { return w.plan(c.Context(), o, projectDir(args)) },
	}
	o.register(c.Flags())
	c.Flags().BoolVar(&o.json, "json", false, words.flagJSON)
	return c
}

// plans makes the plans of a session's targets.
func (s *session) plans(ctx context.Context) ([]*plan.Plan, error) {
	return s.farm.Plans(ctx, farm.BuildOptions{Project: s.project, Lock: s.lock, Targets: s.targets})
}

func (w *world) plan(ctx context.Context, o planOptions, dir string) error {
	s, err := w.open(o.common, dir)
	if err != nil {
		return err
	}
	defer s.meter.Close()
	plans, err := s.plans(ctx)
	if err != nil {
		return err
	}
	if o.json {
		return w.printJSON(plans)
	}
	var errs *multierror.Error
	for i, p := range plans {
		if i > 0 {
			fmt.Fprintln(w.Stdout)
		}
		errs = multierror.Append(errs, printPlan(w.Stdout, p))
	}
	return errs.ErrorOrNil()
}

// printPlan prints a plan for people: what runs, on what, with what.
func printPlan(out io.Writer, p *plan.Plan) error {
	var b strings.Builder
	fmt.Fprintf(&b, "target %s %s\n", p.Release.Name, p.Platform)
	for _, r := range p.Roots {
		fmt.Fprintf(&b, "root %s: %d packages\n", r.Name, len(r.Packages))
	}
	keys := cache.Keys(p)
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "\nstep %s  (on %s, key %.12s)\n", s.Name, s.Root, keys[s.Name])
		if len(s.Deps) > 0 {
			fmt.Fprintf(&b, "  sees %s\n", strings.Join(s.Deps, " "))
		}
		for _, part := range s.Parts {
			printPart(&b, part)
		}
		if s.Project {
			fmt.Fprintf(&b, "  exports %s, link mode %s\n", strings.Join(s.Export, " "), s.Link)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func printPart(b *strings.Builder, p plan.Part) {
	for _, f := range p.Patches {
		fmt.Fprintf(b, "  patch    %s\n", f)
	}
	for _, f := range append(p.SubstsFirst, p.Substs...) {
		fmt.Fprintf(b, "  subst    %s\n", f)
	}
	for _, c := range p.Build {
		fmt.Fprintf(b, "  build    %s\n", c)
	}
	for _, c := range p.Install {
		fmt.Fprintf(b, "  install  %s\n", c)
	}
}
