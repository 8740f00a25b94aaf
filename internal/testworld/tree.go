package testworld

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// epoch is the time of what the world makes itself: 2025-01-01.
var epoch = time.Unix(1735689600, 0).UTC()

// tree is the files of a package or of a root by their paths, without a slash
// at the beginning or the end.
type tree map[string]node

// node is a folder, a file or a symbolic link.
type node struct {
	// typ is tar.TypeDir, tar.TypeReg or tar.TypeSymlink.
	typ byte
	// mode is the permission bits with set-uid, set-gid and sticky, as in tar.
	mode     int64
	uid, gid int
	// link is a symbolic link's target.
	link string
	body []byte
	time time.Time
}

func (t tree) file(name string, mode int64, body []byte) {
	t[name] = node{typ: tar.TypeReg, mode: mode, body: body, time: epoch}
}

func (t tree) symlink(name, target string) {
	t[name] = node{typ: tar.TypeSymlink, mode: 0o777, link: target, time: epoch}
}

func (t tree) dir(name string, mode int64) {
	t[name] = node{typ: tar.TypeDir, mode: mode, time: epoch}
}

// paths lists every path, a folder before what is in it.
func (t tree) paths() []string { return slices.Sorted(maps.Keys(t)) }

// addParents adds the folders that lead to the tree's entries.
func (t tree) addParents() {
	for _, name := range t.paths() {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, there := t[dir]; !there {
				t.dir(dir, 0o755)
			}
		}
	}
}

// tarEntries is a reader of tar entries, such as a *tar.Reader.
type tarEntries interface {
	io.Reader
	Next() (*tar.Header, error)
}

// addTar adds entries under the names that place gives them; an empty name
// drops an entry. A hard link becomes a copy.
func (t tree) addTar(r tarEntries, place func(string) string) error {
	linkable := tree{}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := cleanName(h.Name)
		n := node{typ: h.Typeflag, mode: h.Mode & 0o7777, uid: h.Uid, gid: h.Gid, link: h.Linkname, time: h.ModTime}
		switch h.Typeflag {
		case tar.TypeReg:
			if n.body, err = io.ReadAll(r); err != nil {
				return fmt.Errorf("%s: %w", h.Name, err)
			}
			linkable[name] = n
		case tar.TypeLink:
			n = linkable[cleanName(h.Linkname)]
			if n.typ != tar.TypeReg {
				return fmt.Errorf("%s: a hard link to %q, which isn't there", h.Name, h.Linkname)
			}
		case tar.TypeDir, tar.TypeSymlink:
		default:
			continue
		}
		if to := place(name); to != "" {
			t[to] = n
		}
	}
}

// cleanName is a tar entry's name as a tree spells it; "" is the root itself.
func cleanName(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// tar is the tree as a tar, sorted by path.
func (t tree) tar() ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range t.paths() {
		n := t[name]
		h := &tar.Header{
			Typeflag: n.typ, Name: name, Mode: n.mode, Uid: n.uid, Gid: n.gid,
			Linkname: n.link, Size: int64(len(n.body)), ModTime: n.time, Format: tar.FormatPAX,
		}
		if n.typ == tar.TypeDir {
			h.Name += "/"
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if _, err := w.Write(n.body); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// writeTo lays the tree into a folder. Nothing is written outside of it, even
// where symbolic links lie in the way.
func (t tree) writeTo(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range t.paths() {
		if err := t[name].write(root, name); err != nil {
			return fmt.Errorf("laying out %s: %w", name, err)
		}
	}
	return nil
}

func (n node) write(root *os.Root, name string) error {
	if n.typ == tar.TypeDir {
		return root.MkdirAll(name, 0o755)
	}
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if n.typ == tar.TypeSymlink {
		return root.Symlink(n.link, name)
	}
	if err := root.WriteFile(name, n.body, 0o600); err != nil {
		return err
	}
	return errors.Join(
		root.Chmod(name, fs.FileMode(n.mode&0o777)),
		// configure scripts and make compare times.
		root.Chtimes(name, n.time, n.time),
	)
}

// readTree reads a folder. All times become epoch.
func readTree(dir string) (tree, error) {
	t := tree{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || file == dir {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch mode := info.Mode(); {
		case mode.IsDir():
			t.dir(name, int64(mode.Perm()))
		case mode.IsRegular():
			body, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			t.file(name, int64(mode.Perm()), body)
		case mode.Type() == fs.ModeSymlink:
			target, err := os.Readlink(file)
			if err != nil {
				return err
			}
			t.symlink(name, target)
		}
		return nil
	})
	return t, err
}
