package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/scratch"
)

// toolDir is the folder of programs, among titles.
const toolDir = "tools"

// ToolTitle is the title of the program of a name: "tools/NAME".
func ToolTitle(name string) string { return path.Join(toolDir, name) }

func isTool(title string) bool { return path.Dir(title) == toolDir }

// Tools are the bundle's programs, with their names for titles, sorted by these.
// A name is a file's, without a folder.
func (b *Bundle) Tools() []Input {
	var out []Input
	for _, in := range b.inputs {
		if isTool(in.Title) {
			in.Title = path.Base(in.Title)
			out = append(out, in)
		}
	}
	return out
}

// UnpackTools writes the bundle's programs into a folder, which it makes if need
// be, as executable files. Each appears only when it is whole and verified, in
// the place of one that is there; damage is a [*DamagedError], and a full disk an
// [*input.NoSpaceError].
func (b *Bundle) UnpackTools(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("unpacking tools: %w", err)
	}
	for _, tool := range b.Tools() {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		err := b.unpack(tool, filepath.Join(dir, tool.Title))
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			err = &input.NoSpaceError{Dir: dir, Err: err}
		}
		if err != nil {
			return fmt.Errorf("unpacking %s: %w", tool.Title, err)
		}
	}
	return nil
}

// unpack writes an input to an executable file.
func (b *Bundle) unpack(in Input, name string) error {
	r, err := b.OpenInput(in.Sum)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := scratch.NewFile(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	return f.Keep(0o755)
}
