package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockPause is how long a process waits before it looks again whether another
// one has finished with a partial file.
const lockPause = 50 * time.Millisecond

// partial is a file on its way into the store. Its bytes are summed as they
// are written.
type partial struct {
	store *Store
	file  *os.File
	lock  *flock.Flock // nil for a file that nobody else can name
	sums  *verifier
	gone  bool // nothing is under the partial name any more, or another's file
}

// newPartial returns an empty partial file under a name of its own.
func (s *Store) newPartial(sums []Checksum) (*partial, error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, partialDir), "put-")
	if err != nil {
		return nil, spaceError(s.dir, 0, err)
	}
	return &partial{store: s, file: f, sums: newVerifier(sortChecksums(sums))}, nil
}

// openPartial returns the partial file of the input with these sums, with what
// an earlier transfer has left in it. It waits as long as another process has
// the file.
func (s *Store) openPartial(ctx context.Context, sums []Checksum) (*partial, error) {
	sums = sortChecksums(sums)
	path := filepath.Join(s.dir, partialDir, string(sums[0].Kind)+"-"+sums[0].Hex)
	for {
		f, lock, err := lockFile(ctx, path)
		if err != nil {
			return nil, spaceError(s.dir, 0, err)
		}
		if f == nil {
			continue
		}
		p := &partial{store: s, file: f, lock: lock, sums: newVerifier(sums)}
		if _, err := io.Copy(p.sums, f); err != nil {
			p.close()
			return nil, err
		}
		return p, nil
	}
}

// lockFile opens the file and locks it. It returns no file when the one that
// was locked had meanwhile been renamed by its former owner.
func lockFile(ctx context.Context, path string) (*os.File, *flock.Flock, error) {
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o644))
	if _, err := lock.TryLockContext(ctx, lockPause); err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil && sameFile(f, lock) {
		return f, lock, nil
	}
	if f != nil {
		f.Close()
	}
	lock.Close()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	return nil, nil, nil
}

// sameFile reports whether the lock is on the open file.
func sameFile(f *os.File, lock *flock.Flock) bool {
	a, errA := f.Stat()
	b, errB := lock.Stat()
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// Write appends.
func (p *partial) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.sums.Write(b[:n])
	return n, err
}

// size is the number of bytes so far.
func (p *partial) size() int64 { return p.sums.size }

// restart throws the bytes away.
func (p *partial) restart() error {
	p.sums.reset()
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	_, err := p.file.Seek(0, io.SeekStart)
	return err
}

// commit gives the file its final name. The caller has checked the sums.
func (p *partial) commit() (Digest, error) {
	d := p.sums.digest()
	final := p.store.Path(d)
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return Digest{}, err
	}
	if err := errors.Join(p.file.Chmod(0o444), p.file.Sync()); err != nil {
		return Digest{}, err
	}
	if err := os.Rename(p.file.Name(), final); err != nil {
		return Digest{}, err
	}
	p.gone = true
	if err := syncDir(filepath.Dir(final)); err != nil {
		return Digest{}, err
	}
	p.store.link(d, p.sums.wanted)
	return d, nil
}

// close lets go of the file and leaves it for a later transfer. One that is of
// no use to anybody is removed.
func (p *partial) close() {
	if p.size() == 0 || p.lock == nil {
		p.discard()
		return
	}
	p.release()
}

// discard removes the file, if it hasn't got its final name, and lets go of it.
func (p *partial) discard() {
	if !p.gone {
		os.Remove(p.file.Name())
		p.gone = true
	}
	p.release()
}

// release closes the file and then its lock.
func (p *partial) release() {
	p.file.Close()
	if p.lock != nil {
		p.lock.Close()
	}
}

// syncDir makes a rename in the folder last.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}
