package solve

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/content"
	contentlocal "github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/errdefs"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// layoutStore serves the blobs of an OCI image layout (OCI image-spec,
// image-layout.md) to the daemon. Unlike containerd's store it only reads: it
// makes no folder in the layout, which may belong to somebody else.
type layoutStore struct {
	dir string
}

var _ content.Store = layoutStore{}

// openLayout opens a layout; its index must be there.
func openLayout(dir string) (layoutStore, error) {
	_, err := os.Stat(filepath.Join(dir, ocispecs.ImageIndexFile))
	return layoutStore{dir}, err
}

// blob is the file of a digest.
func (s layoutStore) blob(d digest.Digest) (string, error) {
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("digest %q: %w: %w", d, err, errdefs.ErrInvalidArgument)
	}
	return filepath.Join(s.dir, ocispecs.ImageBlobsDir, d.Algorithm().String(), d.Encoded()), nil
}

// Info returns a blob's size.
func (s layoutStore) Info(_ context.Context, d digest.Digest) (content.Info, error) {
	file, err := s.blob(d)
	if err != nil {
		return content.Info{}, err
	}
	info, err := os.Stat(file)
	if os.IsNotExist(err) {
		return content.Info{}, fmt.Errorf("%s: %w", file, errdefs.ErrNotFound)
	}
	if err != nil {
		return content.Info{}, err
	}
	return content.Info{Digest: d, Size: info.Size(), CreatedAt: info.ModTime(), UpdatedAt: info.ModTime()}, nil
}

// ReaderAt opens a blob.
func (s layoutStore) ReaderAt(_ context.Context, d ocispecs.Descriptor) (content.ReaderAt, error) {
	file, err := s.blob(d.Digest)
	if err != nil {
		return nil, err
	}
	return contentlocal.OpenReader(file)
}

// The rest of the interface is for stores that are written to or listed.

func (layoutStore) Update(context.Context, content.Info, ...string) (content.Info, error) {
	return content.Info{}, errdefs.ErrNotImplemented
}

func (layoutStore) Walk(context.Context, content.WalkFunc, ...string) error {
	return errdefs.ErrNotImplemented
}

func (layoutStore) Delete(context.Context, digest.Digest) error { return errdefs.ErrNotImplemented }

func (layoutStore) Status(context.Context, string) (content.Status, error) {
	return content.Status{}, errdefs.ErrNotImplemented
}

func (layoutStore) ListStatuses(context.Context, ...string) ([]content.Status, error) {
	return nil, errdefs.ErrNotImplemented
}

func (layoutStore) Abort(context.Context, string) error { return errdefs.ErrNotImplemented }

func (layoutStore) Writer(context.Context, ...content.WriterOpt) (content.Writer, error) {
	return nil, errdefs.ErrNotImplemented
}
