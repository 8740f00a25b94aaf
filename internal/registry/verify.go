package registry

import (
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
)

// verified holds what is read against a descriptor.
type verified struct {
	io.ReadCloser
	desc Descriptor
	sum  digest.Digester
	size int64
	fail func(error) error // makes the error of what doesn't fit
}

func newVerified(r io.ReadCloser, d Descriptor, fail func(error) error) *verified {
	return &verified{ReadCloser: r, desc: d, sum: d.Digest.Algorithm().Digester(), fail: fail}
}

func (v *verified) Read(b []byte) (int, error) {
	n, err := v.ReadCloser.Read(b)
	v.sum.Hash().Write(b[:n])
	v.size += int64(n)
	if err == io.EOF {
		err = v.check()
	}
	return n, err
}

// check is [io.EOF] where everything fits.
func (v *verified) check() error {
	switch got := v.sum.Digest(); {
	case v.size != v.desc.Size:
		return v.fail(fmt.Errorf("it ends after %d of %d bytes", v.size, v.desc.Size))
	case got != v.desc.Digest:
		return v.fail(fmt.Errorf("other bytes: got %s", got))
	}
	return io.EOF
}
