package scratch

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// A folder that is held stays, one that was left goes, and so does nothing else.
func TestMake(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "made")
	held, err := Make(parent, "work-", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"work-left/deep", "other-work"} {
		if err := os.MkdirAll(filepath.Join(parent, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var removed []string
	second, err := Make(parent, "work-", func(dir string) error {
		removed = append(removed, filepath.Base(dir))
		return os.RemoveAll(dir)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(removed) != 1 || removed[0] != "work-left" {
		t.Errorf("removed %q, want what was left", removed)
	}
	for _, dir := range []string{held.Dir, second.Dir, filepath.Join(parent, "other-work")} {
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
	}
	stays := filepath.Join(parent, "work-stays")
	if err := os.Mkdir(stays, 0o755); err != nil {
		t.Fatal(err)
	}
	third, err := Make(parent, "work-", func(string) error { return os.ErrPermission })
	if err != nil {
		t.Errorf("what can't be removed is in the way: %v", err)
	} else if third.Dir == stays {
		t.Errorf("%s isn't new", stays)
	}
	if err := held.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(held.Dir); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	Tidy(parent)
	if _, err := os.Stat(parent); err != nil {
		t.Errorf("a parent with a folder in it: %v", err)
	}
	if _, err := Make(filepath.Join(second.Dir, "no\x00name"), "x", nil); err == nil {
		t.Error("a folder was made in one that can't be")
	}
}

// Whoever makes a folder gets one, whoever removes its parent meanwhile.
func TestTidy(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "made")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 50 {
				f, err := Make(parent, "work-", nil)
				if err != nil {
					t.Error(err)
					return
				}
				if err := f.Remove(); err != nil {
					t.Error(err)
				}
				Tidy(parent)
			}
		})
	}
	wait.Wait()
	Tidy(parent)
	if _, err := os.Stat(parent); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}
