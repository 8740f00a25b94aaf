package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ofarm/ofarm/internal/bundle"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/registry"
)

// registerBases adds the flag of commands that make a build's images.
func (o *common) registerBases(c *cobra.Command) {
	c.Flags().StringArrayVar(&o.bases, "base", nil, flagBase)
}

// registry is the client of a command.
func (w *world) registry(o common) *registry.Client {
	opt := registry.Options{PlainHTTP: o.plainHTTP, Offline: o.offline, Proxy: proxy(w.Getenv)}
	dir := w.Getenv("DOCKER_CONFIG")
	if home := w.Getenv("HOME"); dir == "" && home != "" {
		dir = filepath.Join(home, ".docker")
	}
	if dir != "" {
		opt.Credentials = registry.DockerCredentials(dir)
	}
	return registry.New(opt)
}

// hostsFlag registers a flag that names registries by their hosts.
func hostsFlag(f *pflag.FlagSet, to *[]string, name, usage string) {
	f.Func(name, usage, func(s string) error {
		for _, host := range strings.Split(s, ",") {
			ref, err := registry.ParseRef(host + "/x")
			if err != nil || ref.Host != host {
				return errors.New("not a registry's host, such as registry.example:5000")
			}
			*to = append(*to, host)
		}
		return nil
	})
}

// heldBundle is a bundle in a file or in a registry.
type heldBundle interface {
	input.Holder
	Path() string
	Lock() ([]byte, error)
	Count() bundle.Count
	Verify(context.Context) error
}

// openBundles opens the bundles that a command takes inputs from.
func (w *world) openBundles(o common) ([]heldBundle, error) {
	var out []heldBundle
	for _, place := range o.bundles {
		b, err := w.openBundle(o, "bundle", place)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// openBundle opens a bundle that a flag names: in a registry where the place says
// so.
func (w *world) openBundle(o common, flag, place string) (heldBundle, error) {
	if !isRemote(place) {
		return openFile(flag, place)
	}
	ref, err := flagRef(flag, place)
	if err != nil {
		return nil, err
	}
	return bundle.OpenRemote(w.ctx, w.registry(o), ref)
}

// isRemote tells a reference from the name of a file.
func isRemote(place string) bool { return strings.HasPrefix(place, registry.Scheme) }

// useBundles lets a farm take inputs from bundles first. Who names a file means
// to do without a connection, and nothing else is asked; a registry is one place
// more.
func useBundles(f *farm.Farm, o common, bundles []heldBundle) {
	for _, b := range bundles {
		f.Fetcher.Holders = append(f.Fetcher.Holders, b)
	}
	for _, place := range o.bundles {
		f.Fetcher.Offline = f.Fetcher.Offline || !isRemote(place)
	}
}

// useBases lets a farm take bases from registries: those of --base, else those of
// ofarm.toml. Without a connection the latter are assembled, which gives the same,
// unless they were taken before.
func (w *world) useBases(f *farm.Farm, o common, p *farm.Project, ids []lock.TargetID) error {
	o.offline = f.Fetcher.Offline
	f.Registry = w.registry(o)
	for _, text := range o.bases {
		from, err := baseRef(text)
		if err != nil {
			return &usageError{err: fmt.Errorf("--base: %w", err)}
		}
		f.Bases = append(f.Bases, from)
	}
	if len(o.bases) > 0 {
		return nil
	}
	for _, id := range ids {
		text := p.Config.For(id.Name).Base
		if text == "" {
			continue
		}
		from, err := baseRef(text)
		if err != nil {
			return fmt.Errorf("the base of %s in ofarm.toml: %w", id.Name, err)
		}
		from.Target, from.Here = id.Name, f.Fetcher.Offline
		f.Bases = append(f.Bases, from)
	}
	return nil
}

// baseRef reads the reference of a base.
func baseRef(text string) (farm.BaseRef, error) {
	ref, err := registry.ParseRef(text)
	if err == nil && ref.Digest == "" {
		err = &registry.RefError{Ref: text, Text: "it has no digest, as in " + text + "@sha256:…"}
	}
	return farm.BaseRef{Ref: ref}, err
}
