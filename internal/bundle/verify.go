package bundle

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/input"
)

// verified reads a blob, and compares its digest at its end.
type verified struct {
	file    *os.File
	content *io.SectionReader
	path    string
	place   place
	want    input.Digest
	sum     hash.Hash
	size    int64
}

func newVerified(f *os.File, path string, p place, want input.Digest) *verified {
	return &verified{
		file: f, path: path, place: p, want: want,
		content: io.NewSectionReader(f, p.at, p.size), sum: sha256.New(),
	}
}

func (v *verified) Read(b []byte) (int, error) {
	n, err := v.content.Read(b)
	v.sum.Write(b[:n])
	v.size += int64(n)
	if err == io.EOF {
		err = v.check()
	}
	return n, err
}

// check is [io.EOF] where the whole blob was read as it was written.
func (v *verified) check() error {
	got := input.Digest(v.sum.Sum(nil))
	if v.size == v.place.size && got == v.want {
		return io.EOF
	}
	err := fmt.Errorf("other bytes: got %s", got)
	if v.size < v.place.size {
		err = fmt.Errorf("the file ends before it does")
	}
	return &DamagedError{Path: v.path, Entry: v.place.label(), Err: err}
}

func (v *verified) Close() error { return v.file.Close() }

// Verify reads all blobs. The error has one [*DamagedError] for each that is
// damaged, in the order of the file.
func (b *Bundle) Verify(ctx context.Context) error {
	sums := slices.SortedFunc(maps.Keys(b.places), func(x, y input.Digest) int {
		return cmp.Compare(b.places[x].at, b.places[y].at)
	})
	var errs *multierror.Error
	for _, d := range sums {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		errs = multierror.Append(errs, verifyInput(b, d))
	}
	return errs.ErrorOrNil()
}

// verifyInput reads an input; its reader tells of damage.
func verifyInput(b interface {
	OpenInput(d input.Digest) (io.ReadCloser, error)
}, d input.Digest) error {
	r, err := b.OpenInput(d)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}
