package input

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// partialDir is the folder below a store in which files are written before
// they get their final names.
const partialDir = "partial"

// Store is a folder of inputs, each named by its sha256. Its methods may be
// called by several goroutines and several processes at once.
type Store struct {
	dir string
}

// Open returns the store in the folder dir, which is made if there is none.
func Open(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of inputs %q: %w", dir, err)
	}
	for _, sub := range []string{string(SHA256), partialDir} {
		if err := os.MkdirAll(filepath.Join(abs, sub), 0o755); err != nil {
			return nil, fmt.Errorf("opening the folder of inputs %q: %w", dir, spaceError(abs, 0, err))
		}
	}
	return &Store{dir: abs}, nil
}

// Dir returns the store's folder, an absolute path. The folder is a by-hash
// mirror in opam's cache layout.
func (s *Store) Dir() string { return s.dir }

// Path returns where the input is, or would be.
func (s *Store) Path(d Digest) string { return s.sumPath(d.Checksum()) }

// sumPath returns the path under one of the kinds.
func (s *Store) sumPath(c Checksum) string {
	return filepath.Join(s.dir, filepath.FromSlash(c.path()))
}

// Has reports whether the store holds the input.
func (s *Store) Has(d Digest) bool {
	_, ok := s.Size(d)
	return ok
}

// Size returns the input's size in bytes, and whether the store holds it.
func (s *Store) Size(d Digest) (int64, bool) {
	info, err := os.Stat(s.Path(d))
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	return info.Size(), true
}

// OpenFile opens the input for reading. An input that the store doesn't hold
// is an error that wraps [fs.ErrNotExist].
func (s *Store) OpenFile(d Digest) (*os.File, error) {
	f, err := os.Open(s.Path(d))
	if err != nil {
		return nil, fmt.Errorf("opening input %s: %w", d, err)
	}
	return f, nil
}

// ReadFile returns the input's bytes.
func (s *Store) ReadFile(d Digest) ([]byte, error) {
	b, err := os.ReadFile(s.Path(d))
	if err != nil {
		return nil, fmt.Errorf("reading input %s: %w", d, err)
	}
	return b, nil
}

// Find returns the input that was stored under one of the checksums. An md5
// counts only where there is nothing stronger.
func (s *Store) Find(sums ...Checksum) (Digest, bool) {
	sorted := sortChecksums(sums)
	for _, c := range sorted {
		if c.Kind == MD5 && sorted[0].Kind != MD5 {
			break
		}
		if d, ok := s.lookup(c); ok {
			return d, true
		}
	}
	return Digest{}, false
}

// lookup follows the link of one checksum.
func (s *Store) lookup(c Checksum) (Digest, bool) {
	name := c.Hex
	if c.Kind != SHA256 {
		target, err := os.Readlink(s.sumPath(c))
		if err != nil {
			return Digest{}, false
		}
		name = filepath.Base(target)
	}
	d, err := ParseDigest(digestPrefix + name)
	return d, err == nil && s.Has(d)
}

// Put stores what r gives under the digest want and returns its size in bytes.
// Other bytes are a [*ChecksumError], a full disk is a [*NoSpaceError]; the
// store is then as it was.
func (s *Store) Put(r io.Reader, want Digest) (int64, error) {
	_, n, err := s.PutUnknown(r, want.Checksum())
	return n, err
}

// PutUnknown stores what r gives, if it has all the given checksums, and
// returns its digest and its size in bytes. The errors are those of
// [Store.Put].
func (s *Store) PutUnknown(r io.Reader, sums ...Checksum) (Digest, int64, error) {
	p, err := s.newPartial(sums)
	if err != nil {
		return Digest{}, 0, fmt.Errorf("storing an input: %w", err)
	}
	defer p.discard()
	if _, err := io.Copy(p, r); err != nil {
		return Digest{}, 0, fmt.Errorf("storing an input: %w", spaceError(s.dir, p.size(), err))
	}
	if err := p.sums.check(0); err != nil {
		return Digest{}, 0, fmt.Errorf("storing an input: %w", &ChecksumError{Failure{
			Tried: []Try{{Place: "the bytes given", Answer: err}}}})
	}
	d, err := p.commit()
	if err != nil {
		return Digest{}, 0, fmt.Errorf("storing an input: %w", spaceError(s.dir, p.sums.size, err))
	}
	return d, p.sums.size, nil
}

// Verify reads the input and compares it with its name. Damage is a
// [*ChecksumError]; the file is left where it is.
func (s *Store) Verify(d Digest) error {
	f, err := s.OpenFile(d)
	if err != nil {
		return err
	}
	defer f.Close()
	v := newVerifier([]Checksum{d.Checksum()})
	if _, err := io.Copy(v, f); err != nil {
		return fmt.Errorf("verifying input %s: %w", d, err)
	}
	if err := v.check(0); err != nil {
		return &ChecksumError{Failure{Sum: d, Tried: []Try{{Place: f.Name(), Answer: err}}}}
	}
	return nil
}

// Remove takes the input out of the store, if it is there.
func (s *Store) Remove(d Digest) error {
	err := os.Remove(s.Path(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// RemovePartial removes interrupted transfers that nobody has written to since
// before.
func (s *Store) RemovePartial(before time.Time) error {
	dir := filepath.Join(s.dir, partialDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("cleaning the cache folder: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cleaning the cache folder: %w", err)
		}
	}
	return nil
}

// link makes the input findable by its other checksums. A link that can't be
// made costs a download some day, nothing else, so it is no error.
func (s *Store) link(d Digest, sums []Checksum) {
	for _, c := range sums {
		if _, ok := s.lookup(c); ok || c.Kind == SHA256 {
			continue
		}
		path := s.sumPath(c)
		if os.MkdirAll(filepath.Dir(path), 0o755) != nil {
			continue
		}
		os.Remove(path)
		_ = os.Symlink(filepath.Join("..", "..", filepath.FromSlash(d.Checksum().path())), path)
	}
}

// spaceError makes a *NoSpaceError of an error that says so, for a file of
// size bytes (0: unknown) below dir.
func spaceError(dir string, size int64, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &NoSpaceError{Dir: dir, Need: size, Err: err}
	}
	return err
}
