package farm

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ofarm/ofarm/internal/oci"
)

// VerifyDir has what differed when something was verified last.
func (f *Farm) VerifyDir() string { return filepath.Join(f.CacheDir, "verify") }

// NotEmptyError says that a folder for what differs has files.
type NotEmptyError struct{ Dir string }

func (e *NotEmptyError) Error() string { return fmt.Sprintf("the folder %q is not empty", e.Dir) }

// kept is the folder of what differs. It is made beside its place, when there
// is something to keep, and takes its place at the end.
type kept struct {
	dest string
	own  bool   // dest is ofarm's own: what is there goes
	dir  string // empty: nothing is kept yet
}

// newKept chooses the folder that was asked for, or ofarm's own.
func newKept(asked, own string) (*kept, error) {
	if asked == "" {
		return &kept{dest: own, own: true}, nil
	}
	dest, err := filepath.Abs(asked)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dest)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keeping what differs: %w", err)
	}
	if len(entries) > 0 {
		return nil, &NotEmptyError{Dir: asked}
	}
	return &kept{dest: dest}, nil
}

// folder makes a folder for something.
func (k *kept) folder(path ...string) (string, error) {
	if k.dir == "" {
		parent := filepath.Dir(k.dest)
		if err := os.MkdirAll(parent, 0o755); err != nil {
			return "", err
		}
		dir, err := os.MkdirTemp(parent, "."+filepath.Base(k.dest)+".*")
		if err != nil {
			return "", err
		}
		k.dir = dir
		if err := os.Chmod(dir, 0o755); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(append([]string{k.dir}, path...)...)
	return dir, os.MkdirAll(dir, 0o755)
}

// final is where a file of the folder will be.
func (k *kept) final(file string) string {
	return filepath.Join(k.dest, strings.TrimPrefix(file, k.dir))
}

// settle puts the folder in its place, and returns that; empty if nothing is
// kept. What ofarm kept before goes.
func (k *kept) settle() (string, error) {
	if k.own {
		if err := os.RemoveAll(k.dest); err != nil {
			return "", err
		}
	}
	if k.dir == "" {
		return "", nil
	}
	if err := os.Rename(k.dir, k.dest); err != nil {
		return "", fmt.Errorf("keeping what differs: %w", err)
	}
	k.dir = ""
	return k.dest, nil
}

// discard removes what has not taken its place.
func (k *kept) discard() error {
	if k.dir == "" {
		return nil
	}
	return os.RemoveAll(k.dir)
}

// moveFolder moves a folder, if it is there, also to another file system.
func moveFolder(from, to string) error {
	err := os.Rename(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		open := func() (io.ReadCloser, error) { return os.Open(path) }
		return copyEntry(filepath.Join(to, rel), oci.Entry{Path: rel, Mode: int64(info.Mode().Perm()), Open: open})
	})
}
