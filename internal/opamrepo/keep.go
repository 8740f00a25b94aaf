package opamrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockPause is how long a process waits before it looks again whether
	// another one has finished.
	lockPause = 50 * time.Millisecond
	// tempPrefix begins the names of folders that are being filled.
	tempPrefix = ".unpacking-"
	// readyDir is where filling puts what gets the final name.
	readyDir = "ready"
)

// kept is where the repository of an identity is kept.
func (o Options) kept(identity string) string { return filepath.Join(o.Cache, identity) }

// keep returns the folder of an identity. If there is none, fill writes it
// below a temporary folder, as readyDir.
func (o Options) keep(ctx context.Context, identity string, fill func(into *os.Root) error) (string, error) {
	dir := o.kept(identity)
	if isDir(dir) {
		return dir, nil
	}
	unlock, err := takeTurn(ctx, filepath.Join(o.Cache, ".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if isDir(dir) {
		return dir, nil
	}
	if err := sweep(o.Cache); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(o.Cache, tempPrefix)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	return dir, fillAndRename(temp, dir, fill)
}

// fillAndRename fills the temporary folder and gives its content the final name.
func fillAndRename(temp, dir string, fill func(into *os.Root) error) error {
	root, err := os.OpenRoot(temp)
	if err != nil {
		return err
	}
	err = errors.Join(fill(root), root.Close())
	if err != nil {
		return err
	}
	ready := filepath.Join(temp, readyDir)
	if err := syncFiles(ready); err != nil {
		return fmt.Errorf("syncing %s: %w", ready, err)
	}
	return os.Rename(ready, dir)
}

// takeTurn locks the file, in a folder that is made for it, and waits as long as
// another process has it.
func takeTurn(ctx context.Context, path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	l := flock.New(path)
	if _, err := l.TryLockContext(ctx, lockPause); err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() { l.Close() }, nil
}

// sweep removes what interrupted processes have left. The caller has the lock.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
