package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"mvdan.cc/sh/v3/syntax"

	"github.com/ofarm/ofarm/cache"
	"github.com/ofarm/ofarm/internal/opam"
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
		Short:   planShort,
		Long:    planLong,
		Example: planExample,
		Args:    oneProject,
		RunE:    func(c *cobra.Command, args []string) error { return w.plan(c.Context(), o, projectDir(args)) },
	}
	c.Flags().BoolVar(&o.json, "json", false, flagJSON)
	o.registerBundles(c)
	o.register(c)
	return c
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
		return w.printJSON(describePlans(plans))
	}
	for i, p := range plans {
		if i > 0 {
			fmt.Fprintln(w.Stdout)
		}
		if err := printPlan(w.Stdout, p); err != nil {
			return err
		}
	}
	return nil
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
	lines := func(what string, list []string) {
		for _, l := range list {
			fmt.Fprintf(b, "  %-8s %s\n", what, l)
		}
	}
	lines("subst", p.SubstsFirst)
	lines("patch", p.Patches)
	lines("subst", p.Substs)
	lines("build", spell(p.Build))
	lines("install", spell(p.Install))
}

// spell writes commands as a shell would take them; a part that is known only
// at run time is a variable.
func spell(commands []plan.Command) []string {
	var out []string
	for _, c := range commands {
		var words []string
		for _, w := range c {
			words = append(words, quoteWord(w))
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

func quoteWord(w opam.Word) string {
	var b strings.Builder
	for _, p := range w {
		if p.RunTime != "" {
			b.WriteString(`"$` + p.RunTime + `"`)
			continue
		}
		quoted, err := syntax.Quote(p.Text, syntax.LangBash)
		if err != nil {
			quoted = fmt.Sprintf("%q", p.Text) // a NUL, which no command can have
		}
		b.WriteString(quoted)
	}
	return b.String()
}
