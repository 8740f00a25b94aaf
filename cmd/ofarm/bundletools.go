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
	"strings"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/bundle"
	"github.com/ofarm/ofarm/internal/farm"
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

// bundleWithTools writes a bundle with the programs that build, and tells of it.
func (w *world) bundleWithTools(ctx context.Context, s *session, file string, inputs []farm.Input) error {
	tools, files, remove, err := w.storeTools(s.farm)
	if err != nil {
		return err
	}
	defer remove()
	if err := w.writeBundle(ctx, s, file, inputs, tools); err != nil {
		return err
	}
	if err := w.tellTools(file, tools); err != nil {
		return err
	}
	return w.warnDynamic(files)
}

// storeTools puts the programs that build into a farm's store, as inputs of a
// bundle, ofarm first, and tells which files they are. The function that it returns
// takes those away again that weren't there before.
func (w *world) storeTools(f *farm.Farm) (tools []bundle.Input, files []string, remove func(), err error) {
	files, err = w.toolFiles(f.BinDir)
	if err != nil {
		return nil, nil, nil, err
	}
	var added []input.Digest
	remove = func() {
		for _, d := range added {
			_ = f.Store.Remove(d) // one that stays costs room only
		}
	}
	for _, file := range files {
		tool, isNew, err := storeTool(f.Store, file)
		if err != nil {
			remove()
			return nil, nil, nil, fmt.Errorf("reading %s: %w", file, err)
		}
		if isNew {
			added = append(added, tool.Sum)
		}
		tools = append(tools, tool)
	}
	tools[0].Title = bundle.ToolTitle("ofarm") // whatever this file is called
	return tools, files, remove, nil
}

func storeTool(store *input.Store, file string) (tool bundle.Input, isNew bool, err error) {
	f, err := os.Open(file)
	if err != nil {
		return tool, false, err
	}
	defer f.Close()
	tool.Title = bundle.ToolTitle(filepath.Base(file))
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return tool, false, err
	}
	tool.Sum = input.Digest(sum.Sum(nil))
	if store.Has(tool.Sum) {
		return tool, false, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return tool, false, err
	}
	_, err = store.Put(f, tool.Sum)
	return tool, err == nil, err
}

// tellTools tells which programs a bundle has, ofarm first, and how to get at them
// without it.
func (w *world) tellTools(file string, tools []bundle.Input) error {
	var names []string
	for _, t := range tools {
		names = append(names, path.Base(t.Title))
	}
	base := filepath.Base(file)
	_, err := fmt.Fprintf(w.Stdout, bundleTools, strings.Join(names, ", "), base, tools[0].Sum.Hex(), base)
	return err
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
	if len(files) != 1 || isRemote(files[0]) {
		return &usageError{err: errors.New("--unpack-tools takes them from one --bundle, a file"), command: "ofarm bundle"}
	}
	b, err := bundle.Open(files[0])
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
