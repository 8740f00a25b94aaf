package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ofarm/ofarm/internal/link"
)

// crossRef is the linker's cross reference of a link, in a temporary folder.
// It is an extra: what goes wrong with it never fails a link.
type crossRef struct {
	dir  string   // empty: there is none
	args []string // the link's, with the flags that make it
	why  string   // why there is none, for the record
}

// newCrossRef prepares a cross reference where a record wants one: a static
// executable takes nothing from shared libraries.
func newCrossRef(line *link.Line, args []string, mode link.Mode) *crossRef {
	if os.Getenv(recordsVariable) == "" || mode == link.Static || mode == link.StaticPIE {
		return &crossRef{}
	}
	dir, err := os.MkdirTemp("", "ofarm-cc-")
	if err != nil {
		return &crossRef{why: err.Error()}
	}
	c := &crossRef{dir: dir}
	if c.args, c.why = line.CrossRef(args, c.file()); c.args == nil {
		c.remove()
	}
	return c
}

func (c *crossRef) file() string { return filepath.Join(c.dir, "map") }

// remove removes the temporary folder.
func (c *crossRef) remove() {
	if c.dir != "" {
		os.RemoveAll(c.dir)
		c.dir = ""
	}
}

// runLink runs a link, with its cross reference if it can have one. What fails
// with that is run again without, and only then heard: the flags may be what
// the linker doesn't know.
func runLink(real string, args []string, c *crossRef) (int, error) {
	if c.dir == "" {
		return runCompiler(real, args, os.Stdout, os.Stderr)
	}
	if done, err := tryCompiler(real, c.args); done && err == nil {
		return 0, nil
	}
	c.remove()
	c.why = "the linker didn't take -Map and --cref"
	return runCompiler(real, args, os.Stdout, os.Stderr)
}

// undefined reads what an executable takes from shared libraries, and who
// refers to it; why is a note where that isn't known.
func (c *crossRef) undefined(exe *os.File) (list []link.Undefined, why string) {
	var linkerMap io.Reader = strings.NewReader("")
	if c.dir != "" {
		f, err := os.Open(c.file())
		if err != nil {
			return nil, err.Error()
		}
		defer f.Close()
		linkerMap = f
	}
	list, found, err := link.ReadUndefined(exe, linkerMap)
	switch {
	case err != nil:
		return nil, err.Error()
	case !found && c.dir != "":
		return list, "the linker's map has no cross reference"
	}
	return list, c.why
}
