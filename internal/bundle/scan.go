package bundle

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// scanner goes through the tar, entry by entry, and compares it with what it
// has to be.
type scanner struct {
	path  string
	file  io.ReaderAt
	size  int64           // of the file
	at    int64           // where the next entry begins
	later map[string]bool // names of entries that are still to come, as far as is known
	// listed tells that the manifest was read, and all names are known.
	listed bool
}

// begins refuses what doesn't begin like a bundle: neither with its first name nor,
// where a tar has it, with the word for a tar. A damaged bundle still has one.
func (s *scanner) begins() error {
	const magic, at = "ustar", 257
	first := make([]byte, min(blockSize, s.size))
	if _, err := s.file.ReadAt(first, 0); err != nil && err != io.EOF {
		return err
	}
	name := first[:min(len(first), len(ocispec.ImageLayoutFile))]
	switch {
	case len(first) == 0:
		return errors.New("it is empty")
	case bytes.HasPrefix([]byte(ocispec.ImageLayoutFile), name):
		return nil
	case len(first) > at && bytes.HasPrefix(first[at:], []byte(magic)):
		return nil
	}
	return errors.New("it doesn't begin like one")
}

// damaged is the error of an entry.
func (s *scanner) damaged(e entry, err error) error {
	return &DamagedError{Path: s.path, Entry: e.label(), Err: err}
}

// read reads n bytes of an entry from an offset on.
func (s *scanner) read(e entry, at, n int64) ([]byte, error) {
	if at+n > s.size {
		return nil, s.damaged(e, errors.New("the file ends before it does"))
	}
	b := make([]byte, n)
	if _, err := s.file.ReadAt(b, at); err != nil && n > 0 {
		return nil, s.damaged(e, err)
	}
	return b, nil
}

// skip goes over an entry: its header, its content unread, and its padding.
func (s *scanner) skip(e entry) error {
	want, err := e.header()
	if err != nil {
		return s.damaged(e, err)
	}
	if s.at >= s.size {
		return s.damaged(e, errors.New("the file ends before it"))
	}
	got, err := s.read(e, s.at, blockSize)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return s.diagnose(e)
	}
	padding, err := s.read(e, s.at+blockSize+e.size, e.padding())
	if err != nil {
		return err
	}
	if !isZero(padding) {
		return s.damaged(e, errors.New("there is something behind it"))
	}
	delete(s.later, e.name)
	s.at += blockSize + e.size + e.padding()
	return nil
}

// content goes over a small entry and returns its content.
func (s *scanner) content(e entry) ([]byte, error) {
	at := s.at + blockSize
	if err := s.skip(e); err != nil {
		return nil, err
	}
	return s.read(e, at, e.size)
}

// same goes over an entry whose content is known.
func (s *scanner) same(e entry, want []byte) error {
	got, err := s.content(e)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return s.damaged(e, fmt.Errorf("got %q, want %q", got, want))
	}
	return nil
}

// index reads index.json, whose size only its header has.
func (s *scanner) index() (ocispec.Descriptor, error) {
	e := entry{name: ocispec.ImageIndexFile}
	if h, err := s.next(); err == nil && h.Name == e.name && h.Size <= mostIndex {
		e.size = h.Size
	}
	data, err := s.content(e)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	d, err := readIndex(data)
	if err != nil {
		return d, s.damaged(e, err)
	}
	return d, nil
}

// next reads the header of whatever comes next.
func (s *scanner) next() (*tar.Header, error) {
	h, err := tar.NewReader(io.NewSectionReader(s.file, s.at, s.size-s.at)).Next()
	if errors.Is(err, tar.ErrInsecurePath) {
		err = nil
	}
	return h, err
}

// diagnose says what is there in place of an entry.
func (s *scanner) diagnose(want entry) error {
	h, err := s.next()
	switch {
	case err == io.EOF:
		return s.damaged(want, errors.New("it is missing"))
	case err != nil:
		return s.damaged(want, fmt.Errorf("reading its header: %w", err))
	case h.Name == want.name:
		return s.damaged(want, fmt.Errorf("its header is not that of a file of %d bytes, as ofarm writes it", want.size))
	case s.later[h.Name], !s.listed && isBlob(h.Name):
		return s.damaged(want, fmt.Errorf("it is missing: %s is in its place", h.Name))
	}
	return s.extra(h)
}

// isBlob tells whether a name may be a blob's.
func isBlob(name string) bool {
	return path.Dir(name) == path.Join(ocispec.ImageBlobsDir, "sha256") && checkTitle(name) == nil
}

// extra is the error of an entry that has no business there.
func (s *scanner) extra(h *tar.Header) error {
	if !fs.ValidPath(h.Name) {
		return s.damaged(entry{name: fmt.Sprintf("%q", h.Name)}, errors.New("the path leads out of the bundle"))
	}
	name := h.Name
	if checkTitle(name) != nil {
		name = fmt.Sprintf("%q", name) // it isn't to be printed
	}
	return s.damaged(entry{name: name}, errors.New("it doesn't belong there"))
}

// end goes over the end of the tar.
func (s *scanner) end() error {
	e := entry{name: "the end of the file"}
	trailer, err := s.read(e, s.at, trailerSize)
	if err != nil {
		return err
	}
	if h, err := s.next(); err == nil {
		return s.extra(h)
	}
	s.at += trailerSize
	if isZero(trailer) && s.at == s.size {
		return nil
	}
	if h, err := s.next(); err == nil {
		return s.extra(h)
	}
	return s.damaged(e, errors.New("there is something more"))
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
