package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Encode returns the image's config and manifest as [Layout.WriteImage] writes
// them.
func (img Image) Encode() (config, manifest []byte, err error) {
	if err := img.check(); err != nil {
		return nil, nil, err
	}
	config, err = json.Marshal(img.config())
	if err != nil {
		return nil, nil, err
	}
	manifest, err = json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config: Descriptor{
			MediaType: ocispec.MediaTypeImageConfig, Digest: digest.FromBytes(config), Size: int64(len(config)),
		},
		Layers: append([]Descriptor{}, img.Layers...),
	})
	return config, manifest, err
}

// errSpelling is about an image that says the right things in other words.
var errSpelling = errors.New("it is not as ofarm writes images")

// ReadManifest reads an image's manifest, which is from elsewhere, as far as it
// says by itself that it may be one of [Layout.WriteImage].
func ReadManifest(data []byte) (ocispec.Manifest, error) {
	var m ocispec.Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return m, err
	}
	if m.MediaType != ocispec.MediaTypeImageManifest || m.Config.MediaType != ocispec.MediaTypeImageConfig {
		return m, errSpelling
	}
	for _, d := range append([]Descriptor{m.Config}, m.Layers...) {
		bare := Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}
		if err := d.Digest.Validate(); err != nil || d.Digest.Algorithm() != digest.SHA256 || d.Size < 0 || !reflect.DeepEqual(d, bare) {
			return m, errSpelling
		}
	}
	return m, nil
}

// ReadImage reads an image from its config and its manifest. It accepts only what
// [Image.Encode] gives.
func ReadImage(config, manifest []byte) (Image, error) {
	m, err := ReadManifest(manifest)
	if err != nil {
		return Image{}, err
	}
	var c ocispec.Image
	if err := json.Unmarshal(config, &c); err != nil {
		return Image{}, err
	}
	img := Image{
		Platform: c.Platform, Layers: m.Layers,
		Env: c.Config.Env, Dir: c.Config.WorkingDir, Labels: c.Config.Labels,
	}
	if c.Created != nil {
		img.Created = *c.Created
	}
	wantConfig, wantManifest, err := img.Encode()
	if err == nil && (string(wantConfig) != string(config) || string(wantManifest) != string(manifest)) {
		err = errSpelling
	}
	return img, err
}

// Image reads an image of the layout with its manifest.
func (l *Layout) Image(manifest digest.Digest) (Image, []byte, error) {
	m, err := l.manifest(manifest)
	if err != nil {
		return Image{}, nil, fmt.Errorf("reading image %s: %w", manifest, err)
	}
	data, err := os.ReadFile(l.BlobPath(manifest))
	if err != nil {
		return Image{}, nil, fmt.Errorf("reading image %s: %w", manifest, err)
	}
	config, err := os.ReadFile(l.BlobPath(m.Config.Digest))
	if err != nil {
		return Image{}, nil, fmt.Errorf("reading image %s: %w", manifest, err)
	}
	img, err := ReadImage(config, data)
	if err != nil {
		return Image{}, nil, fmt.Errorf("reading image %s: %w", manifest, err)
	}
	return img, data, nil
}

// Adopt moves a file, which is on the layout's file system and has the bytes of
// the digest, to the place of that blob. That another process has moved it there
// meanwhile is no error.
func (l *Layout) Adopt(file string, d digest.Digest) error {
	err := os.Chmod(file, 0o444)
	if err == nil {
		err = l.shared(func() error { return os.Rename(file, l.BlobPath(d)) })
	}
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(l.BlobPath(d))
	}
	if err != nil {
		return fmt.Errorf("adopting a blob: %w", err)
	}
	return nil
}
