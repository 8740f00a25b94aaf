package llb

import (
	"fmt"

	"google.golang.org/protobuf/proto"
)

// Marshal writes a definition as buildctl reads it. It differs from BuildKit's
// own WriteTo in that the same definition gives the same bytes: there the order
// of the metadata is a map's.
func Marshal(def *Definition) ([]byte, error) {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(def.ToPB())
	if err != nil {
		return nil, fmt.Errorf("marshalling a definition: %w", err)
	}
	return data, nil
}
