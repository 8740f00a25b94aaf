package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	tmpDir   = "tmp"  // files that aren't whole yet
	refsDir  = "refs" // remembered images
	lockName = "lock" // shared by writers, exclusive while pruning
)

// Descriptor names a blob: its media type, digest and size.
type Descriptor = ocispec.Descriptor

// Layout is an OCI image layout on disk. Its methods may be called by several
// goroutines and several processes at once.
type Layout struct {
	dir string
}

// Open returns the layout in the folder dir, which is made if there is none.
func Open(dir string) (*Layout, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening image layout %q: %w", dir, err)
	}
	l := &Layout{dir: abs}
	if err := l.init(); err != nil {
		return nil, fmt.Errorf("opening image layout %q: %w", dir, err)
	}
	return l, nil
}

// init writes what the specification demands of every layout.
func (l *Layout) init() error {
	for _, sub := range []string{tmpDir, refsDir, filepath.Join(ocispec.ImageBlobsDir, string(digest.SHA256))} {
		if err := os.MkdirAll(filepath.Join(l.dir, sub), 0o755); err != nil {
			return err
		}
	}
	index := ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageIndex,
		Manifests: []Descriptor{},
	}
	return errors.Join(
		l.writeOnce(ocispec.ImageLayoutFile, ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion}),
		l.writeOnce(ocispec.ImageIndexFile, index),
	)
}

// writeOnce writes a JSON file unless there is one.
func (l *Layout) writeOnce(name string, v any) error {
	path := filepath.Join(l.dir, name)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.writeFile(path, b)
}

// Dir returns the layout's folder, an absolute path.
func (l *Layout) Dir() string { return l.dir }

// BlobPath returns where the blob is, or would be.
func (l *Layout) BlobPath(d digest.Digest) string {
	return filepath.Join(l.dir, ocispec.ImageBlobsDir, string(d.Algorithm()), d.Encoded())
}

// WriteLayer stores the uncompressed tar that write produces and returns its
// descriptor, whose digest is also the layer's diff id. If write fails, nothing
// is stored.
func (l *Layout) WriteLayer(write func(w io.Writer) error) (Descriptor, error) {
	d, err := l.writeBlob(ocispec.MediaTypeImageLayer, write)
	if err != nil {
		return Descriptor{}, fmt.Errorf("writing a layer: %w", err)
	}
	return d, nil
}

// writeBlob stores what write produces under its digest.
func (l *Layout) writeBlob(mediaType string, write func(w io.Writer) error) (Descriptor, error) {
	f, err := os.CreateTemp(filepath.Join(l.dir, tmpDir), "blob-")
	if err != nil {
		return Descriptor{}, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	sum := digest.SHA256.Digester()
	counted := &counter{w: io.MultiWriter(f, sum.Hash())}
	if err := write(counted); err != nil {
		return Descriptor{}, err
	}
	d := Descriptor{MediaType: mediaType, Digest: sum.Digest(), Size: counted.n}
	if err := errors.Join(f.Chmod(0o444), f.Sync(), f.Close()); err != nil {
		return Descriptor{}, err
	}
	return d, l.shared(func() error { return os.Rename(f.Name(), l.BlobPath(d.Digest)) })
}

// writeFile writes a small file as a whole or not at all.
func (l *Layout) writeFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Join(l.dir, tmpDir), "file-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// shared runs f while nobody prunes.
func (l *Layout) shared(f func() error) error {
	lock := flock.New(filepath.Join(l.dir, lockName))
	if err := lock.RLock(); err != nil {
		return err
	}
	defer lock.Close()
	return f()
}

// counter counts what goes through it.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
