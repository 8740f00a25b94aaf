package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
		Short:   llbShort,
		Long:    llbLong,
		Example: llbExample,
		Args:    oneProject,
		RunE:    func(c *cobra.Command, args []string) error { return w.llb(c.Context(), o, projectDir(args)) },
	}
	c.Flags().BoolVar(&o.dump, "dump", false, flagDump)
	o.registerBundles(c)
	o.registerBases(c)
	o.register(c)
	return c
}

// errBinary says that a definition isn't for a terminal.
var errBinary = errors.New("a definition is binary: send it to a file or to buildctl, or use --dump")

func (w *world) llb(ctx context.Context, o llbOptions, dir string) error {
	s, err := w.open(o.common, dir)
	if err != nil {
		return err
	}
	defer s.meter.Close()
	if len(s.targets) != 1 {
		err := fmt.Errorf("a definition is of one target: choose one of %s with --target", strings.Join(s.lock.TargetNames(), ", "))
		return &usageError{err: err, command: "ofarm llb"}
	}
	if !o.dump && isTerminal(w.Stdout) {
		return &usageError{err: errBinary, command: "ofarm llb"}
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
	data, err := llb.Marshal(definitions[0])
	if err != nil {
		return err
	}
	_, err = w.Stdout.Write(data)
	return err
}
