package verify

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Pick writes the regular files of a tar stream that paths name (as [Entry.Path]
// does) below dir, which must exist, with mode 0600 and folders with 0700. It
// reads the stream to its end. A path that the stream doesn't have as a file is an
// error, as is a hard link to a file that isn't among paths (see [Tree.Holders]).
// Nothing is written outside of dir, and no file that is there is written over.
func Pick(r io.Reader, dir string, paths []string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	p := picker{root: root, left: map[string]bool{}, done: map[string]bool{}}
	for _, name := range paths {
		p.left[name] = true
	}
	if err := eachEntry(r, p.add); err != nil {
		return err
	}
	return p.missing()
}

type picker struct {
	root       *os.Root
	left, done map[string]bool
}

func (p *picker) add(name string, h *tar.Header, r io.Reader) error {
	if !p.left[name] {
		return nil
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		if err := p.write(name, r); err != nil {
			return err
		}
	case tar.TypeLink:
		if err := p.link(name, h.Linkname); err != nil {
			return err
		}
	default:
		return nil // missing names it
	}
	delete(p.left, name)
	p.done[name] = true
	return nil
}

func (p *picker) write(name string, r io.Reader) (err error) {
	f, err := p.create(name)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			_ = p.root.Remove(name)
		}
	}()
	_, err = io.Copy(f, r)
	return err
}

func (p *picker) create(name string) (*os.File, error) {
	if err := p.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return nil, err
	}
	return p.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// link copies, so that each picked file can be changed or removed by itself.
func (p *picker) link(name, linkname string) error {
	to, err := clean(linkname)
	if err != nil {
		return err
	}
	if !p.done[to] {
		return fmt.Errorf("hard link to %q, which is not among the files to pick before it", linkname)
	}
	f, err := p.root.Open(to)
	if err != nil {
		return err
	}
	defer f.Close()
	return p.write(name, f)
}

func (p *picker) missing() error {
	var names []string
	for name := range p.left {
		names = append(names, fmt.Sprintf("%q", name))
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return fmt.Errorf("picking from a tar stream: no file %s: %w", strings.Join(names, ", "), fs.ErrNotExist)
}
