package bundle

import (
	"archive/tar"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/input"
)

// Media types of a bundle's parts.
const (
	// ArtifactType is the manifest's.
	ArtifactType = "application/vnd.ofarm.bundle.v1"
	lockType     = "application/vnd.ofarm.lock.v1"
	inputType    = "application/vnd.ofarm.input.v1"
)

const (
	// lockTitle is the title of the lock.
	lockTitle = "ofarm.lock"
	// blockSize is that of tar, in bytes.
	blockSize = 512
	// trailerSize is how many zero bytes end a tar.
	trailerSize = 2 * blockSize
)

// Input is an input of a bundle.
type Input struct {
	// Title says what it is, as a clean relative path.
	Title string
	Sum   input.Digest
	// Size is in bytes.
	Size int64
}

// entry is a file of the tar.
type entry struct {
	name string
	size int64
	what string // the title of a blob, for messages
}

// label names the entry in messages.
func (e entry) label() string {
	if e.what == "" {
		return e.name
	}
	return e.name + " (" + e.what + ")"
}

// header is the entry's header in the tar, one block.
func (e entry) header() ([]byte, error) {
	var b bytes.Buffer
	err := tar.NewWriter(&b).WriteHeader(&tar.Header{
		Format: tar.FormatUSTAR, Typeflag: tar.TypeReg,
		Name: e.name, Size: e.size, Mode: 0o644, ModTime: time.Unix(0, 0),
	})
	return b.Bytes(), err
}

// padding is how many zero bytes follow the entry's content.
func (e entry) padding() int64 { return -e.size & (blockSize - 1) }

// blobName is a blob's place in the layout.
func blobName(d digest.Digest) string {
	return path.Join(ocispec.ImageBlobsDir, d.Algorithm().String(), d.Encoded())
}

// blob is the entry of what a descriptor names.
func blob(d ocispec.Descriptor) entry {
	return entry{blobName(d.Digest), d.Size, d.Annotations[ocispec.AnnotationTitle]}
}

// marshal writes JSON in the one form that is accepted.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // the types are OCI's, and have nothing that JSON hasn't
	}
	return b
}

// layoutFile is the content of oci-layout.
func layoutFile() []byte {
	return marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
}

// indexFile is the content of index.json for a manifest of so many bytes.
func indexFile(manifest digest.Digest, size int64) []byte {
	return marshal(ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageIndex,
		Manifests: []ocispec.Descriptor{{
			MediaType:    ocispec.MediaTypeImageManifest,
			ArtifactType: ArtifactType,
			Digest:       manifest,
			Size:         size,
		}},
	})
}

// contents are what a bundle's manifest names.
type contents struct {
	lock   Input
	inputs []Input // sorted, none twice
}

// newContents puts inputs into their order.
func newContents(lock Input, inputs []Input) (contents, error) {
	lock.Title = lockTitle
	c := contents{lock: lock, inputs: slices.Clone(inputs)}
	slices.SortFunc(c.inputs, func(a, b Input) int {
		return cmp.Or(strings.Compare(a.Title, b.Title), bytes.Compare(a.Sum[:], b.Sum[:]))
	})
	c.inputs = slices.Compact(c.inputs)
	sizes := map[input.Digest]int64{lock.Sum: lock.Size}
	for _, in := range c.inputs {
		if err := checkTitle(in.Title); err != nil {
			return c, err
		}
		if size, ok := sizes[in.Sum]; ok && size != in.Size {
			return c, fmt.Errorf("%s has two sizes, %d and %d", in.Sum, size, in.Size)
		}
		sizes[in.Sum] = in.Size
	}
	return c, nil
}

// checkTitle refuses titles that aren't paths, and those that a terminal would
// take for something else than text.
func checkTitle(title string) error {
	switch {
	case !fs.ValidPath(title) || title == ".":
		return fmt.Errorf("the title %q is not a clean path inside the bundle", title)
	case strings.ContainsFunc(title, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("the title %q has characters that can't be printed", title)
	}
	return nil
}

// Count is how many different things a bundle has, the lock aside.
type Count struct {
	Inputs int
	// Tools are programs that build, which aren't among the inputs.
	Tools int
}

// count counts the contents.
func (c contents) count() Count {
	tools, all := map[input.Digest]bool{}, map[input.Digest]bool{c.lock.Sum: true}
	for _, in := range c.inputs {
		all[in.Sum] = true
		if isTool(in.Title) && in.Sum != c.lock.Sum {
			tools[in.Sum] = true
		}
	}
	return Count{Inputs: len(all) - 1 - len(tools), Tools: len(tools)}
}

// manifest is the manifest that names the contents.
func (c contents) manifest() []byte {
	layers := []ocispec.Descriptor{c.lock.descriptor(lockType)}
	for _, in := range c.inputs {
		layers = append(layers, in.descriptor(inputType))
	}
	return marshal(ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: ArtifactType,
		Config:       ocispec.DescriptorEmptyJSON,
		Layers:       layers,
	})
}

func (in Input) descriptor(mediaType string) ocispec.Descriptor {
	return ocispec.Descriptor{
		MediaType:   mediaType,
		Digest:      digest.Digest(in.Sum.String()),
		Size:        in.Size,
		Annotations: map[string]string{ocispec.AnnotationTitle: in.Title},
	}
}

// blobs are the lock and the inputs in the order of the file, each digest once
// and without those that are written before them.
func (c contents) blobs(before ...digest.Digest) []Input {
	sorted := slices.Clone(c.inputs)
	slices.SortStableFunc(sorted, func(a, b Input) int { return bytes.Compare(a.Sum[:], b.Sum[:]) })
	seen := map[string]bool{}
	for _, d := range before {
		seen[d.String()] = true
	}
	var out []Input
	for _, in := range append([]Input{c.lock}, sorted...) {
		if !seen[in.Sum.String()] {
			seen[in.Sum.String()] = true
			out = append(out, in)
		}
	}
	return out
}
