package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/registry"
)

// baseOptions are the flags of ofarm base.
type baseOptions struct {
	common
	json bool
}

func newBase(w *world) *cobra.Command {
	var o baseOptions
	c := &cobra.Command{
		Use:     "base [PROJECT]",
		Short:   baseShort,
		Long:    baseLong,
		Example: baseExample,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 && nearest(args[0], []string{"push"}) != "" {
				return knownCommand(c, args)
			}
			return oneProject(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			return w.listBases(c.Context(), o, projectDir(args))
		},
	}
	c.Flags().BoolVar(&o.json, "json", false, flagJSON)
	o.registerBase(c)
	push := newBasePush(w)
	nameValues(push.Flags())
	c.AddCommand(push)
	return c
}

func newBasePush(w *world) *cobra.Command {
	var o baseOptions
	c := &cobra.Command{
		Use:     "push REPOSITORY [PROJECT]",
		Short:   basePushShort,
		Long:    basePushLong,
		Example: basePushExample,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{err: errNoRepository, command: c.CommandPath()}
			}
			if len(args) == 2 && !isRef(args[0]) && isRef(args[1]) {
				return &usageError{err: errRepositoryFirst, near: fmt.Sprintf("%s %s %s", c.CommandPath(), args[1], args[0])}
			}
			return oneProject(c, args[1:])
		},
		RunE: func(c *cobra.Command, args []string) error {
			return w.pushBases(c.Context(), o, args[0], projectDir(args[1:]))
		},
	}
	o.registerBase(c)
	return c
}

// What is wrong with calls of ofarm base push.
var (
	errNoRepository    = errors.New("name the repository to push to")
	errRepositoryFirst = errors.New("the repository comes first, then the project")
	errPushOffline     = errors.New("what is pushed goes to a registry: leave --offline out")
)

// registerBase adds the flags of both.
func (o *baseOptions) registerBase(c *cobra.Command) {
	o.registerBundles(c)
	o.registerLocked(c)
}

// assembleBases assembles the bases of a project's locked targets.
func (w *world) assembleBases(ctx context.Context, o baseOptions, dir string) (*session, []farm.Base, error) {
	s, err := w.openLocked(o.common, dir, o.locked)
	if err != nil {
		return nil, nil, err
	}
	defer s.meter.Close()
	bases, err := s.farm.AssembleBases(ctx, s.lock, s.targets)
	return s, bases, err
}

// listBases prints the digests of the bases.
func (w *world) listBases(ctx context.Context, o baseOptions, dir string) error {
	_, bases, err := w.assembleBases(ctx, o, dir)
	if err != nil {
		return err
	}
	if o.json {
		type row struct {
			Target   string `json:"target"`
			Platform string `json:"platform"`
			Base     string `json:"base"`
		}
		rows := []row{}
		for _, b := range bases {
			rows = append(rows, row{b.Target.Name, b.Target.Platform, b.Image.String()})
		}
		return w.printJSON(rows)
	}
	t := w.table("TARGET", "PLATFORM", "BASE")
	for _, b := range bases {
		t.row(b.Target.Name, b.Target.Platform, b.Image.String())
	}
	return t.flush()
}

// pushBases pushes the bases, and prints what ofarm.toml says to take them.
func (w *world) pushBases(ctx context.Context, o baseOptions, repository, dir string) error {
	to, err := registry.ParseRef(repository)
	if err == nil && (to.Tag != "" || to.Digest != "") {
		err = &registry.RefError{Ref: repository, Text: "each base gets a tag of its own; name the repository alone"}
	}
	if err == nil && o.offline {
		err = errPushOffline
	}
	if err != nil {
		return &usageError{err: err}
	}
	s, bases, err := w.assembleBases(ctx, o, dir)
	if err != nil {
		return err
	}
	meter := input.NewMeter(w.Stderr, isTerminal(w.Stderr), w.Now).Sending()
	defer meter.Close()
	s.farm.Fetcher.Progress = meter.Event
	for i, b := range bases {
		pushed, err := s.farm.PushBase(ctx, w.registry(o.common), to, b)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w.Stdout, settingOf(bases[:i], b.Target, pushed.Ref)); err != nil {
			return err
		}
	}
	return nil
}

// settingOf is what ofarm.toml says to take a base; in a comment where a target's
// other platform is among those before, since it has one base for a target.
func settingOf(before []farm.Base, id lock.TargetID, ref registry.Ref) string {
	if slices.ContainsFunc(before, func(b farm.Base) bool { return b.Target.Name == id.Name }) {
		return fmt.Sprintf(basePushedToo, id.Name, id.Platform, ref)
	}
	return fmt.Sprintf(basePushed, id.Name, ref)
}
