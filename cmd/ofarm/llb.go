package main

import (
	"context"
	"fmt"

	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/llb"
)

// llbOptions are the flags of ofarm llb.
type llbOptions struct {
	common
	dump bool
}

func newLLB(w *world) *cobra.Command {
	var o llbOptions
	c := &cobra.Command{
		Use:     "llb --target TARGET [PROJECT]",
		Short:   words.llbShort,
		Long:    words.llbLong,
		Example: words.llbExample,
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE:    func(c *cobra.Command, args []string) error { return w.llb(c.Context(), o, projectDir(args)) },
	}
	o.register(c.Flags())
	c.Flags().BoolVar(&o.dump, "dump", false, words.flagDump)
	return c
}

func (w *world) llb(ctx context.Context, o llbOptions, dir string) error {
	s, err := w.open(o.common, dir)
	if err != nil {
		return err
	}
	defer s.meter.Close()
	if len(s.targets) != 1 {
		return &usageError{fmt.Errorf("a definition is of one target: choose one of %q with --target", s.lock.TargetNames())}
	}
	if !o.dump && isTerminal(w.Stdout) {
		return &usageError{fmt.Errorf("a definition is binary: send it to a file or to buildctl, or use --dump")}
	}
	plans, err := s.plans(ctx)
	if err != nil {
		return err
	}
	definitions, err := s.farm.Definitions(ctx, s.project, s.lock, plans)
	if err != nil {
		return err
	}
	if o.dump {
		text, err := llb.Dump(definitions[0])
		fmt.Fprint(w.Stdout, text)
		return err
	}
	return bkllb.WriteTo(definitions[0], w.Stdout)
}
