package oci

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image is what an image is made of.
type Image struct {
	// Platform is what the image runs on; OS and Architecture must be set.
	Platform ocispec.Platform
	// Layers are uncompressed layers of the same layout, lowest first.
	Layers []Descriptor
	// Env is the environment of processes in the image, NAME=VALUE each. Its
	// order counts.
	Env []string
	// Dir is the folder in which processes start.
	Dir string
	// Created is the date in the image's config; none if it is zero.
	Created time.Time
	// Labels are the image's labels.
	Labels map[string]string
}

// WriteImage stores the image's config and manifest and returns the manifest's
// digest. The same image has the same digest everywhere.
func (l *Layout) WriteImage(img Image) (digest.Digest, error) {
	config, manifest, err := img.Encode()
	if err != nil {
		return "", fmt.Errorf("writing an image: %w", err)
	}
	if _, err := l.writeBytes(ocispec.MediaTypeImageConfig, config); err != nil {
		return "", fmt.Errorf("writing an image's config: %w", err)
	}
	d, err := l.writeBytes(ocispec.MediaTypeImageManifest, manifest)
	if err != nil {
		return "", fmt.Errorf("writing an image's manifest: %w", err)
	}
	return d.Digest, nil
}

// check says what is wrong with an image.
func (img Image) check() error {
	if img.Platform.OS == "" || img.Platform.Architecture == "" {
		return fmt.Errorf("platform %q/%q is not whole", img.Platform.OS, img.Platform.Architecture)
	}
	for i, layer := range img.Layers {
		if layer.MediaType != ocispec.MediaTypeImageLayer {
			return fmt.Errorf("layer %d has the media type %q, want %q", i, layer.MediaType, ocispec.MediaTypeImageLayer)
		}
		if err := layer.Digest.Validate(); err != nil {
			return fmt.Errorf("layer %d: %w", i, err)
		}
	}
	return nil
}

// config returns the image's config. A layer's diff id is its digest, because
// it isn't packed.
func (img Image) config() ocispec.Image {
	config := ocispec.Image{
		Platform: img.Platform,
		Config:   ocispec.ImageConfig{Env: img.Env, WorkingDir: img.Dir, Labels: img.Labels},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{}},
	}
	if !img.Created.IsZero() {
		created := img.Created.UTC()
		config.Created = &created
	}
	for _, layer := range img.Layers {
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, layer.Digest)
	}
	return config
}

// writeBytes stores a small blob.
func (l *Layout) writeBytes(mediaType string, b []byte) (Descriptor, error) {
	return l.writeBlob(mediaType, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// Layers lists an image's layers, lowest first.
func (l *Layout) Layers(manifest digest.Digest) ([]Descriptor, error) {
	m, err := l.manifest(manifest)
	return m.Layers, err
}

// manifest reads a manifest from its blob.
func (l *Layout) manifest(d digest.Digest) (ocispec.Manifest, error) {
	var m ocispec.Manifest
	b, err := os.ReadFile(l.BlobPath(d))
	if err != nil {
		return m, err
	}
	if got := digest.FromBytes(b); got != d {
		return m, fmt.Errorf("manifest %s is damaged: it has the digest %s", d, got)
	}
	return m, json.Unmarshal(b, &m)
}

// blobs lists the digests and sizes of all that an image consists of. The
// manifest's size is left out.
func (l *Layout) blobs(manifest digest.Digest) ([]Descriptor, error) {
	m, err := l.manifest(manifest)
	if err != nil {
		return nil, err
	}
	return append([]Descriptor{m.Config}, m.Layers...), nil
}
