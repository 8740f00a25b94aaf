package testworld

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/ofarm/ofarm/internal/aptsources"
	"github.com/ofarm/ofarm/internal/input"
)

// DebianMirrors returns the base URLs of Debian's main archive that this
// machine's apt uses. A machine without any is an error.
func DebianMirrors() ([]string, error) {
	mirrors, err := aptsources.Mirrors(os.DirFS("/etc/apt"))
	if bases := mirrors[aptsources.Main]; len(bases) > 0 {
		return bases, nil
	}
	return nil, errors.Join(errors.New("no mirror of Debian in /etc/apt/sources.list or /etc/apt/sources.list.d"), err)
}

// Fill says what [FillMirror] lays into a by-hash mirror.
type Fill struct {
	// Dir is the mirror's folder; it is made if there is none.
	Dir string
	// Table is a file of tab-separated columns, named by its first line, of
	// which package, sha256, size (bytes) and "pool path" (relative to a
	// Debian mirror) count.
	Table string
	// Packages limits the table to these packages ("lwt.5.6.1"); empty is all.
	Packages []string
	// Extra is a folder of further files, each named by its sha256 in
	// hexadecimal digits; empty is none.
	Extra string
	// Debian is the base URLs of Debian's main archive.
	Debian []string
	// Progress is told what is fetched; it may be nil.
	Progress func(input.Event)
}

// FillMirror fills a by-hash mirror in the layout of opam's download cache:
// sha256/ab/abcd…, with links under md5/ and sha512/, since opam files name
// sources by any of the three. What is there already is left alone. One file
// that can't be had doesn't keep the others out: the error tells all of them.
func FillMirror(ctx context.Context, f Fill) error {
	t, err := readTableFile(f.Table)
	if err != nil {
		return fmt.Errorf("filling %s: %w", f.Dir, err)
	}
	files, err := t.poolFiles()
	if err != nil {
		return fmt.Errorf("filling %s: %w", f.Dir, err)
	}
	if len(f.Packages) > 0 {
		files = slices.DeleteFunc(files, func(p poolFile) bool { return !slices.Contains(f.Packages, p.name) })
	}
	store, err := input.Open(f.Dir)
	if err != nil {
		return err
	}
	pool := pool{store: store, debian: f.Debian, progress: f.Progress}
	fetching := pool.fetch(ctx, files)
	for _, p := range files {
		if store.Has(p.sum) {
			fetching = errors.Join(fetching, linkSums(store, p.sum))
		}
	}
	return errors.Join(fetching, addFolder(store, f.Extra))
}

// pool fetches files of Debian's archive into a store.
type pool struct {
	store    *input.Store
	debian   []string
	progress func(input.Event)
}

func (p pool) fetcher() input.Fetcher {
	return input.Fetcher{
		Store:    p.store,
		Mirrors:  input.Mirrors{Archives: map[string][]string{aptsources.Main: p.debian}},
		Parallel: 4,
		Proxy:    http.ProxyFromEnvironment,
		Progress: p.progress,
	}
}

func (p pool) fetch(ctx context.Context, files []poolFile) error {
	requests := make([]input.Request, len(files))
	for i, f := range files {
		requests[i] = input.Request{Name: f.name, Sum: f.sum, Size: f.size, Archive: aptsources.Main, Path: f.path}
	}
	_, err := p.fetcher().Fetch(ctx, requests)
	return err
}

// linkSums makes a stored file findable by its md5 and sha512.
func linkSums(store *input.Store, d input.Digest) error {
	content, err := store.ReadFile(d)
	if err != nil {
		return err
	}
	return putLinked(store, content)
}

// putLinked stores bytes under their sha256 with links from md5 and sha512.
func putLinked(store *input.Store, content []byte) error {
	short, long := md5.Sum(content), sha512.Sum512(content)
	sums := []input.Checksum{
		{Kind: input.MD5, Hex: hex.EncodeToString(short[:])},
		{Kind: input.SHA512, Hex: hex.EncodeToString(long[:])},
	}
	if _, found := store.Find(sums[0]); found {
		if _, found := store.Find(sums[1]); found {
			return nil
		}
	}
	_, _, err := store.PutUnknown(bytes.NewReader(content), append(sums, input.SumBytes(content).Checksum())...)
	return err
}

// addFolder stores files that are named by their sha256.
func addFolder(store *input.Store, dir string) error {
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("filling the mirror: %w", err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return fmt.Errorf("filling the mirror: %w", err)
		}
		if got := input.SumBytes(content); got.Hex() != e.Name() {
			return fmt.Errorf("filling the mirror: %s has the sha256 %s, not its name's", filepath.Join(dir, e.Name()), got.Hex())
		}
		if err := putLinked(store, content); err != nil {
			return err
		}
	}
	return nil
}
