package solve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/ofarm/ofarm/internal/scratch"
)

// stage is a folder beside an export's destination in which the export is made
// and from which it takes its place. The zero value exports nothing.
type stage struct {
	dest string // empty: nothing is exported
	dir  string
	// folder is dir, held while this process uses it.
	folder *scratch.Folder
}

// newStage makes a folder beside dest, ".NAME.export-RANDOM", and removes such
// folders that interrupted exports have left.
func newStage(dest string) (*stage, error) {
	if dest == "" {
		return &stage{}, nil
	}
	dest, err := destination(dest)
	if err != nil {
		return nil, err
	}
	folder, err := scratch.Make(filepath.Dir(dest), "."+filepath.Base(dest)+".export-", nil)
	if err != nil {
		return nil, err
	}
	return &stage{dest: dest, dir: folder.Dir, folder: folder}, nil
}

// export is what the client is told.
func (s *stage) export() []client.ExportEntry {
	if s.dest == "" {
		return nil
	}
	return []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: s.dir}}
}

// destination is dest as an absolute path, through a symlink if it is one.
func destination(dest string) (string, error) {
	if real, err := filepath.EvalSymlinks(dest); err == nil {
		dest = real
	}
	dest, err := filepath.Abs(dest)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(dest)
	if err == nil && !info.IsDir() {
		return "", fmt.Errorf("%s is there and is not a folder", dest)
	}
	return dest, nil
}

// finish makes the exported files fit to be shipped, shows them to check, and
// puts them in their place. It returns their names.
func (s *stage) finish(ctx context.Context, check func(context.Context, string) error, modTime time.Time) ([]string, error) {
	if s.dest == "" {
		return nil, nil
	}
	if err := dereference(s.dir); err != nil {
		return nil, err
	}
	if check != nil {
		if err := check(ctx, s.dir); err != nil {
			return nil, err
		}
	}
	files, err := settle(s.dir, modTime)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := swap(s.dir, s.dest); err != nil {
		return nil, fmt.Errorf("replacing %s: %w", s.dest, err)
	}
	return files, nil
}

// discard removes what is in the stage: an export that didn't come to its end,
// or the one that was replaced.
func (s *stage) discard() {
	if s.dest == "" {
		return
	}
	_ = s.folder.Remove()
}

// swap puts the folder dir in the place of dest. If dest is there the two
// change places, in one step where the file system can.
func swap(dir, dest string) error {
	err := os.Rename(dir, dest) // dest may be empty, or not there
	if !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, syscall.EEXIST) {
		return err
	}
	err = exchange(dir, dest)
	if !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOSYS) {
		return err
	}
	return swapInSteps(dir, dest)
}

// swapInSteps changes places by way of a third name.
func swapInSteps(dir, dest string) error {
	old := dir + ".old"
	if err := os.Rename(dest, old); err != nil {
		return err
	}
	if err := os.Rename(dir, dest); err != nil {
		return errors.Join(err, os.Rename(old, dest))
	}
	return os.Rename(old, dir)
}
