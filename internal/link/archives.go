package link

import (
	"path"
	"slices"
	"strings"
)

// archiver turns a line's libraries into archives, in one group.
type archiver struct {
	*rewriter
	pkgs   *packages
	out    []token
	start  int             // index in out where the group starts; -1 if there is none
	libc   []token         // libc's family, for the end
	have   map[string]bool // stems of the archives on the line
	wanted []string        // stems whose needs are still to be looked up
}

const groupArg = -1 << 30 // no argument of the line has this number

func (r *rewriter) archives(tokens []token) []token {
	a := &archiver{rewriter: r, start: -1, have: map[string]bool{}}
	a.pkgs = readPackages(r.o.FS, a.pkgDirs(tokens))
	for _, t := range tokens {
		a.token(t)
	}
	end := 1 + lastIndex(a.out, func(t token) bool { return t.kind == input || t.kind == linker })
	extra := a.needs()
	if a.start < 0 && len(extra) > 0 {
		a.start = max(0, slices.IndexFunc(a.out, func(t token) bool { return t.kind == input }))
	}
	end = max(end, a.start) // a group may hold nothing but missing libraries
	if a.start >= 0 {
		a.out = slices.Concat(a.out[:a.start],
			[]token{{kind: linker, text: "--start-group", arg: groupArg}},
			a.out[a.start:end], extra,
			[]token{{kind: linker, text: "--end-group", arg: groupArg}},
			a.out[end:])
	}
	return append(a.out, a.libc...)
}

func lastIndex(tokens []token, is func(token) bool) int {
	for i, t := range slices.Backward(tokens) {
		if is(t) {
			return i
		}
	}
	return -1
}

// pkgDirs lists the folders with .pc files: the given ones, those beside the
// libraries' folders and files, and the one for files that fit every platform.
func (a *archiver) pkgDirs(tokens []token) []string {
	dirs := slices.Clone(a.o.PkgConfig)
	for _, d := range a.find.dirs {
		dirs = append(dirs, path.Join(d, "pkgconfig"))
	}
	for _, t := range tokens {
		if t.kind == input && strings.HasPrefix(path.Base(t.text), "lib") {
			dirs = append(dirs, path.Join(path.Dir(t.text), "pkgconfig"))
		}
	}
	dirs = append(dirs, "/usr/local/share/pkgconfig", "/usr/share/pkgconfig")
	var out []string
	for _, d := range dirs {
		if d = a.find.name(d); !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

func (a *archiver) token(t token) {
	switch {
	case t.kind == lib:
		a.library(t.text)
	case t.kind == input && isShared(t.text):
		a.shared(t)
	case t.kind == input && isArchive(t.text):
		a.archive(t.text, t.text)
	case isGroup(t, "--start-group", "-("):
		a.begin()
	case isGroup(t, "--end-group", "-)"):
	default:
		a.out = append(a.out, t)
	}
}

func isGroup(t token, names ...string) bool {
	return t.kind == linker && !t.value && slices.Contains(names, t.text)
}

// begin starts the group here, if it hasn't started.
func (a *archiver) begin() {
	if a.start < 0 {
		a.start = len(a.out)
	}
}

// addLibc moves a library of libc's family behind the group, once.
func (a *archiver) addLibc(name, by string) {
	linkage, why := InputDynamic, "libc's own family stays dynamic"
	if a.o.Mode.static() {
		linkage, why = InputStatic, "by -static"
	}
	a.row(Input{Name: name, Linkage: linkage, By: by, Why: why})
	for _, t := range a.libc {
		if t.text == name {
			return
		}
	}
	a.libc = append(a.libc, token{kind: lib, text: name})
}

// library replaces -lNAME by its archive.
func (a *archiver) library(name string) {
	if libc, ok := libcName(name); ok {
		a.addLibc(libc, "-l"+name)
		return
	}
	p, ok := a.find.archive(name, nil)
	if !ok {
		shared, _ := a.find.either(name)
		a.miss("-l"+name, name, shared)
		return
	}
	a.begin()
	a.archive(p, "-l"+name)
}

// shared replaces a shared library, given by its path, by the archive beside it.
func (a *archiver) shared(t token) {
	if a.o.Mode == MostlyStatic && isLibcFile(t.text) {
		a.row(Input{
			Name: stem(path.Base(t.text)), Path: t.text, Linkage: InputDynamic, By: t.text,
			Why: "libc's own family stays dynamic",
		})
		a.out = append(a.out, t)
		return
	}
	name := stem(path.Base(t.text))
	p := path.Join(path.Dir(t.text), archiveFile(name))
	if !a.find.isFile(p) {
		a.miss(t.text, name, t.text)
		return
	}
	a.begin()
	a.archive(p, t.text)
}

func (a *archiver) archive(p, by string) {
	name := stem(path.Base(p))
	a.row(Input{Name: name, Path: p, Linkage: InputStatic, By: by})
	a.out = append(a.out, token{kind: input, text: p})
	if strings.HasPrefix(path.Base(p), "lib") {
		a.want(name)
	}
}

func (a *archiver) want(name string) {
	if !a.have[name] {
		a.have[name] = true
		a.wanted = append(a.wanted, name)
	}
}

func (a *archiver) miss(asked, name, shared string) {
	a.missing = append(a.missing, &MissingError{
		Library: stem(archiveFile(name)), File: archiveFile(name), Asked: asked,
		Mode: a.o.Mode, Shared: shared, Dirs: a.find.dirs,
	})
}

// needs returns the archives that the line's archives need and that it doesn't
// have, nearest first.
func (a *archiver) needs() []token {
	var extra []token
	for len(a.wanted) > 0 {
		name := a.wanted[0]
		a.wanted = a.wanted[1:]
		for _, n := range a.pkgs.needs(name) {
			if p, ok := a.need(n); ok {
				extra = append(extra, token{kind: input, text: p})
			}
		}
	}
	return extra
}

// need looks for one needed library and returns its path if it is to be added.
func (a *archiver) need(n need) (string, bool) {
	if libc, ok := libcName(n.name); ok {
		a.addLibc(libc, n.by)
		return "", false
	}
	p, ok := n.name, false
	if isArchive(n.name) && strings.Contains(n.name, "/") {
		n.name = stem(path.Base(p))
		ok = a.find.isFile(p)
	} else {
		p, ok = a.find.archive(n.name, n.dirs)
	}
	name := stem(archiveFile(n.name))
	if a.have[name] {
		return "", false
	}
	a.want(name)
	if !ok {
		a.row(Input{Name: n.name, Linkage: InputMissing, By: n.by, Why: "there is no " + archiveFile(n.name)})
		a.note("left out -l%s, which %s asks for: there is no %s", n.name, n.by, archiveFile(n.name))
		return "", false
	}
	a.row(Input{Name: name, Path: p, Linkage: InputStatic, By: n.by})
	return p, true
}
