package scratch

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// File is a file that is written beside its place. Where the system has files
// without a name (Linux's O_TMPFILE, on most file systems), one is used, of which
// nothing is left however the process ends; but if there is a file in its place
// already, the new one has another name for the moment before it replaces that.
// (google/renameio's have a name from their start.)
type File struct {
	*os.File
	path string
	// temp is the file's name; empty while it has none.
	temp string
}

// NewFile makes an empty file that is to be at a path. Close it.
func NewFile(path string) (*File, error) {
	if f, err := nameless(path); err == nil {
		return &File{File: f, path: path}, nil
	}
	return newNamed(path)
}

// newNamed makes a file that has a name from the start.
func newNamed(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path, temp: f.Name()}, nil
}

// Keep puts the file, which is whole now, in its place, with some permissions. A
// file that is there is replaced.
func (f *File) Keep(mode fs.FileMode) error {
	if err := errors.Join(f.Chmod(mode), f.Sync()); err != nil {
		return err
	}
	for name := f.path; f.temp == ""; name = f.hidden() {
		err := link(f.File, name)
		if err == nil {
			f.temp = name
		} else if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := os.Rename(f.temp, f.path); err != nil { // nothing happens if it is there already
		return err
	}
	f.temp = ""
	return f.File.Close()
}

// KeepNew is [File.Keep] for a place that is free; what is there stays, and is an
// [fs.ErrExist].
func (f *File) KeepNew(mode fs.FileMode) error {
	if err := errors.Join(f.Chmod(mode), f.Sync()); err != nil {
		return err
	}
	var err error
	if f.temp == "" {
		err = link(f.File, f.path)
	} else {
		err = os.Link(f.temp, f.path)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// hidden is a random name beside the file's place.
func (f *File) hidden() string {
	return filepath.Join(filepath.Dir(f.path), "."+filepath.Base(f.path)+"."+strconv.FormatUint(rand.Uint64(), 36))
}

// Close closes and removes a file that wasn't kept.
func (f *File) Close() error {
	err := f.File.Close()
	if f.temp != "" {
		err = errors.Join(err, os.Remove(f.temp))
	}
	return err
}
