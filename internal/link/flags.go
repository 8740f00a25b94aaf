package link

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// OS is the system that link flags are for.
type OS string

// The systems of [Flags]. The two of Linux differ in their libc.
const (
	LinuxMusl  OS = "linux-musl"
	LinuxGLIBC OS = "linux-glibc"
	MacOSX     OS = "macosx" // as "ocamlfind ocamlopt -config-var system" says it
)

// Systems lists all systems, for messages.
func Systems() []OS { return []OS{LinuxMusl, LinuxGLIBC, MacOSX} }

// ImpossibleError is a link mode that a system can't have.
type ImpossibleError struct {
	Mode Mode
	OS   OS
	Why  string
	Use  Mode // what to choose instead
}

// Error says what can't be had, and why.
func (e *ImpossibleError) Error() string {
	return fmt.Sprintf("there is no %s link on %s: %s", e.Mode, e.OS, e.Why)
}

// Hint says what to choose instead.
func (e *ImpossibleError) Hint() string { return fmt.Sprintf("choose --mode %s", e.Use) }

// Flags returns the options of ocamlopt and ocamlc that link a program in a
// mode, for one that was linked with a line: what a dune project writes into
// (link_flags). In o, Dir, Dirs, PkgConfig and FS say where libraries and .pc
// files are looked for, and Mode is the one asked for. recorded are the inputs
// of the line's record, if it has one: they say what was found where it was
// linked, and for Linux nothing is looked for here then.
//
//   - static: the flags of a static link, whatever the libraries are.
//   - mostly-static on Linux: -noautolink, and every library of the line by its
//     name, between -Bstatic and -Bdynamic unless it is libc's own. What the
//     libraries need in turn, as their .pc files say, is added.
//   - mostly-static on macOS, whose linker has no -Bstatic and takes a .dylib
//     before an archive: stub libraries by name, since OCaml has only the
//     archives of them where it searches; all others as paths of archives.
//   - dynamic: none.
//
// A library that stands on the line more than once comes in its last place:
// archives must come behind those that need them. What the line has behind
// OCaml's runtime is left out, since the compiler adds it in any case.
//
// Errors: [*ImpossibleError], or one [*MissingError] per library without an
// archive, joined.
func Flags(l *Line, os OS, o Options, recorded []Input) ([]string, error) {
	switch {
	case o.Mode == Dynamic:
		return nil, nil
	case o.Mode == Static && os == LinuxMusl:
		return staticFlags(o.ThreadStack), nil
	case o.Mode == Static && os == LinuxGLIBC:
		return nil, &ImpossibleError{o.Mode, os, "a static glibc can't load the modules that it needs for names and encodings", MostlyStatic}
	case o.Mode == Static:
		return nil, &ImpossibleError{o.Mode, os, "the system has no static libc", MostlyStatic}
	case o.Mode != MostlyStatic:
		return nil, &ImpossibleError{o.Mode, os, "a project that links itself has its own flags", MostlyStatic}
	}
	f := newFlagger(l, o)
	f.recorded = recorded
	f.collect()
	if os == MacOSX {
		f.needs()
		return f.mac()
	}
	if recorded == nil {
		f.needs()
	}
	return f.linux(), nil
}

func staticFlags(stack int64) []string {
	if stack == 0 {
		stack = DefaultThreadStack
	}
	return []string{
		"-ccopt", "-static", "-ccopt", "-no-pie",
		"-ccopt", "-Wl,-z,stack-size=" + strconv.FormatInt(stack, 10),
	}
}

// flagger makes flags of a line.
type flagger struct {
	*finder
	line *Line
	pkgs *packages
	libs []wanted // in link order, each once

	recorded []Input
}

// wanted is a library of a line.
type wanted struct {
	name string // -l's, or an archive's path
	by   string
}

func newFlagger(l *Line, o Options) *flagger {
	r := &rewriter{o: o, line: l, find: newFinder(l, o)}
	a := &archiver{rewriter: r}
	r.o.FS = r.find.fsys
	return &flagger{finder: r.find, line: l, pkgs: readPackages(r.o.FS, a.pkgDirs(l.tokens))}
}

// collect lists the line's libraries up to OCaml's runtime, and what the record
// says was needed besides.
func (f *flagger) collect() {
	for _, t := range f.line.tokens {
		switch {
		case t.kind == lib:
			f.add(wanted{t.text, "-l" + t.text})
		case t.kind != input:
		case isRuntime(t.text):
			f.addRecorded()
			return
		case isArchive(t.text) && !isOCamlArchive(t.text), isShared(t.text):
			f.add(wanted{fileName(t.text), t.text})
		}
	}
	f.addRecorded()
}

// fileName is the name of a library that is given by its path: an archive keeps
// the path, unless it is libc's.
func fileName(p string) string {
	name := stem(path.Base(p))
	if isArchive(p) && !libcFamily[name] {
		return p
	}
	return name
}

// addRecorded adds the libraries that no word of the line asked for.
func (f *flagger) addRecorded() {
	for _, in := range f.recorded {
		if in.Linkage != InputMissing && !slices.Contains(f.line.Args, in.By) {
			f.addNeed(in.Name, in.By)
		}
	}
}

func (f *flagger) addNeed(name, by string) {
	if !slices.ContainsFunc(f.libs, func(w wanted) bool { return stem(path.Base(w.name)) == name }) {
		f.libs = append(f.libs, wanted{name, by})
	}
}

// add puts a library into its last place.
func (f *flagger) add(w wanted) {
	f.libs = slices.DeleteFunc(f.libs, func(x wanted) bool { return x.name == w.name })
	f.libs = append(f.libs, w)
}

// needs adds what the libraries need, as the .pc files say, and the line doesn't
// have.
func (f *flagger) needs() {
	for i := 0; i < len(f.libs); i++ {
		for _, n := range f.pkgs.needs(stem(path.Base(f.libs[i].name))) {
			f.addNeed(n.name, n.by)
		}
	}
}

// linux separates libc's own libraries from the others.
func (f *flagger) linux() []string {
	var static, dynamic []string
	libgcc := false
	for _, w := range f.libs {
		name, isLibc := libcName(w.name)
		switch {
		case isLibc:
			dynamic = append(dynamic, "-cclib", "-l"+name)
		case w.name == "gcc_s" || w.name == "gcc":
			libgcc = true
		case strings.Contains(w.name, "/"):
			static = append(static, "-cclib", w.name)
		default:
			static = append(static, "-cclib", "-l"+w.name)
		}
		libgcc = libgcc || w.name == "stdc++"
	}
	out := append([]string{"-noautolink"}, f.libDirs()...)
	if libgcc {
		out = append(out, "-ccopt", "-static-libgcc")
	}
	if len(static) > 0 {
		out = slices.Concat(out, []string{"-cclib", "-Wl,-Bstatic"}, static, []string{"-cclib", "-Wl,-Bdynamic"})
	}
	return append(out, dynamic...)
}

// libDirs are the folders of the line that hold no OCaml library, which
// -noautolink drops: those of a step of ofarm's mean nothing elsewhere.
func (f *flagger) libDirs() []string {
	folders := &ocamlFolders{find: f.finder, known: f.line.ocamlDirs()}
	var out []string
	for _, t := range f.line.tokens {
		if t.kind != libDir || folders.has(t.text) || strings.HasPrefix(t.text, "/ofarm/") {
			continue
		}
		if dir := "-L" + t.text; !slices.Contains(out, dir) {
			out = append(out, "-ccopt", dir)
		}
	}
	return out
}
