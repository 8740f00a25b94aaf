package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/hashicorp/go-multierror"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/registry"
)

// Remote is a bundle in a registry. Its methods may be called by several
// goroutines at once.
type Remote struct {
	ctx    context.Context
	client *registry.Client
	ref    registry.Ref
	lock   Input
	inputs []Input
	blobs  map[input.Digest]Input
}

// OpenRemote takes the manifest of a bundle in a registry; its inputs are taken
// when they are asked for. The context is that of all reading: a [Remote] is an
// [input.Holder], and these aren't given one. What isn't a bundle as it would be
// written is a [*DamagedError], an artifact of another type a [*NotBundleError];
// other errors are those of package registry.
func OpenRemote(ctx context.Context, client *registry.Client, ref registry.Ref) (*Remote, error) {
	m, err := client.Manifest(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("opening the bundle in a registry: %w", err)
	}
	b := &Remote{ctx: ctx, client: client, ref: m.Ref, blobs: map[input.Digest]Input{}}
	c, err := readManifest(ocispec.Descriptor{Digest: m.Ref.Digest}, m.Data)
	var other *typeError
	if errors.As(err, &other) {
		return nil, &NotBundleError{Path: b.Path(), Err: err, Remote: true}
	}
	if err != nil {
		return nil, &DamagedError{Path: b.Path(), Entry: "the manifest", Err: err}
	}
	b.lock, b.inputs = c.lock, c.inputs
	for _, in := range c.blobs() {
		b.blobs[in.Sum] = in
	}
	return b, nil
}

// Path is the bundle's reference, with its digest.
func (b *Remote) Path() string { return b.ref.String() }

// Ref is the same.
func (b *Remote) Ref() registry.Ref { return b.ref }

// Inputs are the bundle's inputs, sorted by title.
func (b *Remote) Inputs() []Input { return b.inputs }

// Count counts them.
func (b *Remote) Count() Count { return contents{lock: b.lock, inputs: b.inputs}.count() }

// Has reports whether the bundle has the input. It asks nobody.
func (b *Remote) Has(d input.Digest) bool {
	_, ok := b.blobs[d]
	return ok
}

// Lock returns the bundle's lock, as written. Damage is a [*DamagedError].
func (b *Remote) Lock() ([]byte, error) {
	r, err := b.OpenInput(b.lock.Sum)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// OpenInput opens an input for reading. Where its bytes aren't those of the
// digest, reading ends in a [*DamagedError] and not in [io.EOF]. An input that
// the bundle doesn't have is an error that wraps [fs.ErrNotExist].
func (b *Remote) OpenInput(d input.Digest) (io.ReadCloser, error) {
	in, err := b.blob(d)
	if err != nil {
		return nil, err
	}
	r, err := b.client.Open(b.ctx, b.ref, in.descriptor(inputType))
	if err != nil {
		return nil, err
	}
	return &remoteInput{ReadCloser: r, bundle: b, input: in}, nil
}

// OpenInputAt opens an input from a byte on; who reads verifies the whole.
func (b *Remote) OpenInputAt(d input.Digest, offset int64) (io.ReadCloser, error) {
	in, err := b.blob(d)
	if err != nil {
		return nil, err
	}
	return b.client.OpenAt(b.ctx, b.ref, in.descriptor(inputType), offset)
}

func (b *Remote) blob(d input.Digest) (Input, error) {
	in, ok := b.blobs[d]
	if !ok {
		return in, fmt.Errorf("input %s is not in the bundle %q: %w", d, b.Path(), fs.ErrNotExist)
	}
	return in, nil
}

// Verify takes all blobs, and keeps none. The error has one for each that can't be
// had or is damaged, sorted by digest, the lock's first.
func (b *Remote) Verify(ctx context.Context) error {
	var errs *multierror.Error
	for _, in := range (contents{lock: b.lock, inputs: b.inputs}).blobs() {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		errs = multierror.Append(errs, verifyInput(b, in.Sum))
	}
	return errs.ErrorOrNil()
}

// remoteInput says of damage which entry has it.
type remoteInput struct {
	io.ReadCloser
	bundle *Remote
	input  Input
}

func (r *remoteInput) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	var damaged *registry.DamagedError
	if errors.As(err, &damaged) {
		err = &DamagedError{Path: r.bundle.Path(), Entry: blob(r.input.descriptor(inputType)).label(), Err: damaged.Err, Remote: true}
	}
	return n, err
}
