package link

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// finder looks for libraries in a file system, as the linker would.
type finder struct {
	fsys fs.FS
	cwd  string
	dirs []string // the line's -L, then the compiler's own
}

func newFinder(l *Line, o Options) *finder {
	if o.FS == nil {
		o.FS = os.DirFS("/")
	}
	f := &finder{fsys: o.FS, cwd: o.Dir}
	for _, t := range l.tokens {
		if t.kind == libDir {
			f.add(strings.TrimPrefix(t.text, "="))
		}
	}
	for _, d := range o.Dirs {
		f.add(path.Clean(d))
	}
	for _, d := range o.Dirs {
		// The linker's own folders, which the compiler doesn't print.
		if rest, ok := strings.CutPrefix(path.Clean(d), "/usr/lib"); ok && !strings.HasPrefix(rest, "/gcc") {
			f.add("/usr/local/lib" + rest)
		}
	}
	return f
}

func (f *finder) add(dir string) {
	if dir != "" && !slices.Contains(f.dirs, dir) {
		f.dirs = append(f.dirs, dir)
	}
}

// name makes a path fit for the file system: absolute, clean, no leading slash.
func (f *finder) name(p string) string {
	if !path.IsAbs(p) {
		p = path.Join("/", f.cwd, p)
	}
	p = strings.TrimPrefix(path.Clean(p), "/")
	if p == "" {
		return "."
	}
	return p
}

func (f *finder) isFile(p string) bool {
	st, err := fs.Stat(f.fsys, f.name(p))
	return err == nil && st.Mode().IsRegular()
}

// file returns the first dir/name that is a file, with extra folders after the
// line's own.
func (f *finder) file(name string, extra []string) (string, bool) {
	for _, d := range slices.Concat(f.dirs, extra) {
		if p := path.Join(d, name); f.isFile(p) {
			return p, true
		}
	}
	return "", false
}

func (f *finder) archive(name string, extra []string) (string, bool) {
	return f.file(archiveFile(name), extra)
}

// either finds what a linker without -Bstatic takes: in each folder the shared
// library before the archive.
func (f *finder) either(name string) (string, bool) {
	if file, ok := strings.CutPrefix(name, ":"); ok {
		return f.file(file, nil)
	}
	for _, d := range f.dirs {
		for _, suffix := range []string{".so", ".a"} {
			if p := path.Join(d, "lib"+name+suffix); f.isFile(p) {
				return p, true
			}
		}
	}
	return "", false
}
