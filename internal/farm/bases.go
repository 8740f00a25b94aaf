package farm

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/base"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/registry"
	"github.com/ofarm/ofarm/targets"
)

// baseLabel is the label of a base's image that says what it is made of: the
// digest of its key. It tells a base of this lock from others; that the image is
// what it says is for its digest to know, which depends on the same alone.
const baseLabel = "vnd.ofarm.base"

// Base is the assembled base of a target: Alpine's whole root, or Debian's
// unpacked packages, which a build configures.
type Base struct {
	Target lock.TargetID
	// Image is the digest of its manifest, the same wherever it is assembled.
	Image digest.Digest
}

// AssembleBases assembles the bases of some targets, from inputs that are fetched as far
// as they aren't there.
func (f *Farm) AssembleBases(ctx context.Context, l *lock.File, ids []lock.TargetID) ([]Base, error) {
	set := &imageSet{farm: f}
	out := make([]Base, len(ids))
	for i, id := range ids {
		t, _ := l.Target(id) // they are the lock's
		img, err := set.base(t, l.Epoch)
		if err != nil {
			return nil, fmt.Errorf("the base of %s: %w", id.Name, err)
		}
		out[i].Target = id
		img.put = func(d digest.Digest) { out[i].Image = d }
		set.images = append(set.images, img)
	}
	return out, set.prepare(ctx)
}

// base is the image of a target's base.
func (s *imageSet) base(t lock.Target, epoch int64) (image, error) {
	release, err := targets.Find(t.Name, nil)
	if err != nil {
		return image{}, err
	}
	platform, err := targets.ParsePlatform(t.Platform)
	if err != nil {
		return image{}, err
	}
	pkgs, err := s.packages(t.Base)
	if err != nil {
		return image{}, err
	}
	opt := base.Options{Epoch: time.Unix(epoch, 0).UTC()}
	img := image{
		what:   "the base of " + t.Name,
		key:    key(string(release.Distro)+" base", epoch, t.Base),
		inputs: requests(t.Base, t),
		arch:   architecture(platform),
	}
	img.base = digest.FromString(img.key)
	write := func(w io.Writer) error { return base.Debian(w, pkgs, opt) }
	if release.Distro == targets.Alpine {
		write = func(w io.Writer) error { return base.Alpine(w, pkgs, opt) }
	}
	img.layers = []func(io.Writer) error{write}
	return img, nil
}

// PushBase pushes an assembled base to a repository, under a tag that no other
// image will get: a registry may clear away what has none.
func (f *Farm) PushBase(ctx context.Context, client *registry.Client, repository registry.Ref, b Base) (registry.Pushed, error) {
	img, manifest, err := f.Layout.Image(b.Image)
	if err != nil {
		return registry.Pushed{}, err
	}
	config, _, err := img.Encode()
	if err != nil {
		return registry.Pushed{}, err
	}
	blobs := []registry.Descriptor{{
		MediaType: ocispec.MediaTypeImageConfig, Digest: digest.FromBytes(config), Size: int64(len(config)),
	}}
	run := &input.Run{}
	repository.Tag = fmt.Sprintf("%s-%.12s", targets.Folder(b.Target.Name, targets.Platform(b.Target.Platform)), b.Image.Encoded())
	pushed, err := client.Push(ctx, repository, registry.Contents{
		Manifest: manifest, MediaType: ocispec.MediaTypeImageManifest, Blobs: append(blobs, img.Layers...),
		Open: func(d registry.Descriptor) (io.ReadCloser, error) { return os.Open(f.Layout.BlobPath(d.Digest)) },
		Progress: func(i int, sent int64, ended bool) {
			if f.Fetcher.Progress == nil || i == 0 {
				return
			}
			e := input.Event{Run: run, ID: i, Name: b.Target.Name, State: input.Fetching, Done: sent, Total: img.Layers[i-1].Size}
			if ended {
				e.State = input.Done
			}
			f.Fetcher.Progress(e)
		},
	})
	if err != nil {
		return pushed, fmt.Errorf("pushing the base of %s: %w", b.Target.Name, err)
	}
	return pushed, nil
}
