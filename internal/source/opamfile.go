package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/oci"
)

// OpamFileNames are the places where a source may have the opam file of a
// package, in the order in which opam 2 looks there for that of a pinned one.
func OpamFileNames(pkg string) []string {
	own := pkg + ".opam"
	return []string{own + "/opam", own, "opam/" + own + "/opam", "opam/" + own, "opam/opam", "opam"}
}

// OpamFile finds and reads the opam file of a package. Where there is none, the
// error wraps [fs.ErrNotExist].
func (t *Tree) OpamFile(pkg string) (name string, data []byte, err error) {
	for _, name := range OpamFileNames(pkg) {
		data, err = t.ReadFile(name)
		if !errors.Is(err, fs.ErrNotExist) {
			return name, data, err
		}
	}
	return "", nil, err
}

// maxLinks is how many symlinks in a row are followed.
const maxLinks = 8

// ReadFile reads a file of the tree, also through symlinks in its own place.
// What is no file is an error that wraps [fs.ErrNotExist].
func (t *Tree) ReadFile(name string) ([]byte, error) {
	missing := &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	for range maxLinks {
		i := slices.IndexFunc(t.Entries, func(e oci.Entry) bool { return e.Path == name })
		switch {
		case i < 0:
			return nil, missing
		case t.Entries[i].Type == oci.Symlink:
			name = path.Join(path.Dir(name), t.Entries[i].Linkname)
		case t.Entries[i].Type == oci.File:
			return readEntry(t.Entries[i])
		default:
			return nil, missing
		}
	}
	return nil, missing
}

func readEntry(e oci.Entry) ([]byte, error) {
	r, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Open unpacks a source that is in the store; place is one of its URLs.
func (f Fetcher) Open(sum input.Digest, place string) (*Tree, error) {
	return Open(Archive{Path: f.Files.Store.Path(sum), Name: URLName(place), TempDir: f.TempDir})
}

// OpamFile reads the opam file of a locked package that has it in its source.
// It brings it into the store, and the source if it has to. An opam file that
// isn't the locked one is an [*input.ChecksumError].
func (f Fetcher) OpamFile(ctx context.Context, pkg lock.Package) ([]byte, error) {
	name := pkg.ID() + "/" + pkg.OpamPath
	want, err := input.ParseDigest("sha256:" + pkg.OpamFile.SHA256)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if data, err := f.Files.Store.ReadFile(want); err == nil {
		return data, nil
	}
	r, err := Request(pkg.ID(), *pkg.Source)
	if err != nil {
		return nil, err
	}
	if err := f.Fetch(ctx, []input.Request{r}); err != nil {
		return nil, err
	}
	data, err := f.readFile(r, pkg.OpamPath)
	if err != nil {
		return nil, fmt.Errorf("reading the opam file of %s: %w", pkg.ID(), err)
	}
	if got := input.SumBytes(data); got != want {
		return nil, &input.ChecksumError{Failure: input.Failure{
			Name: name, Sum: want, Tried: []input.Try{{Place: "its source", Answer: fmt.Errorf("the file there has %s", got)}},
		}}
	}
	_, err = f.Files.Store.Put(bytes.NewReader(data), want)
	return data, err
}

// readFile reads a file of a source that is in the store.
func (f Fetcher) readFile(r input.Request, name string) ([]byte, error) {
	t, err := f.Open(r.Sum, r.URLs[0])
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return t.ReadFile(name)
}

// URLName is the file name at the end of a URL's path.
func URLName(place string) string {
	u, err := url.Parse(place)
	if err != nil {
		return path.Base(place)
	}
	return path.Base(u.Path)
}
