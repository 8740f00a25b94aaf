package link

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// DefaultThreadStack is the size in bytes that musl's threads get: the main
// thread's usual limit, and the most that musl takes from PT_GNU_STACK.
const DefaultThreadStack = 8 << 20

// Options says how to rewrite a line.
type Options struct {
	Mode        Mode
	ThreadStack int64    // bytes, for static modes; 0 means DefaultThreadStack
	Dir         string   // working folder of the link, absolute: relative paths start there
	Dirs        []string // the compiler's own library folders in its order, absolute
	PkgConfig   []string // folders with .pc files, searched before those of the library folders
	FS          fs.FS    // the root of the file system; nil means this machine's
}

// How a library enters an executable, in [Input.Linkage].
const (
	InputStatic  = "static"
	InputDynamic = "dynamic"
	InputMissing = "missing" // named by a .pc file only, and there is no archive
)

// Input is one library of a link: a row of the table that a record holds.
type Input struct {
	Name    string `json:"name"`           // "ssl" of -lssl and of /x/libssl.a; a file's base name otherwise
	Path    string `json:"path,omitempty"` // the file taken; empty where the linker looks for it
	Linkage string `json:"linkage"`
	By      string `json:"by"`            // the word of the line, or the .pc file, that asks for it
	Why     string `json:"why,omitempty"` // why it is linked in this way, where that isn't plain

	Kind    string `json:"kind,omitempty"`    // see [Line.Origins], which fills in these three
	Package string `json:"package,omitempty"` // the opam package that installed or asks for it
	Library string `json:"library,omitempty"` // the .cmxa whose words for the linker have By
}

// Result is a rewritten line.
type Result struct {
	Args   []string // the compiler's arguments, without its name
	Inputs []Input  // libraries in link order
	Notes  []string // what was dropped or left out, and why
}

// Rewrite changes a final link for a mode. A line that isn't a final link, and
// any line in mode project, keeps its arguments. The error is a [*PluginError],
// or joins one [*MissingError] per library without an archive, in the line's
// order.
func Rewrite(l *Line, o Options) (*Result, error) {
	if !l.Final {
		return &Result{Args: l.Args}, nil
	}
	r := &rewriter{o: o, line: l, find: newFinder(l, o)}
	r.o.FS = r.find.fsys
	if o.Mode == Project {
		r.describe(l.tokens)
		r.result.Args = l.Args
		return &r.result, nil
	}
	tokens := r.drop(l.tokens)
	if o.Mode.static() {
		if err := r.plugins(tokens); err != nil {
			return nil, err
		}
	}
	if o.Mode.archives() {
		tokens = r.archives(tokens)
	} else {
		r.describe(tokens)
	}
	if len(r.missing) > 0 {
		return nil, errors.Join(r.missing...)
	}
	r.result.Args = slices.Concat(r.front(tokens), emit(tokens))
	return &r.result, nil
}

type rewriter struct {
	o       Options
	line    *Line
	find    *finder
	result  Result
	missing []error
}

func (r *rewriter) note(format string, args ...any) {
	n := fmt.Sprintf(format, args...)
	if !slices.Contains(r.result.Notes, n) {
		r.result.Notes = append(r.result.Notes, n)
	}
}

func (r *rewriter) row(in Input) {
	if !slices.Contains(r.result.Inputs, in) {
		r.result.Inputs = append(r.result.Inputs, in)
	}
}

// front returns the flags that a mode puts before everything else. The thread
// stack comes last: when the line is read again it counts as the line's own.
func (r *rewriter) front(tokens []token) []string {
	const noBuildID = "-Wl,--build-id=none"
	switch r.o.Mode {
	case Static, StaticPIE:
		flags := []string{"-static", "-no-pie", noBuildID}
		if r.o.Mode == StaticPIE {
			flags = []string{"-static-pie", noBuildID}
		}
		if hasStackSize(tokens) {
			return flags
		}
		size := r.o.ThreadStack
		if size == 0 {
			size = DefaultThreadStack
		}
		return append(flags, "-Wl,-z,stack-size="+strconv.FormatInt(size, 10))
	case MostlyStatic:
		return []string{"-static-libgcc", "-static-libstdc++", noBuildID}
	default:
		return []string{noBuildID}
	}
}

// hasStackSize reports whether the line chooses a stack size itself.
func hasStackSize(tokens []token) bool {
	return slices.ContainsFunc(tokens, func(t token) bool {
		return t.kind == linker && strings.HasPrefix(t.text, "stack-size=") ||
			t.kind == linker && strings.HasPrefix(t.text, "-zstack-size=") ||
			t.kind == flag && strings.HasPrefix(t.text, "-zstack-size=")
	})
}

// describe fills the table of a link that is left to the linker.
func (r *rewriter) describe(tokens []token) {
	for _, t := range tokens {
		switch {
		case t.kind == lib:
			p, _ := r.find.either(t.text)
			linkage := InputDynamic
			if isArchive(p) {
				linkage = InputStatic
			}
			r.row(Input{Name: t.text, Path: p, Linkage: linkage, By: "-l" + t.text})
		case t.kind == input && isArchive(t.text):
			r.row(Input{Name: stem(path.Base(t.text)), Path: t.text, Linkage: InputStatic, By: t.text})
		case t.kind == input && isShared(t.text):
			r.row(Input{Name: stem(path.Base(t.text)), Path: t.text, Linkage: InputDynamic, By: t.text})
		}
	}
}

// emit writes tokens as arguments. Words for the linker that came in one -Wl,
// leave in one; a word with a comma needs -Xlinker.
func emit(tokens []token) []string {
	var out []string
	last := 0 // index+1 in out of a -Wl, that may go on
	arg := 0
	for _, t := range tokens {
		joins := last == len(out) && last > 0 && t.kind == linker && t.arg == arg
		switch {
		case t.args != nil:
			out = append(out, t.args...)
		case t.kind == linker && strings.Contains(t.text, ","):
			out = append(out, "-Xlinker", t.text)
		case joins:
			out[last-1] += "," + t.text
		case t.kind == linker:
			out = append(out, "-Wl,"+t.text)
			last, arg = len(out), t.arg
		case t.kind == lib:
			out = append(out, joined("-l", t.text)...)
		case t.kind == libDir:
			out = append(out, joined("-L", t.text)...)
		default:
			out = append(out, t.text)
		}
	}
	return out
}

// joined writes an option and its argument as one word. An empty argument needs
// a word of its own, else the option would take the next one.
func joined(option, value string) []string {
	if value == "" {
		return []string{option, ""}
	}
	return []string{option + value}
}
