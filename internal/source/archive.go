package source

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/ofarm/ofarm/internal/oci"
)

// Archive is what an opam file's url names.
type Archive struct {
	// Path is the file on disk, under any name. Empty means no archive at all.
	Path string
	// Name is the last part of its URL's path: the name that a file which is no
	// archive gets in the tree. It is used in messages, too.
	Name string
	// TempDir is where a packed tar is unpacked; empty means [os.TempDir].
	TempDir string
}

// Tree is an unpacked archive. Its entries can be read until Close.
type Tree struct {
	// Entries are the files, folders and links, sorted by path. Folders that
	// the archive doesn't name are missing here, too.
	Entries []oci.Entry

	closers []io.Closer
}

// Close lets go of the files behind the entries.
func (t *Tree) Close() error {
	var errs []error
	for _, c := range t.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// keep remembers what Close has to close.
func (t *Tree) keep(c io.Closer) { t.closers = append(t.closers, c) }

// Open unpacks an archive. A damaged archive, and one with entries that no
// source needs, is an error that names the archive and the entry.
func Open(a Archive) (*Tree, error) {
	t := &Tree{}
	if a.Path == "" {
		return t, nil
	}
	if err := t.open(a); err != nil {
		t.Close()
		return nil, fmt.Errorf("unpacking %s: %w", a.Name, err)
	}
	return t, nil
}

// open reads the archive's entries.
func (t *Tree) open(a Archive) error {
	f, err := os.Open(a.Path)
	if err != nil {
		return err
	}
	t.keep(f)
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%q is a folder", a.Path)
	}
	members, err := t.members(f, info.Size(), a.TempDir)
	if errors.Is(err, errNoArchive) {
		t.Entries = []oci.Entry{section(f, 0, info.Size()).entry(a.Name)}
		return nil
	}
	if err == nil {
		t.Entries, err = arrange(members)
	}
	return err
}

// errNoArchive says that a file's first bytes are those of no archive.
var errNoArchive = errors.New("not an archive")

// members reads what an archive holds, in its order.
func (t *Tree) members(f *os.File, size int64, tempDir string) ([]member, error) {
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	head = head[:n]
	unpack := unpacker(head)
	switch {
	case isZip(head):
		return zipMembers(f, size)
	case unpack != nil:
		return t.packedMembers(f, unpack, tempDir)
	case isTar(head):
		return tarMembers(f)
	}
	return nil, errNoArchive
}

// isZip reports whether a zip file begins so, be it an empty one.
func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// isTar reports whether the block is the header of a tar's first member. Its
// checksum says so, also in tars from before the magic word: the sum of its
// bytes, with blanks for the checksum itself (POSIX, pax, "ustar Interchange
// Format").
func isTar(block []byte) bool {
	if len(block) < 512 {
		return false
	}
	const from, to = 148, 156
	sum := int64((to - from) * ' ')
	for i, c := range block {
		if i < from || i >= to {
			sum += int64(c)
		}
	}
	digits := strings.Trim(string(block[from:to]), " \x00")
	want, err := strconv.ParseInt(digits, 8, 64)
	return err == nil && want == sum
}

// unpacker returns how a packed file that begins so is read, or nil.
func unpacker(head []byte) func(io.Reader) (io.Reader, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case bytes.HasPrefix(head, []byte("BZh")):
		return func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) }
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return func(r io.Reader) (io.Reader, error) {
			return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		}
	}
	return nil
}

// packedMembers unpacks a tar into a temporary file and reads that.
func (t *Tree) packedMembers(f *os.File, unpack func(io.Reader) (io.Reader, error), tempDir string) ([]member, error) {
	temp, err := os.CreateTemp(tempDir, "ofarm-source-")
	if err != nil {
		return nil, err
	}
	t.keep(temp)
	if err := os.Remove(temp.Name()); err != nil {
		return nil, err
	}
	r, err := unpack(bufio.NewReaderSize(f, 64<<10))
	if err != nil {
		return nil, err
	}
	if d, ok := r.(*zstd.Decoder); ok {
		defer d.Close()
	}
	// What follows a gzip file, such as zeros that fill a tape's block, gzip
	// ignores.
	if n, err := io.Copy(temp, r); err != nil && (n == 0 || !errors.Is(err, gzip.ErrHeader)) {
		return nil, err
	}
	head := make([]byte, 512)
	if n, _ := temp.ReadAt(head, 0); !isTar(head[:n]) {
		return nil, errors.New("what is packed in it is not a tar, or an empty one")
	}
	_, err = temp.Seek(0, io.SeekStart)
	if err != nil {
		return nil, err
	}
	return tarMembers(temp)
}

// tarMembers reads the headers of a tar.
func tarMembers(f *os.File) ([]member, error) {
	var members []member
	tr := tar.NewReader(f)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return members, nil
		}
		if err != nil {
			return nil, err
		}
		m, err := tarMember(f, h)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", h.Name, err)
		}
		members = append(members, m)
	}
}

// tarMember makes a member of a header. The file stands at its content.
func tarMember(f *os.File, h *tar.Header) (member, error) {
	m := member{name: h.Name, exec: h.Mode&0o111 != 0, link: h.Linkname}
	switch h.Typeflag {
	case tar.TypeReg:
		at, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return m, err
		}
		if isSparse(h) {
			return m, errors.New("a sparse file")
		}
		m.kind, m.content = oci.File, section(f, at, h.Size)
	case tar.TypeDir:
		m.kind = oci.Dir
	case tar.TypeSymlink:
		m.kind = oci.Symlink
	case tar.TypeLink:
		m.kind = oci.Hardlink
	case tar.TypeXGlobalHeader:
		m.kind = 0
	default:
		return m, fmt.Errorf("it is neither a file nor a folder nor a link, but of tar's type %q", h.Typeflag)
	}
	return m, nil
}

// isSparse reports whether a file's content in the tar isn't the file's content.
func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// zipMembers reads the list of a zip file's contents.
func zipMembers(f *os.File, size int64) ([]member, error) {
	zr, err := zip.NewReader(f, size)
	if err != nil {
		return nil, err
	}
	var members []member
	for _, file := range zr.File {
		m, err := zipMember(file)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", file.Name, err)
		}
		members = append(members, m)
	}
	return members, nil
}

// zipMember makes a member of a zip file's entry.
func zipMember(file *zip.File) (member, error) {
	mode := file.Mode()
	m := member{name: file.Name, exec: mode&0o111 != 0}
	switch {
	case mode.IsDir():
		m.kind = oci.Dir
	case mode&os.ModeSymlink != 0:
		m.kind = oci.Symlink
		link, err := readAll(file)
		m.link = link
		return m, err
	case mode.IsRegular():
		m.kind = oci.File
		m.content = content{size: int64(file.UncompressedSize64), open: file.Open}
	default:
		return m, fmt.Errorf("it is neither a file nor a folder nor a link, but %s", mode.Type())
	}
	return m, nil
}

// readAll reads a symlink's target.
func readAll(file *zip.File) (string, error) {
	r, err := file.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, 4096))
	return string(b), err
}
