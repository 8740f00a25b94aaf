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
	o.registerLocked(c)
	return c
}

// registerBundles adds the flag of commands that fetch inputs.
func (o *common) registerBundles(c *cobra.Command) {
	c.Flags().StringArrayVar(&o.bundles, "bundle", nil, flagBundle)
	hostsFlag(c.Flags(), &o.plainHTTP, "plain-http", flagPlainHTTP)
}

// bundle writes the inputs of a project's lock to one file.
func (w *world) bundle(ctx context.Context, o bundleOptions, dir string) error {
	s, err := w.openLocked(o.common, dir, o.locked)
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
	var tools toolbox
	if o.tools {
		if tools, err = w.gatherTools(s.farm.BinDir); err != nil {
			return err
		}
	}
	if o.output == "" && o.push == "" {
		o.output = filepath.Join(dir, s.project.Output(), bundleName)
	}
	return w.putBundle(ctx, o, s, inputs, tools)
}

// putBundle brings a bundle of inputs and tools to where it goes, and tells of it.
func (w *world) putBundle(ctx context.Context, o bundleOptions, s *session, inputs []farm.Input, tools toolbox) error {
	list := slices.Clone(tools.inputs)
	for _, in := range inputs {
		list = append(list, bundle.Input{Title: in.Title, Sum: in.Sum})
	}
	data, store := s.lock.Append(nil), bundle.Stores{tools, s.farm.Store}
	if o.push != "" {
		err := w.push(o, func(po bundle.PushOptions) (bundle.Pushed, error) { return bundle.Push(ctx, po, data, list, store) })
		if err != nil {
			return err
		}
	}
	if o.output != "" {
		if err := w.writeBundle(ctx, o.output, data, list, store); err != nil {
			return err
		}
		if err := w.tellTools(o.output, tools); err != nil {
			return err
		}
	}
	return w.warnDynamic(tools.files)
}

// writeBundle writes a bundle to a file, and tells of it.
func (w *world) writeBundle(ctx context.Context, file string, data []byte, list []bundle.Input, store bundle.Store) error {
	place, err := placeFor(file)
	if err != nil {
		return err
	}
	made, err := bundle.WriteFile(ctx, place, data, list, store)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.Stdout, bundleWrote, file, countedIn(made.Count), humanSize(made.Size), made.Sum)
	return err
}

// countedIn says how many inputs a bundle has, and how many tools if any.
func countedIn(c bundle.Count) string {
	text := counted(c.Inputs, "input", "inputs")
	if c.Tools > 0 {
		text += " and " + counted(c.Tools, "tool", "tools")
	}
	return text
}

// checkBundle reads the whole of a bundle.
func (w *world) checkBundle(ctx context.Context, o common, file string) error {
	b, err := w.openBundle(o, "check", file)
	if err != nil {
		return err
	}
	if err := b.Verify(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.Stdout, bundleWhole, file, countedIn(b.Count()))
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
