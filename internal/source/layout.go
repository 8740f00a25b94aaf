package source

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/oci"
)

// content is a file's bytes.
type content struct {
	size int64
	open func() (io.ReadCloser, error)
}

// section is a part of a file that stays open.
func section(r io.ReaderAt, at, size int64) content {
	return content{size: size, open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(r, at, size)), nil
	}}
}

// entry makes an ordinary file of the content.
func (c content) entry(name string) oci.Entry {
	return oci.Entry{Path: name, Type: oci.File, Mode: 0o644, Size: c.size, Open: c.open}
}

// member is one entry of an archive as it was read.
type member struct {
	name    string
	kind    oci.Type // zero for what is no entry at all
	exec    bool
	link    string
	content content
}

// arrange makes a tree of an archive's members: a later member takes the place
// of an earlier one, hard links become copies, and a single folder at the top
// is taken off.
func arrange(members []member) ([]oci.Entry, error) {
	byPath := map[string]oci.Entry{}
	for _, m := range members {
		name, err := cleanName(m.name)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", m.name, err)
		}
		if m.kind == 0 || name == "." || name == "pax_global_header" {
			continue
		}
		if byPath[name], err = m.entry(name, byPath); err != nil {
			return nil, fmt.Errorf("%q: %w", m.name, err)
		}
	}
	return sorted(strip(byPath)), nil
}

// entry makes a tree's entry of the member.
func (m member) entry(name string, byPath map[string]oci.Entry) (oci.Entry, error) {
	e := m.content.entry(name)
	e.Type = m.kind
	switch m.kind {
	case oci.Dir:
		e.Mode = 0o755
	case oci.Symlink:
		e.Linkname = m.link
	case oci.Hardlink:
		link, err := cleanName(m.link)
		if err != nil {
			return e, fmt.Errorf("hard link to %q: %w", m.link, err)
		}
		target, ok := byPath[link]
		if !ok || target.Type == oci.Dir {
			return e, fmt.Errorf("hard link to %q, which is no file before it", m.link)
		}
		e, e.Path = target, name
	case oci.File:
		if m.exec {
			e.Mode = 0o755
		}
	}
	return e, nil
}

// cleanName returns a member's path, and an error for one that leaves the tree.
func cleanName(name string) (string, error) {
	if path.IsAbs(name) {
		return "", errors.New("the path is absolute")
	}
	if slices.Contains(strings.Split(name, "/"), "..") {
		return "", errors.New("the path has a .. and may leave the tree")
	}
	return path.Clean(name), nil
}

// strip takes the folder off in which everything lies, if there is one.
func strip(byPath map[string]oci.Entry) map[string]oci.Entry {
	top := ""
	for name, e := range byPath {
		first, _, below := strings.Cut(name, "/")
		if top == "" {
			top = first
		}
		if first != top || !below && e.Type != oci.Dir {
			return byPath
		}
	}
	out := make(map[string]oci.Entry, len(byPath))
	for name, e := range byPath {
		if name != top {
			e.Path = strings.TrimPrefix(name, top+"/")
			out[e.Path] = e
		}
	}
	return out
}

// sorted returns the entries in the order of their paths.
func sorted(byPath map[string]oci.Entry) []oci.Entry {
	var entries []oci.Entry
	for _, e := range byPath {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b oci.Entry) int { return strings.Compare(a.Path, b.Path) })
	return entries
}
