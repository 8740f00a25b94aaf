package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/scratch"
)

// Written is a bundle that was written.
type Written struct {
	// Sum is of the whole file.
	Sum input.Digest
	// Size is the file's, in bytes.
	Size int64
	Count
}

// Store has inputs: an [*input.Store], or [Stores].
type Store interface {
	// Size tells an input's size in bytes, and whether the store has it.
	Size(d input.Digest) (int64, bool)
	OpenFile(d input.Digest) (*os.File, error)
}

// Stores are several: an input is taken from the first that has it.
type Stores []Store

// Size tells an input's size in bytes, and whether one of the stores has it.
func (s Stores) Size(d input.Digest) (int64, bool) {
	for _, one := range s {
		if size, ok := one.Size(d); ok {
			return size, true
		}
	}
	return 0, false
}

// OpenFile opens an input for reading.
func (s Stores) OpenFile(d input.Digest) (*os.File, error) {
	for _, one := range s {
		if _, ok := one.Size(d); ok {
			return one.OpenFile(d)
		}
	}
	return nil, fmt.Errorf("opening input %s: %w", d, fs.ErrNotExist)
}

// WriteFile writes a bundle to a file, which appears only when it is whole, in the
// place of what is there: who may not lose that looks before. It is otherwise as
// [Write]; a full disk is an [*input.NoSpaceError].
func WriteFile(ctx context.Context, name string, lock []byte, inputs []Input, store Store) (Written, error) {
	f, err := scratch.NewFile(name)
	if err != nil {
		return Written{}, fmt.Errorf("writing bundle %q: %w", name, err)
	}
	defer f.Close()
	w, err := Write(ctx, f, lock, inputs, store)
	if err == nil {
		err = f.Keep(0o644)
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		err = &input.NoSpaceError{Dir: filepath.Dir(name), Err: err}
	}
	if err != nil {
		return Written{}, fmt.Errorf("writing bundle %q: %w", name, err)
	}
	return w, nil
}

// Write writes a bundle of a lock and of inputs that are in the store. Their
// order doesn't matter, and neither do repetitions; sizes are taken from the
// store. An input that the store doesn't hold is an error that wraps
// [io/fs.ErrNotExist], and one that is damaged there an [*input.ChecksumError]. More
// than a manifest holds are a [*TooManyError].
func Write(ctx context.Context, to io.Writer, lock []byte, inputs []Input, store Store) (Written, error) {
	c, err := storedContents(lock, inputs, store)
	if err != nil {
		return Written{}, err
	}
	w := &writer{ctx: ctx, to: to, store: store, sum: sha256.New()}
	if err := w.all(c, lock); err != nil {
		return Written{}, err
	}
	return Written{Sum: input.Digest(w.sum.Sum(nil)), Size: w.size, Count: c.count()}, nil
}

// writer writes the entries of a tar.
type writer struct {
	ctx   context.Context
	to    io.Writer
	store Store
	sum   hash.Hash
	size  int64
}

// Write writes bytes of the bundle.
func (w *writer) Write(b []byte) (int, error) {
	if err := context.Cause(w.ctx); err != nil {
		return 0, err
	}
	n, err := w.to.Write(b)
	w.sum.Write(b[:n])
	w.size += int64(n)
	return n, err
}

// all writes the whole bundle.
func (w *writer) all(c contents, lock []byte) error {
	manifest := c.manifest()
	d, empty := digest.FromBytes(manifest), ocispec.DescriptorEmptyJSON
	err := errors.Join(
		w.small(ocispec.ImageLayoutFile, layoutFile()),
		w.small(ocispec.ImageIndexFile, indexFile(d, int64(len(manifest)))),
		w.small(blobName(d), manifest),
		w.small(blobName(empty.Digest), empty.Data),
	)
	if err != nil {
		return err
	}
	for _, in := range c.blobs(d, empty.Digest) {
		if in.Sum == c.lock.Sum {
			err = w.small(blob(in.descriptor(lockType)).name, lock)
		} else {
			err = w.input(in)
		}
		if err != nil {
			return err
		}
	}
	_, err = w.Write(make([]byte, trailerSize))
	return err
}

// small writes an entry that is in memory.
func (w *writer) small(name string, data []byte) error {
	return w.entry(entry{name: name, size: int64(len(data))}, bytes.NewReader(data))
}

// input writes an input from the store.
func (w *writer) input(in Input) error {
	f, err := w.store.OpenFile(in.Sum)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	err = w.entry(blob(in.descriptor(inputType)), io.TeeReader(f, sum))
	if got := input.Digest(sum.Sum(nil)); err == nil && got != in.Sum {
		err = fmt.Errorf("other bytes: got %s", got)
		return &input.ChecksumError{Failure: input.Failure{
			Name: in.Title, Sum: in.Sum, Tried: []input.Try{{Place: f.Name(), Answer: err}},
		}}
	}
	return err
}

// entry writes one entry, of exactly its size.
func (w *writer) entry(e entry, r io.Reader) error {
	header, err := e.header()
	if err != nil {
		return fmt.Errorf("%s: %w", e.label(), err)
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	if _, err := io.CopyN(w, r, e.size); err != nil {
		return fmt.Errorf("%s: %w", e.label(), err)
	}
	_, err = w.Write(make([]byte, e.padding()))
	return err
}
