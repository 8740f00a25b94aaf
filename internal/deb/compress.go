package deb

import (
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// Decompress returns the plain bytes of r, whose form the suffix of name tells:
// ".gz", ".xz", ".zst", anything else is plain already. Truncated or damaged
// input is an error of Read at the latest where the input ends. Closing frees
// memory and doesn't close r.
func Decompress(name string, r io.Reader) (io.ReadCloser, error) {
	var err error
	var out io.ReadCloser
	switch {
	case strings.HasSuffix(name, ".gz"):
		out, err = gzip.NewReader(r)
	case strings.HasSuffix(name, ".xz"):
		var x *xz.Reader
		x, err = xz.NewReader(r, 0)
		out = io.NopCloser(x)
	case strings.HasSuffix(name, ".zst"):
		var z *zstd.Decoder
		z, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err == nil {
			out = z.IOReadCloser()
		}
	default:
		return io.NopCloser(r), nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("decompressing %s: %w", name, err)
	}
	return out, nil
}
