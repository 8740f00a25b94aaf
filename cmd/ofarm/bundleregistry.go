package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/ofarm/ofarm/internal/bundle"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/registry"
)

// pushRef reads where a bundle is to be pushed.
func pushRef(text string) (registry.Ref, error) {
	ref, err := flagRef("push", text)
	wrong := ""
	switch {
	case err != nil:
		return ref, err
	case ref.Digest != "":
		wrong = "what is pushed gets its own digest; leave it out"
	case ref.Tag == "":
		wrong = "it has no tag, as in " + text + ":1.0"
	default:
		return ref, nil
	}
	return ref, &usageError{err: fmt.Errorf("--push: %w", &registry.RefError{Ref: text, Text: wrong})}
}

// push does a push to where --push says, and tells of it.
func (w *world) push(o bundleOptions, do func(bundle.PushOptions) (bundle.Pushed, error)) error {
	to, err := pushRef(o.push)
	if err != nil {
		return err
	}
	meter := input.NewMeter(w.Stderr, isTerminal(w.Stderr), w.Now).Sending()
	pushed, err := do(bundle.PushOptions{Client: w.registry(o.common), To: to, Progress: meter.Event})
	meter.Close()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.Stdout, bundlePushed, pushed.Ref,
		countedIn(pushed.Count), humanSize(pushed.Size), humanSize(pushed.SentSize))
	return err
}

// bundleFrom copies a bundle from a file or a registry to another place.
func (w *world) bundleFrom(ctx context.Context, o bundleOptions) error {
	if !isRemote(o.from) {
		return w.pushFile(ctx, o)
	}
	if o.output == "" && o.push == "" {
		o.output = bundleName
	}
	if _, err := outputFile(o.output); err != nil {
		return err
	}
	ref, err := flagRef("from", o.from)
	if err != nil {
		return err
	}
	from, err := bundle.OpenRemote(ctx, w.registry(o.common), ref)
	if err != nil {
		return err
	}
	f, err := w.pull(ctx, o.common, from)
	if err != nil {
		return err
	}
	if o.push != "" {
		err = w.pushPulled(ctx, o, f, from)
	}
	if err != nil || o.output == "" {
		return err
	}
	data, err := from.Lock()
	if err != nil {
		return err
	}
	return w.writeBundle(ctx, o.output, data, from.Inputs(), f.Store)
}

// pull brings the inputs of a bundle into the store. What is there isn't pulled,
// and an interrupted pull goes on where it stopped.
func (w *world) pull(ctx context.Context, o common, from *bundle.Remote) (*farm.Farm, error) {
	f, meter, err := w.openFarm(o)
	if err != nil {
		return nil, err
	}
	defer meter.Close()
	var list []input.Request
	for _, in := range from.Inputs() {
		list = append(list, input.Request{Name: in.Title, Sum: in.Sum, Size: in.Size})
	}
	f.Fetcher.Holders, f.Fetcher.Offline = []input.Holder{from}, true
	_, err = f.Fetcher.Fetch(ctx, list)
	return f, err
}

// pushPulled pushes what was pulled to another place.
func (w *world) pushPulled(ctx context.Context, o bundleOptions, f *farm.Farm, from *bundle.Remote) error {
	data, err := from.Lock()
	if err != nil {
		return err
	}
	return w.push(o, func(po bundle.PushOptions) (bundle.Pushed, error) {
		return bundle.Push(ctx, po, data, from.Inputs(), f.Store)
	})
}

// errFromFile says that a file was named where a registry was meant.
var errFromFile = errors.New("--from a file goes to a registry, which --push names")

// pushFile pushes a bundle's file as it is.
func (w *world) pushFile(ctx context.Context, o bundleOptions) error {
	if o.push == "" || o.output != "" {
		return fromFile(o.from)
	}
	b, err := openFile("from", o.from)
	if err != nil {
		return err
	}
	return w.push(o, func(po bundle.PushOptions) (bundle.Pushed, error) { return b.Push(ctx, po) })
}
