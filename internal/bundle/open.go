package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/registry"
)

const (
	// mostIndex bounds index.json, in bytes: it names one manifest.
	mostIndex = 4 << 10
	// mostManifest bounds the manifest, in bytes, in a file as in a registry. An
	// input takes some 300.
	mostManifest = registry.MostManifest
	// mostLock bounds the lock, in bytes. It has less to say of an input than the
	// manifest has, but of more of them.
	mostLock = 64 << 20
)

// Bundle is an opened bundle. Its methods may be called by several goroutines
// at once.
type Bundle struct {
	path   string
	lock   Input
	inputs []Input
	places map[input.Digest]place
}

// place is where a blob's content is in the file.
type place struct {
	entry
	at int64
}

// Open reads what a bundle has, its lock too, and verifies all but the content of
// its inputs. What isn't as [Write] writes it is a [*DamagedError] that names the
// entry, what doesn't even begin like a bundle a [*NotBundleError], and what can't
// be opened an [*OpenError].
func Open(path string) (*Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &OpenError{Path: path, Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%q is not a file", path)
	}
	if err != nil {
		return nil, &OpenError{Path: path, Err: err}
	}
	b := &Bundle{path: path, places: map[input.Digest]place{}}
	if err := b.read(&scanner{path: path, file: f, size: info.Size()}); err != nil {
		return nil, err
	}
	if err := verifyInput(b, b.lock.Sum); err != nil {
		return nil, err
	}
	return b, nil
}

// read goes through the whole file.
func (b *Bundle) read(s *scanner) error {
	if err := s.begins(); err != nil {
		return &NotBundleError{Path: b.path, Err: err}
	}
	layout := layoutFile()
	s.later = map[string]bool{ocispec.ImageLayoutFile: true, ocispec.ImageIndexFile: true}
	e := entry{name: ocispec.ImageLayoutFile, size: int64(len(layout))}
	if err := s.same(e, layout); err != nil {
		return err
	}
	index, err := s.index()
	if err != nil {
		return err
	}
	e = blob(index)
	e.what = "the manifest"
	manifest, err := s.content(e)
	if err != nil {
		return err
	}
	c, err := readManifest(index, manifest)
	if err != nil {
		return s.damaged(e, err)
	}
	b.lock, b.inputs = c.lock, c.inputs
	return b.walk(s, index.Digest, c)
}

// walk goes over the config and the blobs, and notes where they are.
func (b *Bundle) walk(s *scanner, manifest digest.Digest, c contents) error {
	empty := ocispec.DescriptorEmptyJSON
	blobs := c.blobs(manifest, empty.Digest)
	s.listed = true
	s.later[blobName(empty.Digest)] = true
	for _, in := range blobs {
		s.later[blobName(digest.Digest(in.Sum.String()))] = true
	}
	at := s.at + blockSize
	config := entry{name: blobName(empty.Digest), size: empty.Size, what: "the config"}
	if err := s.same(config, empty.Data); err != nil {
		return err
	}
	b.places[input.SumBytes(empty.Data)] = place{config, at}
	for _, in := range blobs {
		e := blob(in.descriptor(inputType))
		b.places[in.Sum] = place{e, s.at + blockSize}
		if err := s.skip(e); err != nil {
			return err
		}
	}
	return s.end()
}

// readIndex reads index.json, which names one manifest.
func readIndex(data []byte) (ocispec.Descriptor, error) {
	var index ocispec.Index
	if err := json.Unmarshal(data, &index); err != nil {
		return ocispec.Descriptor{}, err
	}
	if len(index.Manifests) != 1 {
		return ocispec.Descriptor{}, fmt.Errorf("it names %d manifests, not one", len(index.Manifests))
	}
	m := index.Manifests[0]
	if m.ArtifactType != ArtifactType {
		return m, fmt.Errorf("what it names is of the type %q, want %q", m.ArtifactType, ArtifactType)
	}
	if _, err := input.ParseDigest(m.Digest.String()); err != nil {
		return m, err
	}
	if m.Size < 0 || m.Size > mostManifest {
		return m, fmt.Errorf("the manifest has %d bytes, at most %d are allowed", m.Size, int64(mostManifest))
	}
	if !bytes.Equal(indexFile(m.Digest, m.Size), data) {
		return m, errSpelling
	}
	return m, nil
}

// errSpelling is about JSON that says the right things in other words.
var errSpelling = errors.New("not as ofarm writes it")

// readManifest reads the manifest that the index names.
func readManifest(want ocispec.Descriptor, data []byte) (contents, error) {
	if got := digest.FromBytes(data); got != want.Digest {
		return contents{}, fmt.Errorf("other bytes: got %s", got)
	}
	// That there is nothing else in it shows when it is written again.
	var m struct {
		ArtifactType string
		Layers       json.RawMessage
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return contents{}, err
	}
	if m.ArtifactType != ArtifactType {
		return contents{}, &typeError{m.ArtifactType}
	}
	layers, err := readLayers(m.Layers)
	if err != nil {
		return contents{}, err
	}
	c, err := newContents(layers[0], layers[1:])
	if err == nil && !bytes.Equal(c.manifest(), data) {
		err = errSpelling
	}
	return c, err
}

// Path is the bundle's file.
func (b *Bundle) Path() string { return b.path }

// Inputs are the bundle's inputs, sorted by title.
func (b *Bundle) Inputs() []Input { return b.inputs }

// Count counts them.
func (b *Bundle) Count() Count { return contents{lock: b.lock, inputs: b.inputs}.count() }

// Has reports whether the bundle has the input.
func (b *Bundle) Has(d input.Digest) bool {
	_, ok := b.places[d]
	return ok
}

// Lock returns the bundle's lock, as written. Damage is a [*DamagedError].
func (b *Bundle) Lock() ([]byte, error) {
	r, err := b.OpenInput(b.lock.Sum)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// OpenInput opens an input for reading. Where its bytes aren't those of the
// digest, reading ends in a [*DamagedError] and not in [io.EOF]. An input that
// the bundle doesn't have is an error that wraps [fs.ErrNotExist].
func (b *Bundle) OpenInput(d input.Digest) (io.ReadCloser, error) {
	p, ok := b.places[d]
	if !ok {
		return nil, fmt.Errorf("input %s is not in the bundle %q: %w", d, b.path, fs.ErrNotExist)
	}
	f, err := os.Open(b.path)
	if err != nil {
		return nil, fmt.Errorf("opening bundle: %w", err)
	}
	return newVerified(f, b.path, p, d), nil
}
