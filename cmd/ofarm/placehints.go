package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/ofarm/ofarm/internal/farm"
)

// placeHint is about folders: that of a file which can't be written, one that
// can't be made, the one for all that can be made again, and one of artifacts in
// a project's place.
func placeHint(err error) string {
	var write *farm.WriteError
	var dist *distError
	var at *fs.PathError
	switch {
	case errors.As(err, &write):
		return fmt.Sprintf(hintWrite, filepath.Dir(write.Path))
	case as[*farm.CacheError](err):
		return hintCache
	case errors.As(err, &dist):
		return fmt.Sprintf(hintDist, dist.dir)
	case errors.As(err, &at) && at.Op == "mkdir" && (errors.Is(at, fs.ErrPermission) || errors.Is(at, syscall.EROFS)):
		return fmt.Sprintf(hintWrite, filepath.Dir(at.Path))
	}
	return ""
}
