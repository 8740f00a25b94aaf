package farm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/registry"
)

// BaseRef is an image in a registry that is a base, by its digest.
type BaseRef struct {
	Ref registry.Ref
	// Target is the name of the one whose base it has to be; empty: any of the
	// lock.
	Target string
	// Here takes it only if it was taken before, so that nobody is asked;
	// otherwise it is assembled.
	Here bool
}

// WrongBaseError says that an image isn't the base that it should be.
type WrongBaseError struct {
	BaseRef
	// Assembled is the digest of the base that is assembled of the same packages,
	// if that is why.
	Assembled digest.Digest
	// Err says what else is wrong with the image; nil where it is another base.
	Err error
}

func (e *WrongBaseError) Error() string {
	of := "of any target of the lock"
	if e.Target != "" {
		of = "of " + e.Target + " as locked"
	}
	switch {
	case e.Err != nil:
		return fmt.Sprintf("%s is not a base: %v", e.Ref, e.Err)
	case e.Assembled != "":
		return fmt.Sprintf("%s is not the base %s: that is %s", e.Ref, of, e.Assembled)
	}
	return fmt.Sprintf("%s is not the base %s: it is made of other packages", e.Ref, of)
}

func (e *WrongBaseError) Unwrap() error { return e.Err }

// takeBases takes the bases among the images that are in registries, and are not
// in the layout yet. What a registry doesn't give isn't assembled in its place:
// who names a base means it. What was taken is only for who names it: its label
// is what it says of itself, and other projects may have a base of that key.
func (s *imageSet) takeBases(ctx context.Context, l *lock.File) error {
	if len(s.farm.Bases) == 0 {
		return nil
	}
	known := map[digest.Digest][]string{} // targets by what their bases are made of
	for _, t := range l.Targets {
		img, err := s.base(t, l.Epoch)
		if err != nil {
			return err
		}
		known[img.base] = append(known[img.base], t.Name)
	}
	for _, from := range s.farm.Bases {
		if err := s.takeBase(ctx, from, known); err != nil {
			return err
		}
	}
	return nil
}

func (s *imageSet) takeBase(ctx context.Context, from BaseRef, known map[digest.Digest][]string) error {
	if from.Here && !s.farm.hasBase(from.Ref) {
		return nil
	}
	img, err := s.farm.findBase(ctx, from.Ref)
	if err != nil {
		return err
	}
	of := digest.Digest(img.Labels[baseLabel])
	names := known[of]
	if len(names) == 0 || from.Target != "" && !slices.Contains(names, from.Target) {
		return &WrongBaseError{BaseRef: from}
	}
	i := slices.IndexFunc(s.images, func(i image) bool { return i.base == of })
	if i < 0 {
		return nil // it is of a target that isn't asked for
	}
	if d, ok := s.farm.Layout.Lookup(s.images[i].key); ok {
		if d != from.Ref.Digest {
			from.Target = names[0]
			return &WrongBaseError{BaseRef: from, Assembled: d}
		}
		return nil
	}
	taken := s.images[i].takenKey(from.Ref.Digest)
	if _, ok := s.farm.Layout.Lookup(taken); !ok && from.Here {
		return nil
	} else if !ok {
		if err := s.farm.keepBase(ctx, from.Ref, names[0], taken, img); err != nil {
			return fmt.Errorf("taking the base of %s: %w", names[0], err)
		}
	}
	s.use(of, taken)
	return nil
}

// use takes for a base what is under another key.
func (s *imageSet) use(base digest.Digest, key string) {
	for i := range s.images {
		if s.images[i].base == base {
			s.images[i].key = key
		}
	}
}

// takenKey is the key of a base that was taken from a registry.
func (i image) takenKey(d digest.Digest) string { return i.key + "taken as " + d.String() }

// keepBase brings an image into the layout, and remembers it.
func (f *Farm) keepBase(ctx context.Context, ref registry.Ref, name, key string, img oci.Image) error {
	if err := f.pullLayers(ctx, ref, name, img); err != nil {
		return err
	}
	d, err := f.Layout.WriteImage(img)
	if err != nil {
		return err
	}
	return f.Layout.Remember(key, d)
}

// hasBase tells whether an image was taken before.
func (f *Farm) hasBase(ref registry.Ref) bool {
	_, _, err := f.Layout.Image(ref.Digest)
	return err == nil
}

// findBase reads an image without its layers, from the layout if it is there.
func (f *Farm) findBase(ctx context.Context, ref registry.Ref) (oci.Image, error) {
	if img, _, err := f.Layout.Image(ref.Digest); err == nil {
		return img, nil
	}
	m, config, err := f.readBase(ctx, ref)
	if err != nil {
		return oci.Image{}, fmt.Errorf("taking a base: %w", err)
	}
	img, err := oci.ReadImage(config, m.Data)
	if err == nil && (img.Labels[baseLabel] == "" || len(img.Layers) != 1) {
		err = errors.New("ofarm hasn't assembled it")
	}
	if err != nil {
		return img, &WrongBaseError{BaseRef: BaseRef{Ref: ref}, Err: err}
	}
	return img, nil
}

// mostConfig bounds an image's config, in bytes. A base's takes some hundred.
const mostConfig = 1 << 20

// readBase takes an image's manifest and its config.
func (f *Farm) readBase(ctx context.Context, ref registry.Ref) (m registry.Manifest, config []byte, err error) {
	if m, err = f.Registry.Manifest(ctx, ref); err != nil {
		return m, nil, err
	}
	read, err := oci.ReadManifest(m.Data)
	if err == nil && read.Config.Size > mostConfig {
		err = fmt.Errorf("its config has %d bytes", read.Config.Size)
	}
	if err != nil {
		return m, nil, &WrongBaseError{BaseRef: BaseRef{Ref: ref}, Err: err}
	}
	r, err := f.Registry.Open(ctx, m.Ref, read.Config)
	if err != nil {
		return m, nil, err
	}
	defer r.Close()
	config, err = io.ReadAll(r)
	return m, config, err
}

// pullLayers brings the layers of an image into the layout. They pass through a
// store of their own, where interrupted transfers are resumed.
func (f *Farm) pullLayers(ctx context.Context, ref registry.Ref, name string, img oci.Image) error {
	store, err := input.Open(filepath.Join(f.CacheDir, pullsDir))
	if err != nil {
		return err
	}
	fetcher := input.Fetcher{Store: store, Offline: true, Progress: f.Fetcher.Progress}
	for _, d := range img.Layers {
		if info, err := os.Stat(f.Layout.BlobPath(d.Digest)); err == nil && info.Size() == d.Size {
			continue
		}
		sum, err := input.ParseDigest(d.Digest.String())
		if err != nil {
			return err
		}
		fetcher.Holders = []input.Holder{&layerHolder{ctx, f.Registry, ref, d}}
		if _, err := fetcher.Fetch(ctx, []input.Request{{Name: "the base of " + name, Sum: sum, Size: d.Size}}); err != nil {
			return err
		}
		if err := f.Layout.Adopt(store.Path(sum), d.Digest); err != nil {
			return err
		}
	}
	return nil
}

// layerHolder has one blob of a registry.
type layerHolder struct {
	ctx    context.Context
	client *registry.Client
	ref    registry.Ref
	desc   registry.Descriptor
}

func (h *layerHolder) Has(d input.Digest) bool { return d.String() == h.desc.Digest.String() }

func (h *layerHolder) OpenInput(input.Digest) (io.ReadCloser, error) {
	return h.client.Open(h.ctx, h.ref, h.desc)
}

func (h *layerHolder) OpenInputAt(_ input.Digest, offset int64) (io.ReadCloser, error) {
	return h.client.OpenAt(h.ctx, h.ref, h.desc, offset)
}
