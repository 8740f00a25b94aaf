package farm

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/ofarm/ofarm/internal/lock"
)

// BuiltFrom picks the artifacts that were built from a lock with this digest, or
// from what the lock was before roots for proving were added to it: no build
// reads those. Others are the folders of targets that were built from another
// lock, in the artifacts' order.
func BuiltFrom(l *lock.File, digest string, artifacts []Artifact) (own []Artifact, others []string) {
	bare := *l
	bare.Roots = nil
	sum := sha256.Sum256(bare.Append(nil))
	for _, a := range artifacts {
		switch folder := folderOf(a); {
		case a.Lock == digest, a.Lock == hex.EncodeToString(sum[:]):
			own = append(own, a)
		case !slices.Contains(others, folder):
			others = append(others, folder)
		}
	}
	return own, others
}
