package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

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
	return writeDefinition(w.Stdout, definitions[0])
}

// writeDefinition writes a definition as BuildKit's own WriteTo does, but the
// same one as the same bytes: there the order of the metadata is a map's.
func writeDefinition(w io.Writer, d *bkllb.Definition) error {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(d.ToPB())
	if err != nil {
		return fmt.Errorf("writing the definition: %w", err)
	}
	_, err = w.Write(data)
	return err
}
