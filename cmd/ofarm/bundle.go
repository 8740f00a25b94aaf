package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

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
	tools  bool   // with tools
	unpack string // folder for tools
	push   string // a registry's reference
	from   string // a bundle to copy
	all    bool   // neither targets nor a platform were named
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
			if err := checkBundleFlags(c, o, args); err != nil {
				return err
			}
			if o.check != "" {
				return w.checkBundle(c.Context(), o.common, o.check)
			}
			if o.unpack != "" {
				return w.unpackTools(c.Context(), o.bundles, o.unpack)
			}
			if o.from != "" {
				return w.bundleFrom(c.Context(), o)
			}
			return w.bundle(c.Context(), o, projectDir(args))
		},
	}
	c.Flags().StringVarP(&o.output, "output", "o", "", flagBundleOutput)
	c.Flags().StringVar(&o.check, "check", "", flagBundleCheck)
	c.Flags().BoolVar(&o.tools, "with-tools", false, flagWithTools)
	c.Flags().StringVar(&o.push, "push", "", flagBundlePush)
	c.Flags().StringVar(&o.from, "from", "", flagBundleFrom)
	c.Flags().StringVar(&o.unpack, "unpack-tools", "", flagUnpackTools)
	o.registerBundles(c)
	o.register(c)
	c.Flags().Lookup("target").Usage = flagBundleTarget
	return c
}

// registerBundles adds the flag of commands that fetch inputs.
func (o *common) registerBundles(c *cobra.Command) {
	c.Flags().StringArrayVar(&o.bundles, "bundle", nil, flagBundle)
	c.Flags().BoolVar(&o.plainHTTP, "plain-http", false, flagPlainHTTP)
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
	if o.push != "" {
		if err := w.pushBundle(ctx, o, s, inputs); err != nil || o.output == "" {
			return err
		}
	}
	file := o.output
	if file == "" {
		file = filepath.Join(dir, s.project.Output(), bundleName)
	}
	if !o.tools {
		return w.writeBundle(ctx, s, file, inputs, nil)
	}
	return w.bundleWithTools(ctx, s, file, inputs)
}

func allTargets(l *lock.File) []lock.TargetID {
	var out []lock.TargetID
	for _, t := range l.Targets {
		out = append(out, t.TargetID)
	}
	return out
}

// writeBundle writes inputs and tools that are in the store, and tells of it.
func (w *world) writeBundle(ctx context.Context, s *session, file string, inputs []farm.Input, tools []bundle.Input) error {
	if err := placeFor(file); err != nil {
		return err
	}
	list := slices.Clone(tools)
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
func (w *world) checkBundle(ctx context.Context, o common, file string) error {
	b, err := w.openBundle(o, file)
	if err != nil {
		return err
	}
	if err := b.Verify(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.Stdout, bundleWhole, file, counted(len(b.Inputs()), "input", "inputs"))
	return err
}

// takeLock writes the lock of a bundle to a project that has none, if it is a
// lock of that project.
func (w *world) takeLock(p *farm.Project, b heldBundle) error {
	data, err := b.Lock()
	if err != nil {
		return err
	}
	name := b.Path() + "/" + farm.LockName
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
