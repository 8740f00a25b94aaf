package solve

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dereference replaces the symlinks below dir by what they name. A link that
// leads out of dir, nowhere, or into itself is an error, and so is a file that
// is neither a file nor a folder. All such are reported at once.
func dereference(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	links, err := findLinks(dir)
	if err != nil {
		return err
	}
	if len(links) == 0 {
		return nil
	}
	// All copies are made before the first link goes, for a link may lead
	// through another; and aside, for a link's folder may be copied too.
	aside, err := os.MkdirTemp(dir, ".links-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside)
	aside = filepath.Base(aside)
	var errs []error
	for i, name := range links {
		if err := copyLink(root, name, path.Join(aside, strconv.Itoa(i))); err != nil {
			errs = append(errs, linkError(root, name, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for i, name := range links {
		if err := errors.Join(root.Remove(name), root.Rename(path.Join(aside, strconv.Itoa(i)), name)); err != nil {
			return err
		}
	}
	return nil
}

// findLinks lists the symlinks below dir.
func findLinks(dir string) ([]string, error) {
	var links []string
	var errs []error
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch t := entry.Type(); {
		case t&fs.ModeSymlink != 0:
			links = append(links, name)
		case !t.IsDir() && !t.IsRegular():
			errs = append(errs, fmt.Errorf("exporting %q: it is neither a file nor a folder (%v)", name, t))
		}
		return nil
	})
	return links, errors.Join(err, errors.Join(errs...))
}

// linkError says of a link what it says and what is wrong.
func linkError(root *os.Root, name string, err error) error {
	target, e := root.Readlink(name)
	if e != nil {
		return e
	}
	switch {
	case path.IsAbs(target) || escapes(name, target):
		return fmt.Errorf("exporting %q: it is a link to %q, out of the export", name, target)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("exporting %q: it is a link to %q, which is not there", name, target)
	}
	return fmt.Errorf("exporting %q, a link to %q: %w", name, target, err)
}

// escapes tells whether a link's target is above the export by its name alone.
func escapes(name, target string) bool {
	p := path.Join(path.Dir(name), target)
	return p == ".." || strings.HasPrefix(p, "../")
}

// copyLink copies what the link name leads to, to the new name to. A folder
// that the link is in has no end when it is copied into itself.
func copyLink(root *os.Root, name, to string) error {
	var above []os.FileInfo
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		info, err := root.Stat(dir)
		if err != nil {
			return err
		}
		above = append(above, info)
		if dir == "." {
			return copyInto(root, name, to, above)
		}
	}
}

// copyInto copies what from is, through links, to the new name to. The folders
// above may not be met again.
func copyInto(root *os.Root, from, to string, above []os.FileInfo) error {
	info, err := root.Stat(from)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return copyFile(root, from, to, info)
	}
	if slices.ContainsFunc(above, func(a os.FileInfo) bool { return os.SameFile(a, info) }) {
		return errors.New("it leads into itself")
	}
	list, err := fs.ReadDir(root.FS(), from)
	if err != nil {
		return err
	}
	if err := root.Mkdir(to, 0o700); err != nil {
		return err
	}
	above = append(slices.Clip(above), info)
	for _, entry := range list {
		if err := copyInto(root, path.Join(from, entry.Name()), path.Join(to, entry.Name()), above); err != nil {
			return err
		}
	}
	return sameStamp(root, to, info)
}

func copyFile(root *os.Root, from, to string, info os.FileInfo) error {
	in, err := root.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := root.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return sameStamp(root, to, info)
}

// sameStamp gives a copy the mode and time of what it was copied from.
func sameStamp(root *os.Root, name string, info os.FileInfo) error {
	if err := root.Chmod(name, info.Mode()); err != nil {
		return err
	}
	return root.Chtimes(name, info.ModTime(), info.ModTime())
}

// settle makes the export's own folder readable as any, sets the times unless
// zero, children first, and lists the files, sorted.
func settle(dir string, modTime time.Time) ([]string, error) {
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	var files, all []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		all = append(all, name)
		if !entry.IsDir() {
			files = append(files, name)
		}
		return nil
	})
	slices.Sort(files)
	if err != nil || modTime.IsZero() {
		return files, err
	}
	for _, name := range slices.Backward(all) {
		if err := os.Chtimes(filepath.Join(dir, name), modTime, modTime); err != nil {
			return nil, err
		}
	}
	return files, nil
}
