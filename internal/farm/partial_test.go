package farm

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ofarm/ofarm/internal/input"
)

// TestPrunePartial removes what is left of transfers, a day later and not before,
// of inputs and of bases.
func TestPrunePartial(t *testing.T) {
	now := time.Now()
	f, err := Open(t.TempDir(), "", input.Fetcher{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.prune(now); err != nil {
		t.Errorf("of nothing: %v", err)
	}
	if _, err := os.Stat(filepath.Join(f.CacheDir, pullsDir)); err == nil {
		t.Error("a store of bases was made")
	}
	for _, dir := range []string{"inputs", pullsDir} {
		if _, err := input.Open(filepath.Join(f.CacheDir, dir)); err != nil {
			t.Fatal(err)
		}
		for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "new": time.Hour} {
			file := filepath.Join(f.CacheDir, dir, "partial", name)
			if err := errors.Join(os.WriteFile(file, nil, 0o644), os.Chtimes(file, now, now.Add(-age))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.prune(now); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"inputs", pullsDir} {
		left, err := os.ReadDir(filepath.Join(f.CacheDir, dir, "partial"))
		if err != nil || len(left) != 1 || left[0].Name() != "new" {
			t.Errorf("%s: left %v: %v", dir, left, err)
		}
	}
}
