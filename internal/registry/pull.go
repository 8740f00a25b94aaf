package registry

import (
	"context"
	"io"
)

// Manifest is a manifest as a registry has it.
type Manifest struct {
	// Ref names it by its digest; a tag that it was asked by stays.
	Ref Ref
	// Descriptor has the media type that the registry says.
	Descriptor Descriptor
	// Data are its bytes, which have the digest.
	Data []byte
}

// MostManifest bounds a manifest, in bytes, pushed or taken. The registry of
// github.com/distribution takes no larger ones; containerd draws its line a little
// above.
const MostManifest = 4 << 20

// Manifest takes the manifest of a reference, by its digest where it has one,
// else by its tag.
func (c *Client) Manifest(ctx context.Context, ref Ref) (Manifest, error) {
	if ref.Tag == "" && ref.Digest == "" {
		return Manifest{}, &RefError{Ref: ref.String(), Text: "it has neither a tag nor a digest"}
	}
	resolver, err := c.resolver(ref)
	if err != nil {
		return Manifest{}, err
	}
	watched, w := c.watch(ctx)
	defer w.close()
	_, d, err := resolver.Resolve(watched, ref.plain())
	if err != nil {
		return Manifest{}, explain(watched, ref, manifestName, tooLarge(ref, err))
	}
	if d.Size > MostManifest {
		return Manifest{}, &SizeError{Ref: ref, Size: d.Size}
	}
	m := Manifest{Ref: ref.With(d.Digest), Descriptor: d}
	r, err := c.open(ctx, m.Ref, manifestName, d)
	if err != nil {
		return Manifest{}, err
	}
	defer r.Close()
	m.Data, err = io.ReadAll(r)
	return m, err
}

// Open opens a blob. Reading ends in a [*DamagedError] where its bytes aren't
// those of the descriptor. The context is that of reading, too.
func (c *Client) Open(ctx context.Context, ref Ref, d Descriptor) (io.ReadCloser, error) {
	return c.open(ctx, ref, blobName+d.Digest.String(), d)
}

func (c *Client) open(ctx context.Context, ref Ref, what string, d Descriptor) (io.ReadCloser, error) {
	r, err := c.transfer(ctx, ref, what, d, 0)
	if err != nil {
		return nil, err
	}
	return newVerified(r, d, func(err error) error { return &DamagedError{Ref: ref, What: what, Err: err} }), nil
}

// OpenAt opens a blob from a byte on, for who has kept what is before it. Only
// they can verify the whole.
func (c *Client) OpenAt(ctx context.Context, ref Ref, d Descriptor, offset int64) (io.ReadCloser, error) {
	return c.transfer(ctx, ref, blobName+d.Digest.String(), d, offset)
}

// transfer begins a transfer from the registry. The request is made when it is
// first read, and once more where it breaks off. Other places that a descriptor
// names aren't asked: with them a manifest would choose who is connected to.
func (c *Client) transfer(ctx context.Context, ref Ref, what string, d Descriptor, offset int64) (io.ReadCloser, error) {
	resolver, err := c.resolver(ref)
	if err != nil {
		return nil, err
	}
	watched, w := c.watch(ctx)
	t := &transfer{ctx: watched, watch: w, ref: ref, what: what}
	fetcher, err := resolver.Fetcher(watched, ref.plain())
	if err == nil {
		t.body, err = fetcher.Fetch(watched, Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size})
	}
	if err == nil && offset > 0 {
		_, err = t.body.(io.Seeker).Seek(offset, io.SeekStart)
	}
	if err != nil {
		defer t.Close()
		return nil, explain(watched, ref, what, err)
	}
	return t, nil
}

// transfer is what a registry sends.
type transfer struct {
	ctx   context.Context
	watch *watch
	ref   Ref
	what  string
	body  io.ReadCloser
}

func (t *transfer) Read(b []byte) (int, error) {
	n, err := t.body.Read(b)
	if n > 0 {
		t.watch.moved()
	}
	return n, explain(t.ctx, t.ref, t.what, err)
}

func (t *transfer) Close() error {
	defer t.watch.close()
	if t.body == nil {
		return nil
	}
	return t.body.Close()
}
