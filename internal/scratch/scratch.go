// Package scratch makes files and folders to work in that don't outlive their use.
//
// A [File] has no name before it is whole, where the system can do that. A
// [Folder] has one: who made it holds a lock on it (flock(2)) until it is removed.
// A process that was killed holds nothing, so whoever makes the next folder of the
// same name removes what it left. There is no file with a process number to go
// stale.
package scratch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Folder is a folder to work in.
type Folder struct {
	// Dir is its path, absolute if its parent's was.
	Dir    string
	lock   *os.File
	remove func(dir string) error
}

// Make makes a folder in parent, which is made if it isn't there, and removes
// those of the same prefix that nobody holds any more, as far as they can be. Its
// name is the prefix and some random letters. Remove is how a folder is removed: nil means
// [os.RemoveAll]; one that does more must stand what a killed process left.
func Make(parent, prefix string, remove func(dir string) error) (*Folder, error) {
	if remove == nil {
		remove = os.RemoveAll
	}
	// Between the making of a folder and its lock nobody may take it for a left
	// one.
	all, err := holdParent(parent)
	if err != nil {
		return nil, err
	}
	defer all.Close()
	if err := removeLeft(parent, prefix, remove); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, prefix+"*")
	if err != nil {
		return nil, err
	}
	f := &Folder{Dir: dir, remove: remove}
	if f.lock, err = hold(dir, syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, os.Remove(dir))
	}
	return f, nil
}

// Remove removes the folder with all that is in it.
func (f *Folder) Remove() error {
	defer f.lock.Close()
	return f.remove(f.Dir)
}

// holdParent makes and locks a folder for others. [Tidy] may remove it before it
// is locked: then it is made again.
func holdParent(dir string) (*os.File, error) {
	for {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		f, err := hold(dir, syscall.LOCK_EX)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || isAt(f, dir) {
			return f, err
		}
		f.Close()
	}
}

// isAt tells whether an open folder is still the one at a path.
func isAt(f *os.File, path string) bool {
	open, err1 := f.Stat()
	there, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(open, there)
}

// Tidy removes the parent of folders that [Make] made, if nothing is in it any
// more and nobody is about to make another.
func Tidy(parent string) {
	f, err := hold(parent, syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return
	}
	defer f.Close()
	_ = os.Remove(parent)
}

func removeLeft(parent, prefix string, remove func(dir string) error) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		left := Folder{Dir: filepath.Join(parent, e.Name()), remove: remove}
		if left.lock, err = hold(left.Dir, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			continue // in use
		}
		_ = left.Remove() // what can't be removed is no reason not to work
	}
	return nil
}

// Locked tells whether somebody holds a lock on a folder for longer than [Make]
// does to make one in it.
func Locked(dir string) bool {
	for range 20 {
		f, err := hold(dir, syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			f.Close()
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return false
		}
		time.Sleep(50 * time.Millisecond)
	}
	return true
}

// hold opens and locks a folder; closing it ends the lock.
func hold(dir string, how int) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return f, nil
}
