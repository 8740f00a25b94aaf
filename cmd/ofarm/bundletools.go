package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/bundle"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/solve"
)

// noToolsError says that a bundle has no programs.
type noToolsError struct{ path string }

func (e *noToolsError) Error() string { return fmt.Sprintf("the bundle %q has no tools", e.path) }

// toolsHereError says that this machine hasn't the programs that build.
type toolsHereError struct{ err error }

func (e *toolsHereError) Error() string { return fmt.Sprintf("gathering tools: %v", e.err) }
func (e *toolsHereError) Unwrap() error { return e.err }

// toolFiles are the programs that build, where this ofarm would take them from:
// itself first, the linker shims beside it, and what a private daemon runs.
func (w *world) toolFiles(binDir string) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	shims, err := filepath.Glob(filepath.Join(binDir, "ofarm-cc-linux-*"))
	if err != nil {
		return nil, err
	}
	o := w.engine("")
	o.BinDir = binDir
	daemon, err := solve.Programs(o)
	if err != nil {
		return nil, &toolsHereError{err}
	}
	return append(append([]string{self}, shims...), daemon...), nil
}

// toolbox has the programs that build, as inputs of a bundle, ofarm first, and is
// a [bundle.Store] of them: what is read are the files themselves.
type toolbox struct {
	inputs []bundle.Input
	files  []string // of the inputs, in their order
}

func (t toolbox) file(d input.Digest) string {
	for i, in := range t.inputs {
		if in.Sum == d {
			return t.files[i]
		}
	}
	return ""
}

// Size is a program's size in bytes.
func (t toolbox) Size(d input.Digest) (int64, bool) {
	file := t.file(d)
	if file == "" {
		return 0, false
	}
	info, err := os.Stat(file)
	if err != nil {
		return 0, false
	}
	return info.Size(), true
}

// OpenFile opens a program for reading.
func (t toolbox) OpenFile(d input.Digest) (*os.File, error) { return os.Open(t.file(d)) }

// gatherTools reads the programs that build.
func (w *world) gatherTools(binDir string) (toolbox, error) {
	files, err := w.toolFiles(binDir)
	if err != nil {
		return toolbox{}, err
	}
	t := toolbox{files: files}
	for _, file := range files {
		sum, err := sumFile(file)
		if err != nil {
			return toolbox{}, err
		}
		t.inputs = append(t.inputs, bundle.Input{Title: bundle.ToolTitle(filepath.Base(file)), Sum: sum})
	}
	t.inputs[0].Title = bundle.ToolTitle("ofarm") // whatever this file is called
	return t, nil
}

func sumFile(file string) (input.Digest, error) {
	f, err := os.Open(file)
	if err != nil {
		return input.Digest{}, err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return input.Digest{}, fmt.Errorf("reading %s: %w", file, err)
	}
	return input.Digest(sum.Sum(nil)), nil
}

// tellTools tells which programs a bundle has, ofarm first, and how to get at them
// without it. Of none it tells nothing.
func (w *world) tellTools(file string, tools toolbox) error {
	if len(tools.inputs) == 0 {
		return nil
	}
	var names []string
	for _, t := range tools.inputs {
		names = append(names, path.Base(t.Title))
	}
	name := shellWord(filepath.Base(file))
	_, err := fmt.Fprintf(w.Stdout, bundleTools, strings.Join(names, ", "), name, tools.inputs[0].Sum.Hex(), name)
	return err
}

// plainWord is a file's name that means the same to a shell, to tar and as a value.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_.+,=@%][A-Za-z0-9_.+,=@%-]*$`)

// shellWord is the name of a file in the working folder, as a shell's word.
func shellWord(name string) string {
	if plainWord.MatchString(name) {
		return name
	}
	return "'./" + strings.ReplaceAll(name, "'", `'\''`) + "'" // to tar, x:y is on the machine x
}

// warnDynamic tells of programs that need something of the machine they run on.
func (w *world) warnDynamic(files []string) error {
	for _, file := range files {
		r, err := audit.File(file, audit.Options{})
		if err != nil {
			return err
		}
		if r.Kind != audit.KindELF || r.Linkage == audit.Static {
			continue
		}
		needs := append([]string{r.Interpreter}, r.Needed...)
		if r.Floor != "" {
			needs = append(needs, fmt.Sprintf(toolGLIBC, r.Floor))
		}
		fmt.Fprintf(w.Stderr, tellDynamicTool, filepath.Base(file), strings.Join(needs, ", "))
	}
	return nil
}

// unpackTools writes the programs of a bundle into a folder.
func (w *world) unpackTools(ctx context.Context, files []string, dir string) error {
	if len(files) != 1 {
		return &usageError{err: errors.New("--unpack-tools takes them from one --bundle, a file"), command: "ofarm bundle"}
	}
	if isRemote(files[0]) {
		return &usageError{err: fmt.Errorf("--unpack-tools takes them from a file, which --from makes of %s", files[0]), command: "ofarm bundle"}
	}
	b, err := openFile("bundle", files[0])
	if err != nil {
		return err
	}
	tools := b.Tools()
	if len(tools) == 0 {
		return &noToolsError{files[0]}
	}
	if err := b.UnpackTools(ctx, dir); err != nil {
		return err
	}
	var unpacked []string
	for _, t := range tools {
		file := filepath.Join(dir, t.Title)
		unpacked = append(unpacked, file)
		if _, err := fmt.Fprintln(w.Stdout, file); err != nil {
			return err
		}
	}
	return w.warnDynamic(unpacked)
}
