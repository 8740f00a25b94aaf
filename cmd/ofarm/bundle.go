package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/bundle"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
)

// bundleName is a bundle's file in the folder of artifacts.
const bundleName = "bundle.tar"

// bundleOptions are the flags of ofarm bundle.
type bundleOptions struct {
	common
	output string
	check  string
	all    bool // neither targets nor a platform were named
}

func newBundle(w *world) *cobra.Command {
	var o bundleOptions
	c := &cobra.Command{
		Use:     "bundle [PROJECT]",
		Short:   bundleShort,
		Long:    bundleLong,
		Example: bundleExample,
		Args:    oneProject,
		RunE: func(c *cobra.Command, args []string) error {
			o.all = len(o.targets) == 0 && !c.Flags().Changed("platform")
			if o.check != "" {
				return w.checkBundle(c.Context(), o.check)
			}
			return w.bundle(c.Context(), o, projectDir(args))
		},
	}
	c.Flags().StringVarP(&o.output, "output", "o", "", flagBundleOutput)
	c.Flags().StringVar(&o.check, "check", "", flagBundleCheck)
	o.registerBundles(c)
	o.register(c)
	c.Flags().Lookup("target").Usage = flagBundleTarget
	return c
}

// registerBundles adds the flag of commands that fetch inputs.
func (o *common) registerBundles(c *cobra.Command) {
	c.Flags().StringArrayVar(&o.bundles, "bundle", nil, flagBundle)
}

// bundle writes the inputs of a project's lock to one file.
func (w *world) bundle(ctx context.Context, o bundleOptions, dir string) error {
	s, err := w.openLocked(o.common, dir, func(p *farm.Project, l *lock.File) ([]lock.TargetID, error) {
		if o.all {
			return allTargets(l), nil
		}
		return chosen(o.common, p, l)
	})
	if err != nil {
		return err
	}
	defer s.meter.Close()
	inputs, err := farm.Inputs(s.lock, s.targets)
	if err != nil {
		return err
	}
	if err := s.farm.FetchInputs(ctx, s.project, s.lock, inputs); err != nil {
		return err
	}
	s.meter.Close()
	file := o.output
	if file == "" {
		file = filepath.Join(dir, s.project.Output(), bundleName)
	}
	return w.writeBundle(ctx, s, file, inputs)
}

func allTargets(l *lock.File) []lock.TargetID {
	var out []lock.TargetID
	for _, t := range l.Targets {
		out = append(out, t.TargetID)
	}
	return out
}

// writeBundle writes inputs that are in the store, and tells of it.
func (w *world) writeBundle(ctx context.Context, s *session, file string, inputs []farm.Input) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return &usageError{err: fmt.Errorf("--output %q: it is a folder, and a bundle is a file", file), command: "ofarm bundle"}
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("writing bundle %q: %w", file, err)
	}
	var list []bundle.Input
	for _, in := range inputs {
		list = append(list, bundle.Input{Title: in.Title, Sum: in.Sum})
	}
	made, err := bundle.WriteFile(ctx, file, s.lock.Append(nil), list, s.farm.Store)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.Stdout, bundleWrote, file, counted(made.Inputs, "input", "inputs"), humanSize(made.Size), made.Sum)
	return err
}

// checkBundle reads the whole of a bundle.
func (w *world) checkBundle(ctx context.Context, file string) error {
	b, err := bundle.Open(file)
	if err != nil {
		return err
	}
	if err := b.Verify(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.Stdout, bundleWhole, file, counted(len(b.Inputs()), "input", "inputs"))
	return err
}

// openBundles opens the bundles that a command takes inputs from.
func openBundles(files []string) ([]*bundle.Bundle, error) {
	var out []*bundle.Bundle
	for _, file := range files {
		b, err := bundle.Open(file)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// useBundles lets a farm take inputs from bundles, and from nowhere that needs a
// connection.
func useBundles(f *farm.Farm, bundles []*bundle.Bundle) {
	for _, b := range bundles {
		f.Fetcher.Holders = append(f.Fetcher.Holders, b)
	}
	f.Fetcher.Offline = f.Fetcher.Offline || len(bundles) > 0
}

// takeLock writes the lock of a bundle to a project that has none, if it is a
// lock of that project.
func (w *world) takeLock(p *farm.Project, b *bundle.Bundle) error {
	data, err := b.Lock()
	if err != nil {
		return err
	}
	name := filepath.Join(b.Path(), farm.LockName)
	l, err := lock.Parse(name, data)
	if err != nil {
		return err
	}
	diff, err := p.Differences(l)
	if err != nil {
		return err
	}
	if len(diff) > 0 {
		return &farm.StaleError{Path: name, Differences: diff}
	}
	if err := farm.WriteFile(p.LockPath(), data); err != nil {
		return fmt.Errorf("writing the lock: %w", err)
	}
	_, err = fmt.Fprintf(w.Stderr, tellBundleLock, p.LockPath(), b.Path())
	return err
}
