package bundle

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/registry"
)

// PushOptions say where a bundle is pushed.
type PushOptions struct {
	Client *registry.Client
	// To is the repository, with a tag if it is to have one.
	To registry.Ref
	// Progress is told what is sent, if set. Several goroutines call it at once.
	Progress func(input.Event)
}

// Pushed is a bundle that was pushed.
type Pushed struct {
	// Ref names it by its digest.
	Ref registry.Ref
	Count
	// Size is how many bytes all that has, with the lock.
	Size int64
	// Sent counts the blobs that the registry didn't have, the lock and the empty
	// config among them, and SentSize their bytes.
	Sent     int
	SentSize int64
}

// Push pushes what [Write] would write: the same manifest and the same blobs.
// Errors are those of [Write] and of package registry.
func Push(ctx context.Context, o PushOptions, lock []byte, inputs []Input, store Store) (Pushed, error) {
	c, err := storedContents(lock, inputs, store)
	if err != nil {
		return Pushed{}, err
	}
	return o.push(ctx, c, func(d input.Digest) (io.ReadCloser, error) {
		if d == c.lock.Sum {
			return io.NopCloser(bytes.NewReader(lock)), nil
		}
		return store.OpenFile(d)
	})
}

// Push pushes the bundle as it is in its file.
func (b *Bundle) Push(ctx context.Context, o PushOptions) (Pushed, error) {
	return o.push(ctx, contents{lock: b.lock, inputs: b.inputs}, b.OpenInput)
}

// storedContents are the contents of a bundle of a lock and of inputs that are in
// a store, with their sizes there.
func storedContents(lock []byte, inputs []Input, store Store) (contents, error) {
	sized := make([]Input, len(inputs))
	for i, in := range inputs {
		size, ok := store.Size(in.Sum)
		if !ok {
			return contents{}, fmt.Errorf("%s (%s) is not in the cache folder: %w", in.Title, in.Sum, fs.ErrNotExist)
		}
		sized[i] = Input{in.Title, in.Sum, size}
	}
	c, err := newContents(Input{Sum: input.SumBytes(lock), Size: int64(len(lock))}, sized)
	if n := len(c.manifest()); err == nil && n > mostManifest {
		err = &TooManyError{Inputs: len(c.inputs), Size: n}
	}
	return c, err
}

func (o PushOptions) push(ctx context.Context, c contents, open func(input.Digest) (io.ReadCloser, error)) (Pushed, error) {
	run := &input.Run{}
	out := Pushed{Count: c.count()}
	list := []registry.Descriptor{config()}
	for _, in := range c.blobs(list[0].Digest) {
		list = append(list, in.descriptor(inputType))
		out.Size += in.Size
	}
	pushed, err := o.Client.Push(ctx, o.To, registry.Contents{
		Manifest: c.manifest(), MediaType: ocispec.MediaTypeImageManifest, Blobs: list,
		Open: func(d registry.Descriptor) (io.ReadCloser, error) {
			if d.MediaType == ocispec.MediaTypeEmptyJSON {
				return io.NopCloser(bytes.NewReader(ocispec.DescriptorEmptyJSON.Data)), nil
			}
			return open(sumOf(d.Digest))
		},
		Progress: func(i int, sent int64, ended bool) {
			if o.Progress != nil {
				o.Progress(sendEvent(run, i, list[i], sent, ended))
			}
		},
	})
	if err != nil {
		return Pushed{}, fmt.Errorf("pushing the bundle: %w", err)
	}
	out.Ref, out.Sent, out.SentSize = pushed.Ref, pushed.Blobs, pushed.Bytes
	return out, nil
}

// config is the descriptor of the empty config, as a blob.
func config() registry.Descriptor {
	d := ocispec.DescriptorEmptyJSON
	d.Data = nil
	return d
}

// sendEvent tells of a blob that is sent.
func sendEvent(run *input.Run, i int, d registry.Descriptor, sent int64, ended bool) input.Event {
	e := input.Event{Run: run, ID: i, Name: blob(d).label(), State: input.Fetching, Done: sent, Total: d.Size}
	if ended {
		e.State = input.Done
	}
	return e
}

// sumOf is a digest as inputs have it; only blobs of a bundle are asked.
func sumOf(d digest.Digest) input.Digest {
	sum, err := input.ParseDigest(d.String())
	if err != nil {
		panic(err) // it was made of one
	}
	return sum
}
