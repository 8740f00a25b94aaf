package verify

import (
	"archive/tar"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"slices"
	"strings"
)

// Type is what an entry is, by the letters that find -type has.
type Type byte

// The types of entries.
const (
	File    Type = 'f'
	Dir     Type = 'd'
	Symlink Type = 'l'
	Char    Type = 'c'
	Block   Type = 'b'
	FIFO    Type = 'p'
)

// String is the word for a type, "symbolic link".
func (t Type) String() string {
	switch t {
	case File:
		return "file"
	case Dir:
		return "folder"
	case Symlink:
		return "symbolic link"
	case Char:
		return "character device"
	case Block:
		return "block device"
	case FIFO:
		return "named pipe"
	}
	return "nothing"
}

// MarshalText is the word of [Type.String], for JSON.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (t *Type) UnmarshalText(text []byte) error {
	for _, is := range []Type{0, File, Dir, Symlink, Char, Block, FIFO} {
		if is.String() == string(text) {
			*t = is
			return nil
		}
	}
	return fmt.Errorf("%q is no type of a file", text)
}

// Entry is one file, folder or link of a tree. Its modification time is no part
// of it.
type Entry struct {
	// Path is relative, clean and with slashes: "lib/ocaml/stdlib.cmi".
	Path string `json:"path"`
	Type Type   `json:"type"`
	// Mode holds the permissions with setuid, setgid and sticky bit: at most 07777.
	Mode int64 `json:"mode"`
	// Size in bytes and SHA256 in hex are those of a file's content.
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	// Linkname is where a symbolic link leads, and a device's "major:minor".
	Linkname string `json:"linkname,omitempty"`
	// Owner is "uid:gid", and empty for root's "0:0".
	Owner string `json:"owner,omitempty"`
	// Hardlink is the file of the stream that holds the content, for a file that
	// came as a hard link; see [Tree.Holders]. Neither [Compare] nor
	// [Tree.Digest] look at it.
	Hardlink string `json:"-"`
}

// Tree is what a step left behind, sorted by path. The top folder itself is no
// part of it.
type Tree []Entry

// ReadTree reads a tar stream to its end. Names that climb out of the tree, names
// that come twice, and hard links to what hasn't come before are errors.
func ReadTree(r io.Reader) (Tree, error) {
	t := &treeReader{sum: sha256.New(), at: map[string]int{}}
	if err := eachEntry(r, t.add); err != nil {
		return nil, err
	}
	slices.SortFunc(t.tree, func(a, b Entry) int { return cmp.Compare(a.Path, b.Path) })
	return t.tree, nil
}

// eachEntry calls f for each entry of a tar stream but the top folder, with its
// clean name.
func eachEntry(r io.Reader, f func(name string, h *tar.Header, r io.Reader) error) error {
	tr := tar.NewReader(r)
	for n := 0; ; n++ {
		h, err := tr.Next()
		switch {
		case err == io.EOF:
			// What follows the archive's end belongs to the stream: a writer that
			// can't get rid of it would block.
			_, err := io.Copy(io.Discard, r)
			return err
		case err != nil:
			return fmt.Errorf("reading a tar stream after %d entries: %w", n, err)
		}
		name, err := clean(h.Name)
		if err != nil {
			return err
		}
		if name == "." || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if err := f(name, h, tr); err != nil {
			return fmt.Errorf("tar entry %q: %w", h.Name, err)
		}
	}
}

// clean makes a name of a tar stream relative and clean.
func clean(name string) (string, error) {
	if slices.Contains(strings.Split(name, "/"), "..") {
		return "", fmt.Errorf("tar entry %q climbs out of its tree", name)
	}
	return path.Clean(strings.TrimLeft(name, "/")), nil
}

type treeReader struct {
	tree Tree
	at   map[string]int // where a path is in tree
	sum  hash.Hash
}

// types are the entries of a tar stream that a tree can have.
var types = map[byte]Type{
	tar.TypeReg: File, tar.TypeGNUSparse: File, tar.TypeLink: File, tar.TypeDir: Dir, tar.TypeSymlink: Symlink,
	tar.TypeChar: Char, tar.TypeBlock: Block, tar.TypeFifo: FIFO,
}

func (t *treeReader) add(name string, h *tar.Header, r io.Reader) error {
	if _, twice := t.at[name]; twice {
		return errors.New("comes twice")
	}
	e := Entry{Path: name, Type: types[h.Typeflag], Mode: h.Mode & 0o7777}
	if h.Uid != 0 || h.Gid != 0 {
		e.Owner = fmt.Sprintf("%d:%d", h.Uid, h.Gid)
	}
	if err := t.fill(&e, h, r); err != nil {
		return err
	}
	t.at[name] = len(t.tree)
	t.tree = append(t.tree, e)
	return nil
}

// fill adds what is told of an entry's type only.
func (t *treeReader) fill(e *Entry, h *tar.Header, r io.Reader) error {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		return t.hash(e, r)
	case tar.TypeLink:
		return t.link(e, h.Linkname)
	case tar.TypeSymlink:
		e.Linkname = h.Linkname
	case tar.TypeChar, tar.TypeBlock:
		e.Linkname = fmt.Sprintf("%d:%d", h.Devmajor, h.Devminor)
	case tar.TypeDir, tar.TypeFifo:
	default:
		return fmt.Errorf("type %q is not known", h.Typeflag)
	}
	return nil
}

func (t *treeReader) hash(e *Entry, r io.Reader) error {
	t.sum.Reset()
	n, err := io.Copy(t.sum, r)
	e.Size, e.SHA256 = n, hex.EncodeToString(t.sum.Sum(nil))
	return err
}

// link gives a hard link the content of the file that it is a link to.
func (t *treeReader) link(e *Entry, linkname string) error {
	to, err := clean(linkname)
	if err != nil {
		return err
	}
	i, ok := t.at[to]
	if !ok || t.tree[i].Type != File {
		return fmt.Errorf("hard link to %q, which is no file before it", linkname)
	}
	of := t.tree[i]
	e.Size, e.SHA256, e.Hardlink = of.Size, of.SHA256, cmp.Or(of.Hardlink, of.Path)
	return nil
}

// Digest is a sha256 in hex over all that [Compare] looks at: trees are equal if
// their digests are.
func (t Tree) Digest() string {
	sum := sha256.New()
	for _, e := range t {
		fmt.Fprintf(sum, "%c %o %d %s %q %q %s\n", e.Type, e.Mode, e.Size, e.SHA256, e.Path, e.Linkname, e.Owner)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Find returns the entry of a path.
func (t Tree) Find(path string) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(t, path, func(e Entry, p string) int { return cmp.Compare(e.Path, p) })
	if !ok {
		return Entry{}, false
	}
	return t[i], true
}

// Holders adds to paths those that hold the content of the hard links among them,
// and sorts all: what [Pick] needs to be given. Paths that the tree doesn't have
// are left out.
func (t Tree) Holders(paths []string) []string {
	var out []string
	for _, p := range paths {
		e, ok := t.Find(p)
		if !ok {
			continue
		}
		out = append(out, p)
		if e.Hardlink != "" {
			out = append(out, e.Hardlink)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
