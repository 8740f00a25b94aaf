package farm

import (
	"os"
	"path/filepath"
	"time"

	"github.com/ofarm/ofarm/internal/input"
)

// pullsDir is the store, below the cache folder, that layers of bases pass through.
const pullsDir = "pulls"

// removePartial removes what transfers have left that nobody has taken up again
// since before.
func (f *Farm) removePartial(before time.Time) error {
	if err := f.Store.RemovePartial(before); err != nil {
		return err
	}
	pulls := filepath.Join(f.CacheDir, pullsDir)
	if _, err := os.Stat(pulls); err != nil {
		return nil // nothing was taken yet
	}
	store, err := input.Open(pulls)
	if err != nil {
		return err
	}
	return store.RemovePartial(before)
}
