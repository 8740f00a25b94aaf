package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
)

func newFetch(w *world) *cobra.Command {
	var o common
	c := &cobra.Command{
		Use:     "fetch [PROJECT]",
		Short:   fetchShort,
		Long:    fetchLong,
		Example: fetchExample,
		Args:    oneProject,
		RunE:    func(c *cobra.Command, args []string) error { return w.fetch(c.Context(), o, projectDir(args)) },
	}
	o.registerBundles(c)
	o.registerBases(c)
	o.register(c)
	return c
}

func (w *world) fetch(ctx context.Context, o common, dir string) error {
	s, err := w.open(o, dir)
	if err != nil {
		return err
	}
	defer s.meter.Close()
	plans, err := s.plans(ctx)
	if err != nil {
		return err
	}
	if _, err := s.farm.Images(ctx, s.project, s.lock, plans); err != nil {
		return err
	}
	roots, err := farm.ProveRoots(s.lock)
	if err != nil {
		return err
	}
	if err := s.farm.RootImages(ctx, roots); err != nil {
		return err
	}
	s.meter.Close()
	_, err = fmt.Fprintf(w.Stdout, "all that a build of %s reads is in %s\n",
		counted(len(plans), "target", "targets"), s.farm.CacheDir)
	return err
}
