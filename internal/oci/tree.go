package oci

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// Type is an entry's kind.
type Type byte

// The kinds that a tree may have; their values are tar's.
const (
	File     Type = tar.TypeReg
	Dir      Type = tar.TypeDir
	Symlink  Type = tar.TypeSymlink
	Hardlink Type = tar.TypeLink
)

// Entry is one file, folder or link of a tree.
type Entry struct {
	// Path is clean, relative to the tree's root and separated by slashes.
	Path string
	// Type is what the entry is; zero means File.
	Type Type
	// Mode has the permission bits, with setuid (04000), setgid (02000) and
	// sticky (01000). It means nothing for links.
	Mode int64
	// UID and GID are the owner; zero, as nearly always, is root.
	UID, GID int
	// Linkname is a symlink's target as it is written, or the path in the tree
	// of the file that a hard link names.
	Linkname string
	// Size is a file's size in bytes.
	Size int64
	// Open returns a file's content. Nil means an empty file.
	Open func() (io.ReadCloser, error)
}

// Epoch is the modification time of everything in a tree, in UTC. All times
// are equal, so that make thinks nothing stale; and it is the earliest date that
// a zip file can hold (1980-01-01), so that tools which pack files don't choke.
const Epoch = 315532800

// WriteTree writes the entries as a tar, in the order of their paths, with hard
// links last because their targets have to come before. Folders that no entry
// names are added with mode 0755. Equal entries give equal bytes, in whatever
// order they come.
//
// A path that leaves the tree, two entries of one path, an entry below
// something that isn't a folder, a hard link to no file, and a file whose
// content hasn't its size are errors that name the path.
func WriteTree(w io.Writer, entries []Entry) error {
	entries, err := arrange(entries)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(w)
	for _, e := range entries {
		if err := e.write(tw); err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	return tw.Close()
}

// arrange checks and completes the entries and puts them into their order.
func arrange(entries []Entry) (all []Entry, err error) {
	byPath := make(map[string]Entry, len(entries))
	for _, e := range entries {
		if e.Type == 0 {
			e.Type = File
		}
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("%q: %w", e.Path, err)
		}
		if _, ok := byPath[e.Path]; ok {
			return nil, fmt.Errorf("%q: it is there twice", e.Path)
		}
		byPath[e.Path] = e
	}
	for _, e := range byPath {
		all = append(all, e)
	}
	slices.SortFunc(all, compare)
	for i, e := range all {
		if all[i], err = e.resolve(byPath); err != nil {
			return nil, err
		}
		parents, err := missingParents(byPath, e)
		if err != nil {
			return nil, err
		}
		all = append(all, parents...)
	}
	slices.SortFunc(all, compare)
	return all, nil
}

// resolve gives a hard link the mode and owner of its file: who unpacks a tar
// may set them again.
func (e Entry) resolve(byPath map[string]Entry) (Entry, error) {
	if e.Type != Hardlink {
		return e, nil
	}
	target := byPath[e.Linkname]
	if target.Type != File {
		return e, fmt.Errorf("%q: hard link to %q, which is no file of the tree", e.Path, e.Linkname)
	}
	e.Mode, e.UID, e.GID = target.Mode, target.UID, target.GID
	return e, nil
}

// check says what is wrong with an entry by itself.
func (e Entry) check() error {
	switch {
	case e.Path == "." || path.Clean(e.Path) != e.Path:
		return errors.New("the path is not clean")
	case path.IsAbs(e.Path) || e.Path == ".." || strings.HasPrefix(e.Path, "../"):
		return errors.New("the path leaves the tree")
	case strings.ContainsRune(e.Path, 0):
		return errors.New("the path has a NUL byte")
	case !slices.Contains([]Type{File, Dir, Symlink, Hardlink}, e.Type):
		return fmt.Errorf("unknown type %q", byte(e.Type))
	case (e.Type == Symlink || e.Type == Hardlink) && e.Linkname == "":
		return errors.New("the link names nothing")
	}
	return nil
}

// compare orders entries: hard links after all others, then by path.
func compare(a, b Entry) int {
	if (a.Type == Hardlink) != (b.Type == Hardlink) {
		if a.Type == Hardlink {
			return 1
		}
		return -1
	}
	return strings.Compare(a.Path, b.Path)
}

// missingParents returns the folders above an entry that aren't there, and
// notes them.
func missingParents(byPath map[string]Entry, e Entry) ([]Entry, error) {
	var missing []Entry
	for dir := path.Dir(e.Path); dir != "."; dir = path.Dir(dir) {
		parent, ok := byPath[dir]
		if ok && parent.Type != Dir {
			return nil, fmt.Errorf("%q: %q is not a folder", e.Path, dir)
		}
		if !ok {
			parent = Entry{Path: dir, Type: Dir, Mode: 0o755}
			byPath[dir] = parent
			missing = append(missing, parent)
		}
	}
	return missing, nil
}

// write writes one entry.
func (e Entry) write(tw *tar.Writer) error {
	h := &tar.Header{
		Typeflag: byte(e.Type), Name: e.Path, Linkname: e.Linkname, Mode: e.Mode,
		Uid: e.UID, Gid: e.GID, ModTime: time.Unix(Epoch, 0),
	}
	switch e.Type {
	case Dir:
		h.Name += "/"
	case Symlink:
		h.Mode = 0o777
	case File:
		h.Size = e.Size
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	if e.Type == File && e.Open != nil {
		return e.copy(tw)
	}
	return nil
}

// copy writes a file's content, which must have the size that was promised.
func (e Entry) copy(w io.Writer) error {
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	n, err := io.Copy(w, io.LimitReader(r, e.Size+1))
	if n != e.Size && err == nil || errors.Is(err, tar.ErrWriteTooLong) {
		return fmt.Errorf("it has not the %d bytes that it should have: was it changed meanwhile?", e.Size)
	}
	return err
}
