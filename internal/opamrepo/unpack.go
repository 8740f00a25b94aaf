package opamrepo

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

const (
	packagesDir = "packages"
	repoFile    = "repo"
	// mostBytes is how much a repository may have unpacked; the real one has
	// 50 MB. More is a tarball made to fill disks.
	mostBytes = 4 << 30
)

// errNoPackages says that a tar holds no repository.
var errNoPackages = errors.New(`there is no folder "packages" in it`)

// unpackPacked unpacks a packed tar; see unpack.
func unpackPacked(ctx context.Context, r io.Reader, into *os.Root) error {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(512)
	if err != nil && err != io.EOF {
		return err
	}
	plain, err := decompress(head, b)
	if err != nil {
		return err
	}
	defer plain.Close()
	return unpack(ctx, plain, into)
}

// decompress returns the plain bytes of a file that begins with head.
func decompress(head []byte, r io.Reader) (io.ReadCloser, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzip.NewReader(r)
	case bytes.HasPrefix(head, []byte("BZh")):
		return io.NopCloser(bzip2.NewReader(r)), nil
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		x, err := xz.NewReader(r, 0)
		return io.NopCloser(x), err
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case len(head) >= 262 && string(head[257:262]) == "ustar":
		return io.NopCloser(r), nil
	}
	return nil, errors.New("it is not a tarball: its first bytes are of no tar, gzip, bzip2, xz or zstd file")
}

// unpacker writes the repository that a tar holds. What lies in different top
// folders goes to different places, "0", "1" and so on: which one is the
// repository is known at the end.
type unpacker struct {
	into  *os.Root
	tops  []string // top folders that have packages or repo; "" for none
	links []link
	made  map[string]bool // folders
	bytes int64
}

// link is a symlink that is still to be made.
type link struct{ entry, name, target string }

// unpack writes packages/** and repo of a tar as readyDir into a folder. A tar
// without packages gives errNoPackages, a hostile one an [*EntryError].
func unpack(ctx context.Context, r io.Reader, into *os.Root) error {
	u := &unpacker{into: into, made: map[string]bool{}}
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return u.finish()
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if err := u.entry(h, tr); err != nil {
			return entryError(h.Name, err)
		}
	}
}

// entryError says which entry an error is about.
func entryError(entry string, err error) error {
	var own *EntryError
	if errors.As(err, &own) {
		return err
	}
	return fmt.Errorf("%q: %w", entry, err)
}

// entry takes one entry, or leaves it.
func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name, wanted, err := u.place(h.Name)
	if err != nil || !wanted {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return u.mkdir(name)
	case tar.TypeReg:
		return u.file(h, name, r)
	case tar.TypeLink:
		return u.hardLink(h, name)
	case tar.TypeSymlink:
		u.links = append(u.links, link{h.Name, name, h.Linkname})
		return nil
	}
	return &EntryError{h.Name, "is neither a file nor a folder nor a link"}
}

// place says where an entry goes, and whether it is part of a repository.
func (u *unpacker) place(entry string) (name string, wanted bool, err error) {
	name = path.Clean(entry)
	if !fs.ValidPath(name) || strings.Contains("/"+entry+"/", "/../") || strings.ContainsAny(entry, "\\\x00") {
		return "", false, &EntryError{entry, "is not a path below the repository"}
	}
	top, below, _ := strings.Cut(name, "/")
	switch {
	case top == packagesDir || name == repoFile:
		return path.Join(u.top(""), name), true, nil
	case below == repoFile || below == packagesDir || strings.HasPrefix(below, packagesDir+"/"):
		return path.Join(u.top(top), below), true, nil
	}
	return "", false, nil
}

// top is the folder for what lies in a top folder.
func (u *unpacker) top(name string) string {
	i := slices.Index(u.tops, name)
	if i < 0 {
		i = len(u.tops)
		u.tops = append(u.tops, name)
	}
	return strconv.Itoa(i)
}

func (u *unpacker) mkdir(name string) error {
	if u.made[name] {
		return nil
	}
	u.made[name] = true
	return u.into.MkdirAll(name, 0o755)
}

func (u *unpacker) file(h *tar.Header, name string, r io.Reader) error {
	if u.bytes += h.Size; u.bytes > mostBytes {
		return &EntryError{h.Name, "makes the repository larger than any is"}
	}
	f, err := u.create(name, 0o644|fs.FileMode(h.Mode)&0o111)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// create makes a file, in place of an earlier one of the same name.
func (u *unpacker) create(name string, mode fs.FileMode) (*os.File, error) {
	if err := u.mkdir(path.Dir(name)); err != nil {
		return nil, err
	}
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	f, err := u.into.OpenFile(name, flags, mode)
	if errors.Is(err, fs.ErrExist) {
		if err := u.into.Remove(name); err != nil {
			return nil, err
		}
		f, err = u.into.OpenFile(name, flags, mode)
	}
	return f, err
}

// hardLink links to an earlier entry of the repository.
func (u *unpacker) hardLink(h *tar.Header, name string) error {
	target, wanted, err := u.place(h.Linkname)
	if err != nil || !wanted {
		return &EntryError{h.Name, fmt.Sprintf("is a hard link to %q, which is no part of the repository", h.Linkname)}
	}
	if err := u.mkdir(path.Dir(name)); err != nil {
		return err
	}
	if err := u.into.Link(target, name); err != nil {
		return &EntryError{h.Name, fmt.Sprintf("is a hard link to %q, which is no file before it", h.Linkname)}
	}
	return nil
}

// finish chooses the repository, makes its symlinks, and gives it its name.
func (u *unpacker) finish() error {
	var found []int
	for i, top := range u.tops {
		if info, err := u.into.Stat(path.Join(strconv.Itoa(i), packagesDir)); err != nil || !info.IsDir() {
			continue
		}
		found = append(found, i)
		if top == "" {
			found = []int{i}
			break
		}
	}
	switch len(found) {
	case 0:
		return errNoPackages
	case 1:
		chosen := strconv.Itoa(found[0])
		if err := u.symlinks(chosen); err != nil {
			return err
		}
		return u.into.Rename(chosen, readyDir)
	}
	return &EntryError{u.tops[found[1]] + "/" + packagesDir, fmt.Sprintf("is a second repository beside the one in %q", u.tops[found[0]])}
}

// symlinks makes the symlinks of the chosen repository, and then sees that none
// leads out of it or to nothing.
func (u *unpacker) symlinks(chosen string) error {
	root, err := u.into.OpenRoot(chosen)
	if err != nil {
		return err
	}
	defer root.Close()
	links := slices.DeleteFunc(u.links, func(l link) bool { return !strings.HasPrefix(l.name, chosen+"/") })
	for _, l := range links {
		name := strings.TrimPrefix(l.name, chosen+"/")
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return &EntryError{l.entry, "lies in what is no folder"}
		}
		if err := root.Symlink(l.target, name); err != nil {
			return entryError(l.entry, err)
		}
	}
	for _, l := range links {
		if _, err := root.Stat(strings.TrimPrefix(l.name, chosen+"/")); err != nil {
			return &EntryError{l.entry, fmt.Sprintf("is a symlink to %q, which is no part of the repository", l.target)}
		}
	}
	return nil
}
