package resolve

import (
	"bytes"
	"slices"

	"github.com/ofarm/ofarm/internal/lock"
)

// SameOpam tells whether two locks have the same opam packages, which the
// targets of one lock share.
func SameOpam(a, b *lock.File) bool {
	return bytes.Equal(withoutTargets(a), withoutTargets(b))
}

func withoutTargets(f *lock.File) []byte {
	bare := *f
	bare.Targets = nil
	return bare.Append(nil)
}

// Keep adds to file the targets that only old has.
func Keep(old, file *lock.File) {
	for _, t := range old.Targets {
		if _, ok := file.Target(t.TargetID); !ok {
			file.Targets = append(file.Targets, t)
		}
	}
	slices.SortFunc(file.Targets, lock.CompareTargets)
}
