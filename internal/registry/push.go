package registry

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"
)

// Contents are what is pushed.
type Contents struct {
	// Manifest are the bytes of the manifest, and MediaType is its type.
	Manifest  []byte
	MediaType string
	// Blobs are what the manifest names, each once.
	Blobs []Descriptor
	// Open opens a blob from its beginning; more than once where a registry
	// wants it again.
	Open func(Descriptor) (io.ReadCloser, error)
	// Progress is told how many bytes of a blob were sent, by its position, and
	// at last that it has ended; if set. Blobs that aren't sent are passed over.
	// Several goroutines call it at once.
	Progress func(blob int, sent int64, ended bool)
}

// Pushed is what was pushed.
type Pushed struct {
	// Ref names the manifest by its digest.
	Ref Ref
	// Blobs and Bytes count what was sent, the manifest aside: the registry had
	// the rest.
	Blobs int
	Bytes int64
}

// Push brings a manifest and its blobs into a repository, under the tag of the
// reference if it has one. Errors of opening and reading blobs are returned as
// they are.
func (c *Client) Push(ctx context.Context, ref Ref, what Contents) (Pushed, error) {
	m := Descriptor{MediaType: what.MediaType, Digest: digest.FromBytes(what.Manifest), Size: int64(len(what.Manifest))}
	ref = ref.With(m.Digest)
	if m.Size > MostManifest {
		return Pushed{}, &SizeError{Ref: ref, Size: m.Size}
	}
	resolver, err := c.resolver(ref)
	if err != nil {
		return Pushed{}, err
	}
	to, err := resolver.Pusher(ctx, ref.plain())
	if err != nil {
		return Pushed{}, explain(ctx, ref, repositoryName, err)
	}
	p := &push{client: c, to: to, ref: ref, what: what}
	if err := p.all(ctx); err != nil {
		return Pushed{}, err
	}
	last := &push{client: c, to: to, ref: ref, what: Contents{Open: bytesOf(what.Manifest)}}
	if _, err := last.blob(ctx, 0, m); err != nil {
		return Pushed{}, err
	}
	return Pushed{Ref: ref, Blobs: int(p.blobs.Load()), Bytes: p.bytes.Load()}, nil
}

// push is a push that is under way.
type push struct {
	client *Client
	to     remotes.Pusher
	ref    Ref
	what   Contents
	blobs  atomic.Int64
	bytes  atomic.Int64
}

// all pushes the blobs.
func (p *push) all(ctx context.Context) error {
	group, inner := errgroup.WithContext(quiet(ctx, p.what.Blobs...))
	group.SetLimit(p.client.opt.Parallel)
	for i, d := range p.what.Blobs {
		group.Go(func() error {
			if inner.Err() != nil {
				return context.Cause(inner)
			}
			sent, err := p.blob(inner, i, d)
			if sent {
				p.blobs.Add(1)
				p.bytes.Add(d.Size)
			}
			return err
		})
	}
	return group.Wait()
}

// blob sends a blob unless the registry has it.
func (p *push) blob(ctx context.Context, i int, d Descriptor) (sent bool, err error) {
	watched, w := p.client.watch(ctx)
	defer w.close()
	to, err := p.to.Push(watched, d)
	if errdefs.IsAlreadyExists(err) {
		return false, nil
	}
	if err != nil {
		return false, explain(watched, p.ref, repositoryName, err)
	}
	defer to.Close()
	from := &source{push: p, desc: d, index: i, watch: w}
	defer from.close()
	defer p.tell(i, d.Size, true)
	p.tell(i, 0, false)
	if d.Size == 0 {
		_, err = to.Write(nil) // else containerd takes it as sent before it begins
	}
	if err == nil {
		err = content.Copy(watched, to, from, d.Size, d.Digest)
	}
	if err != nil {
		return false, explain(watched, p.ref, blobName+d.Digest.String(), err)
	}
	return true, nil
}

func (p *push) tell(i int, sent int64, ended bool) {
	if p.what.Progress != nil {
		p.what.Progress(i, sent, ended)
	}
}
