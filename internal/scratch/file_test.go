package scratch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// A file takes its place when it is kept, and only then; until then what was there
// stays, and nothing of it is left if it isn't kept.
func TestFile(t *testing.T) {
	for name, make := range map[string]func(path string) (*File, error){"new": NewFile, "named": newNamed} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			for i, text := range []string{"one", "two"} {
				f, err := make(path)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.WriteString(text); err != nil {
					t.Fatal(err)
				}
				count(t, filepath.Join(dir, "[^.]*"), i)
				if err := f.Keep(0o640 + fs.FileMode(i)); err != nil {
					t.Fatal(err)
				}
				if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
					t.Errorf("it wasn't closed: %v", err)
				}
				info, err := os.Stat(path)
				data, errRead := os.ReadFile(path)
				if err != nil || errRead != nil || string(data) != text || info.Mode() != 0o640+fs.FileMode(i) {
					t.Errorf("%q %v: %v, %v", data, info, err, errRead)
				}
				count(t, filepath.Join(dir, "*"), 1)
			}
			// What isn't kept, or can't be.
			f, err := make(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			count(t, filepath.Join(dir, "*"), 1)
			if f, err = make(path); err != nil {
				t.Fatal(err)
			}
			if err := f.KeepNew(0o644); !errors.Is(err, fs.ErrExist) {
				t.Errorf("it took another file's place: %v", err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if data, err := os.ReadFile(path); err != nil || string(data) != "two" {
				t.Errorf("%q, %v", data, err)
			}
			if f, err = make(path + "2"); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(f.KeepNew(0o600), os.Remove(path+"2")); err != nil {
				t.Error(err)
			}
			count(t, filepath.Join(dir, "*"), 1)
			if err := errors.Join(os.Remove(path), os.MkdirAll(filepath.Join(path, "full"), 0o755)); err != nil {
				t.Fatal(err)
			}
			if f, err = make(path); err != nil {
				t.Fatal(err)
			}
			if err := f.Keep(0o644); err == nil {
				t.Error("it took a folder's place")
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			count(t, filepath.Join(dir, "*"), 1)
		})
	}
	if _, err := NewFile(filepath.Join(t.TempDir(), "not", "there")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// count fails unless n names match a pattern, in which * is hidden ones, too.
func count(t *testing.T, pattern string, n int) {
	t.Helper()
	if seen, err := filepath.Glob(pattern); err != nil || len(seen) != n {
		t.Errorf("%q, want %d: %v", seen, n, err)
	}
}
