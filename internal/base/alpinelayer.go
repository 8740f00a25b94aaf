package base

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// An alpineLayer writes the part of a tree that is in its plan.
type alpineLayer struct {
	tw      *tar.Writer
	tree    *alpineTree
	epoch   time.Time
	written map[string]bool // the paths that belong into the layer
}

// plan finds what to write: everything, or what the tree below does not have or has differently.
func (l *alpineLayer) plan(below *alpineTree) {
	if below == nil {
		below = &alpineTree{}
	}
	l.written = map[string]bool{}
	for name, d := range l.tree.folders {
		if old, ok := below.folders[name]; !ok || old != d {
			l.add(name)
		}
	}
	for name, f := range l.tree.files {
		if below.files[name] != f {
			l.add(name)
		}
	}
	for name, m := range l.tree.made {
		if old, ok := below.made[name]; !ok || old != m {
			l.add(name)
		}
	}
	l.addLinked()
}

// add puts a path and the folders above it into the plan.
func (l *alpineLayer) add(name string) {
	for ; name != "." && !l.written[name]; name = path.Dir(name) {
		l.written[name] = true
	}
}

// addLinked puts a file into the plan when a hard link to it is there.
func (l *alpineLayer) addLinked() {
	for _, p := range l.tree.packages {
		for _, f := range p.files {
			if f.link != "" && l.written[f.path] {
				l.add(f.link)
			}
		}
	}
}

func (l *alpineLayer) writeFolders() error {
	for _, name := range slices.Sorted(maps.Keys(l.tree.folders)) {
		if !l.written[name] {
			continue
		}
		d := l.tree.folders[name]
		h := &tar.Header{
			Typeflag: tar.TypeDir, Name: name + "/", Mode: d.mode, Uid: d.uid, Gid: d.gid, ModTime: l.epoch,
		}
		if err := l.tw.WriteHeader(h); err != nil {
			return fmt.Errorf("writing folder %s: %w", name, err)
		}
	}
	return nil
}

// writePackage copies a package's files that are in the plan.
func (l *alpineLayer) writePackage(p *alpinePackage) error {
	wanted := func(f *alpineFile) bool { return l.written[f.path] && l.tree.files[f.path] == f }
	if !slices.ContainsFunc(p.files, wanted) {
		return nil
	}
	r, data, err := openAlpine(p.input)
	if err != nil {
		return err
	}
	defer r.Close()
	for i := 0; ; {
		h, err := data.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if i >= len(p.files) || p.files[i].path != h.Name {
			return fmt.Errorf("%s: the package file changed while it was read", h.Name)
		}
		if f := p.files[i]; wanted(f) {
			if err := l.writeFile(f, h, data); err != nil {
				return fmt.Errorf("%s: %w", h.Name, err)
			}
		}
		i++
	}
}

// writeFile copies one file.
func (l *alpineLayer) writeFile(f *alpineFile, h *tar.Header, content io.Reader) error {
	out := &tar.Header{
		Typeflag: h.Typeflag, Name: f.path, Linkname: h.Linkname, Size: h.Size, Mode: f.mode, Uid: f.uid, Gid: f.gid,
		ModTime: clamp(h.ModTime, l.epoch), Devmajor: h.Devmajor, Devminor: h.Devminor, PAXRecords: xattrs(h),
	}
	if f.link != "" {
		if target := l.tree.files[f.link]; target == nil || target.owner != f.owner {
			return fmt.Errorf("hard link to %s, which another package replaces", f.link)
		}
		out.Linkname = f.link
	}
	if err := l.tw.WriteHeader(out); err != nil {
		return err
	}
	_, err := io.Copy(l.tw, content)
	return err
}

// xattrs are the extended attributes of an entry, capabilities among them, without apk's own records.
func xattrs(h *tar.Header) map[string]string {
	var out map[string]string
	for k, v := range h.PAXRecords {
		if strings.HasPrefix(k, "SCHILY.xattr.") {
			if out == nil {
				out = map[string]string{}
			}
			out[k] = v
		}
	}
	return out
}

// writeMade writes what no package owns.
func (l *alpineLayer) writeMade() error {
	for _, name := range slices.Sorted(maps.Keys(l.tree.made)) {
		if !l.written[name] {
			continue
		}
		m := l.tree.made[name]
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: name, Size: int64(len(m.body)), Mode: m.mode, ModTime: l.epoch,
		}
		if m.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, m.link
		}
		if err := l.tw.WriteHeader(h); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		if _, err := io.WriteString(l.tw, m.body); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}
