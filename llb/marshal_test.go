package llb

import (
	"bytes"
	"testing"

	"github.com/moby/buildkit/solver/pb"
)

// TestMarshal: the same bytes each time, which BuildKit reads.
func TestMarshal(t *testing.T) {
	def := compile(t, small(t, "debian-bookworm"))
	first, err := Marshal(def)
	if err != nil {
		t.Fatal(err)
	}
	for range 25 {
		again, err := Marshal(compile(t, small(t, "debian-bookworm")))
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("other bytes of the same definition, %v", err)
		}
	}
	var read pb.Definition
	if err := read.UnmarshalVT(first); err != nil || len(read.Def) != len(def.Def) || len(read.Metadata) != len(def.Metadata) {
		t.Errorf("%d ops with %d names, want %d and %d: %v", len(read.Def), len(read.Metadata), len(def.Def), len(def.Metadata), err)
	}
}
