package bundle

import (
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/ofarm/ofarm/internal/input"
)

// remade is a bundle whose manifest was changed, and named anew by the index.
func remade(t *testing.T, change func(*ocispec.Manifest)) []byte {
	t.Helper()
	parts := takeApart(t, written(t, some))
	var m ocispec.Manifest
	if err := json.Unmarshal(parts[2].data, &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	parts[2].data = marshal(m)
	parts[2].header.Name = blobName(digest.FromBytes(parts[2].data))
	parts[1].data = indexFile(digest.FromBytes(parts[2].data), int64(len(parts[2].data)))
	return putTogether(t, parts)
}

// TestManifests has manifests that their index names, and that no bundle has.
func TestManifests(t *testing.T) {
	if err := checkAll(file(t, remade(t, func(*ocispec.Manifest) {}))); err != nil {
		t.Fatal(err)
	}
	title := func(s string) map[string]string { return map[string]string{ocispec.AnnotationTitle: s} }
	other := digest.Digest(input.SumBytes([]byte("other")).String())
	for name, change := range map[string]func(*ocispec.Manifest){
		"no layer":          func(m *ocispec.Manifest) { m.Layers = nil },
		"no lock":           func(m *ocispec.Manifest) { m.Layers = m.Layers[1:] },
		"layer left out":    func(m *ocispec.Manifest) { m.Layers = m.Layers[:2] },
		"layer added":       func(m *ocispec.Manifest) { l := m.Layers[1]; l.Digest = other; m.Layers = append(m.Layers, l) },
		"other order":       func(m *ocispec.Manifest) { m.Layers[1], m.Layers[2] = m.Layers[2], m.Layers[1] },
		"twice":             func(m *ocispec.Manifest) { m.Layers = append(m.Layers, m.Layers[len(m.Layers)-1]) },
		"title climbs out":  func(m *ocispec.Manifest) { m.Layers[1].Annotations = title("../../etc/passwd") },
		"absolute title":    func(m *ocispec.Manifest) { m.Layers[1].Annotations = title("/etc/passwd") },
		"no title":          func(m *ocispec.Manifest) { m.Layers[1].Annotations = nil },
		"digest climbs out": func(m *ocispec.Manifest) { m.Layers[1].Digest = "sha256:../../../../etc/passwd" },
		"other function":    func(m *ocispec.Manifest) { m.Layers[1].Digest = digest.SHA512.FromString("x") },
		"negative size":     func(m *ocispec.Manifest) { m.Layers[1].Size = -1 },
		"huge size":         func(m *ocispec.Manifest) { m.Layers[1].Size = 1 << 62 },
		"two sizes":         func(m *ocispec.Manifest) { m.Layers[len(m.Layers)-1].Size++ },
		"other type":        func(m *ocispec.Manifest) { m.ArtifactType = "application/x" },
		"capital letters": func(m *ocispec.Manifest) {
			m.Layers[1].Digest = digest.Digest(strings.ToUpper(m.Layers[1].Digest.String()))
		},
		"huge sizes": func(m *ocispec.Manifest) {
			for i := range m.Layers {
				m.Layers[i].Size = 1<<63 - 1
			}
		},
		"control characters": func(m *ocispec.Manifest) { m.Layers[1].Annotations = title("debian/\x1b[2Jx") },
		"invisible title":    func(m *ocispec.Manifest) { m.Layers[1].Annotations = title("debian/\u202ex") },
		"folder in it":       func(m *ocispec.Manifest) { m.Layers[1].Annotations = title("a/../b") },
		"a config":           func(m *ocispec.Manifest) { m.Config.Digest = other },
		"more":               func(m *ocispec.Manifest) { m.Annotations = title("x") },
	} {
		t.Run(name, func(t *testing.T) { refused(t, remade(t, change), "blobs/sha256/") })
	}
}

// TestIndexes has indexes that no bundle has.
func TestIndexes(t *testing.T) {
	parts := takeApart(t, written(t, some))
	var right ocispec.Index
	if err := json.Unmarshal(parts[1].data, &right); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ocispec.Descriptor){
		"another digest":    func(d *ocispec.Descriptor) { d.Digest = digest.FromString("x") },
		"other function":    func(d *ocispec.Descriptor) { d.Digest = digest.SHA512.FromBytes(parts[2].data) },
		"capital letters":   func(d *ocispec.Descriptor) { d.Digest = digest.Digest("sha256:" + strings.ToUpper(d.Digest.Encoded())) },
		"digest climbs out": func(d *ocispec.Descriptor) { d.Digest = "sha256:../../../../etc/passwd" },
		"no digest":         func(d *ocispec.Descriptor) { d.Digest = "" },
		"negative size":     func(d *ocispec.Descriptor) { d.Size = -1 },
		"huge size":         func(d *ocispec.Descriptor) { d.Size = 1 << 62 },
		"larger than most":  func(d *ocispec.Descriptor) { d.Size = mostManifest + 1 },
		"larger":            func(d *ocispec.Descriptor) { d.Size++ },
		"smaller":           func(d *ocispec.Descriptor) { d.Size-- },
		"other type":        func(d *ocispec.Descriptor) { d.ArtifactType = "application/x" },
		"more":              func(d *ocispec.Descriptor) { d.URLs = []string{"https://example.org"} },
	} {
		t.Run(name, func(t *testing.T) {
			index, changed := right, slices.Clone(parts)
			index.Manifests = slices.Clone(right.Manifests)
			change(&index.Manifests[0])
			changed[1].data = marshal(index)
			entry := "index.json"
			if strings.HasSuffix(name, "er") || name == "another digest" {
				entry = parts[2].name() // it isn't the one that is named
			}
			if name == "another digest" {
				entry = blobName(digest.FromString("x"))
			}
			refused(t, putTogether(t, changed), entry)
		})
	}
}

// TestManifestsAlone has manifests that say by themselves that they are no
// bundle's, as one in a registry must: there is no file to hold them against.
func TestManifestsAlone(t *testing.T) {
	right := takeApart(t, written(t, some))[2].data
	read := func(change func(*ocispec.Manifest)) error {
		var m ocispec.Manifest
		if err := json.Unmarshal(right, &m); err != nil {
			t.Fatal(err)
		}
		change(&m)
		data := marshal(m)
		_, err := readManifest(ocispec.Descriptor{Digest: digest.FromBytes(data)}, data)
		return err
	}
	if err := read(func(*ocispec.Manifest) {}); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*ocispec.Manifest){
		"its type is \"\"":     func(m *ocispec.Manifest) { m.ArtifactType, m.Layers = "", nil },
		"it has no lock":       func(m *ocispec.Manifest) { m.Layers = nil },
		"has -1 bytes":         func(m *ocispec.Manifest) { m.Layers[1].Size = -1 },
		"at most 67108864 are": func(m *ocispec.Manifest) { m.Layers[0].Size = mostLock + 1 },
		"as ofarm writes it":   func(m *ocispec.Manifest) { m.Layers[1].URLs = []string{"http://127.0.0.1:1/x"} },
	} {
		if err := read(change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestManyEmptyLayers has a manifest as large as they may be, full of layers that
// say nothing: they aren't all read, which took gigabytes.
func TestManyEmptyLayers(t *testing.T) {
	const before, after = `{"artifactType":"` + ArtifactType + `","layers":[{}`, `]}`
	data := []byte(before + strings.Repeat(",{}", (mostManifest-len(before)-len(after))/3) + after)
	want := ocispec.Descriptor{Digest: digest.FromBytes(data)}
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	_, err := readManifest(want, data)
	runtime.ReadMemStats(&end)
	if err == nil || strings.Contains(err.Error(), "written") {
		t.Errorf("got %v", err)
	}
	if used := end.TotalAlloc - start.TotalAlloc; used > 4*mostManifest {
		t.Errorf("it took %d bytes", used)
	}
}
