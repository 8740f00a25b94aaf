package link

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// libSystem lists, by -l's name, what macOS has in libSystem or hasn't at all:
// the libraries of libc's family.
var libSystem = []string{"System", "c", "m", "dl", "pthread", "rt", "resolv", "util", "anl", "mvec", "info"}

// mac gives stub libraries by name and all others as archives.
func (f *flagger) mac() ([]string, error) {
	out := []string{"-noautolink"}
	var archives []string
	var missing []error
	for _, w := range f.libs {
		switch {
		case slices.Contains(libSystem, w.name):
		case f.isStubs(w):
			out = append(out, "-cclib", "-l"+w.name)
		default:
			p, ok := f.macArchive(w.name)
			if !ok {
				missing = append(missing, &MissingError{
					Library: w.name, File: archiveFile(w.name), Asked: w.by, Mode: MostlyStatic, OS: MacOSX, Dirs: f.dirs,
				})
				continue
			}
			archives = append(archives, "-cclib", p)
		}
	}
	return append(out, archives...), errors.Join(missing...)
}

// isStubs tells whether a library came with OCaml code: its archive is in an
// OCaml library's folder. Where the line is from another machine, and the
// folders aren't here, the name tells.
func (f *flagger) isStubs(w wanted) bool {
	for _, in := range f.recorded {
		if in.Name == w.name && in.Path != "" {
			return in.Kind == KindStubs
		}
	}
	folders := &ocamlFolders{find: f.finder, known: f.line.ocamlDirs()}
	if p, ok := f.archive(w.name, nil); ok {
		return folders.has(path.Dir(p))
	}
	return strings.HasSuffix(w.name, "_stubs") || slices.Contains(distributed, w.name)
}

// distributed lists the stub libraries of OCaml's distribution, by -l's name.
var distributed = []string{"unix", "unixnat", "unixbyt", "camlstr", "camlstrnat", "camlstrbyt", "threads", "threadsnat", "bigarray", "nums", "graphics", "runtime_events"}

// macArchive finds a library's archive where its .pc file says, then in the
// line's folders.
func (f *flagger) macArchive(name string) (string, bool) {
	if strings.Contains(name, "/") {
		return name, f.isFile(name)
	}
	for _, dir := range f.pkgs.dirs(name) {
		if p := path.Join(dir, archiveFile(name)); f.isFile(p) {
			return p, true
		}
	}
	return f.archive(name, nil)
}
