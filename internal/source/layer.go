package source

import (
	"fmt"
	"io"
	"os"

	"github.com/ofarm/ofarm/internal/oci"
)

// File is a file that is laid over a source, as opam's extra-files and
// extra-source are.
type File struct {
	// Name is its path in the tree.
	Name string
	// Path is the file on disk.
	Path string
}

// Layer writes the source as an uncompressed tar: the archive's tree with the
// extra files over it, in their order. The bytes depend on the content alone.
// Both may be missing; the tar is then empty.
func Layer(w io.Writer, archive Archive, extra []File) error {
	tree, err := Open(archive)
	if err != nil {
		return err
	}
	defer tree.Close()
	entries, err := overlay(tree.Entries, extra)
	if err != nil {
		return err
	}
	if err := oci.WriteTree(w, entries); err != nil {
		return fmt.Errorf("packing source %s: %w", archive.Name, err)
	}
	return nil
}

// overlay puts files over a tree.
func overlay(entries []oci.Entry, extra []File) ([]oci.Entry, error) {
	byPath := map[string]oci.Entry{}
	for _, e := range entries {
		byPath[e.Path] = e
	}
	for _, f := range extra {
		e, err := f.entry()
		if err != nil {
			return nil, fmt.Errorf("adding %q to a source: %w", f.Name, err)
		}
		if byPath[e.Path].Type == oci.Dir {
			return nil, fmt.Errorf("adding %q to a source: there is a folder of that name", f.Name)
		}
		byPath[e.Path] = e
	}
	return sorted(byPath), nil
}

// entry makes a tree's entry of the file.
func (f File) entry() (oci.Entry, error) {
	name, err := cleanName(f.Name)
	if err != nil {
		return oci.Entry{}, err
	}
	info, err := os.Stat(f.Path)
	if err != nil {
		return oci.Entry{}, err
	}
	if !info.Mode().IsRegular() {
		return oci.Entry{}, fmt.Errorf("%q is not a file", f.Path)
	}
	open := func() (io.ReadCloser, error) { return os.Open(f.Path) }
	return content{size: info.Size(), open: open}.entry(name), nil
}
