package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ofarm/ofarm/internal/input"
)

// layer is one of them, as it is written.
type layer struct {
	Digest      string
	Size        int64
	Annotations struct {
		Title string `json:"org.opencontainers.image.title"`
	}
}

// readLayers reads what a manifest names: the lock, then the inputs. It reads one at
// a time, and stops at the first that isn't as a bundle has them: millions of empty
// ones fit into a manifest.
func readLayers(data []byte) ([]Input, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if start, err := d.Token(); err != nil || start != json.Delim('[') {
		return nil, errNoLock
	}
	var layers []Input
	for d.More() {
		var one layer
		if err := d.Decode(&one); err != nil {
			return nil, err
		}
		in, err := one.input()
		if err != nil {
			return nil, err
		}
		layers = append(layers, in)
	}
	if len(layers) == 0 || layers[0].Title != lockTitle {
		return nil, errNoLock
	}
	if layers[0].Size > mostLock {
		return nil, fmt.Errorf("the lock has %d bytes, at most %d are allowed", layers[0].Size, mostLock)
	}
	return layers, nil
}

var errNoLock = errors.New("it has no lock")

func (l layer) input() (Input, error) {
	sum, err := input.ParseDigest(l.Digest)
	switch {
	case err != nil:
		return Input{}, err
	case l.Size < 0:
		return Input{}, fmt.Errorf("%s has %d bytes", l.Digest, l.Size)
	}
	return Input{l.Annotations.Title, sum, l.Size}, checkTitle(l.Annotations.Title)
}

// typeError says that a manifest is something else's.
type typeError struct{ got string }

func (e *typeError) Error() string {
	return fmt.Sprintf("its type is %q, want %q", e.got, ArtifactType)
}
