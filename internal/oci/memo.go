package oci

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"
)

// Remember notes that the image of this manifest is what key describes. A key
// is any text without a line break at its end; it should name everything that
// the image is made of, and the version of the code that makes it.
func (l *Layout) Remember(key string, manifest digest.Digest) error {
	if err := manifest.Validate(); err != nil {
		return fmt.Errorf("remembering image %q: %w", manifest, err)
	}
	if err := l.shared(func() error { return l.writeRef(key, manifest) }); err != nil {
		return fmt.Errorf("remembering image %s: %w", manifest, err)
	}
	return nil
}

// Lookup returns the manifest that was remembered for the key, if the image is
// still whole: its manifest is undamaged, and all other blobs are there with
// their sizes. A look counts as use, for [Layout.Prune].
func (l *Layout) Lookup(key string) (manifest digest.Digest, ok bool) {
	err := l.shared(func() error {
		gotKey, d, err := readRef(l.refPath(key))
		if err != nil || gotKey != key || !l.whole(d) {
			return err
		}
		manifest, ok = d, true
		return l.writeRef(key, d)
	})
	return manifest, ok && err == nil
}

// refPath is the file of a key.
func (l *Layout) refPath(key string) string {
	return filepath.Join(l.dir, refsDir, digest.FromString(key).Encoded())
}

// writeRef writes a key's file: the digest on the first line, then the key, for
// people.
func (l *Layout) writeRef(key string, manifest digest.Digest) error {
	return l.writeFile(l.refPath(key), []byte(string(manifest)+"\n"+key+"\n"))
}

// readRef reads a key's file.
func readRef(path string) (key string, manifest digest.Digest, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	first, rest, _ := strings.Cut(string(b), "\n")
	manifest, err = digest.Parse(first)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", path, err)
	}
	return strings.TrimSuffix(rest, "\n"), manifest, nil
}

// whole reports whether all blobs of an image are there.
func (l *Layout) whole(manifest digest.Digest) bool {
	blobs, err := l.blobs(manifest)
	if err != nil {
		return false
	}
	for _, b := range blobs {
		info, err := os.Stat(l.BlobPath(b.Digest))
		if err != nil || !info.Mode().IsRegular() || info.Size() != b.Size {
			return false
		}
	}
	return true
}

// Prune forgets the images that keep doesn't want and that nobody has looked up
// since before, and removes the files that then belong to no remembered image
// and are older than before. It returns how many bytes that freed. Choose
// before so long ago that no build which began then still runs.
func (l *Layout) Prune(keep func(key string, manifest digest.Digest) bool, before time.Time) (freed int64, err error) {
	lock := flock.New(filepath.Join(l.dir, lockName))
	if err := lock.Lock(); err != nil {
		return 0, fmt.Errorf("pruning image layout: %w", err)
	}
	defer lock.Close()
	wanted, err := l.forget(keep, before)
	if err != nil {
		return 0, fmt.Errorf("pruning image layout: %w", err)
	}
	blobs := filepath.Dir(l.BlobPath(digest.Canonical.FromString("")))
	for _, dir := range []string{blobs, filepath.Join(l.dir, tmpDir)} {
		n, err := removeOld(dir, before, func(name string) bool { return wanted[name] })
		freed += n
		if err != nil {
			return freed, fmt.Errorf("pruning image layout: %w", err)
		}
	}
	return freed, nil
}

// forget removes the refs that aren't kept and returns the file names of the
// blobs that the others need.
func (l *Layout) forget(keep func(string, digest.Digest) bool, before time.Time) (map[string]bool, error) {
	wanted := map[string]bool{}
	_, err := removeOld(filepath.Join(l.dir, refsDir), before, func(name string) bool {
		key, manifest, err := readRef(filepath.Join(l.dir, refsDir, name))
		return err == nil && keep(key, manifest)
	})
	if err != nil {
		return nil, err
	}
	refs, err := os.ReadDir(filepath.Join(l.dir, refsDir))
	for _, ref := range refs {
		_, manifest, err := readRef(filepath.Join(l.dir, refsDir, ref.Name()))
		if err != nil {
			continue
		}
		wanted[manifest.Encoded()] = true
		blobs, _ := l.blobs(manifest)
		for _, b := range blobs {
			wanted[b.Digest.Encoded()] = true
		}
	}
	return wanted, err
}

// removeOld removes the files of a folder that are older than before, but for
// those that keep wants, and returns how many bytes that freed.
func removeOld(dir string, before time.Time, keep func(name string) bool) (freed int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return freed, err
		}
		if !info.ModTime().Before(before) || keep(e.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return freed, err
		}
		freed += info.Size()
	}
	return freed, nil
}
