package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ofarm/ofarm/internal/solve"
)

// takingBack are the flags that take something back when they are given empty.
var takingBack = []string{"ocaml", "opam", "prove"}

// checkGiven refuses flags that were given empty, such as --policy "$POLICY"
// where the variable isn't set: as if they weren't there would be something else
// than was meant. It refuses an address that no daemon can have, too, before
// anything is fetched for one.
func (w *world) checkGiven(c *cobra.Command) error {
	var err error
	c.Flags().Visit(func(f *pflag.Flag) {
		if why := notGiven(f.Value); err == nil && why != nil && !slices.Contains(takingBack, f.Name) {
			err = &usageError{err: fmt.Errorf("--%s: %w", f.Name, why), command: c.CommandPath()}
		}
	})
	if f := c.Flags().Lookup("addr"); f != nil && err == nil {
		err = w.checkAddr(f.Value.String(), c.CommandPath())
	}
	return err
}

// notGiven says what lacks in the value of a flag that is a text or a list; nil
// for others, which are checked when they are read.
func notGiven(v pflag.Value) error {
	list, ok := v.(pflag.SliceValue)
	switch {
	case v.Type() == "string" && v.String() == "", ok && len(list.GetSlice()) == 0:
		return errors.New("it is empty")
	case ok && slices.Contains(list.GetSlice(), ""):
		return errors.New("one of its values is empty")
	}
	return nil
}

// checkAddr checks the address of a daemon: a flag's, else the environment's.
func (w *world) checkAddr(flag, command string) error {
	addr, from := flag, "--addr"
	if addr == "" {
		addr, from = w.Getenv("BUILDKIT_HOST"), "BUILDKIT_HOST"
	}
	if cmp.Or(addr, privateAddr) == privateAddr || solve.IsAddr(addr) {
		return nil
	}
	return &usageError{err: fmt.Errorf("%s %q: not unix://…, tcp://…, docker-container://NAME or private", from, addr), command: command}
}
