package farm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/solve"
)

// AgainError is a failure of the second build.
type AgainError struct {
	// Parent is the folder below which it worked.
	Parent string
	// Memory is the size, in bytes, of the file system in memory that it filled;
	// 0 for none.
	Memory int64
	Err    error
}

func (e *AgainError) Error() string { return "building again: " + e.Err.Error() }

func (e *AgainError) Unwrap() error { return e.Err }

// NoSpace tells whether it failed because there was no more space for what it
// made. Between BuildKit and here an error is a text only, and a step's is in
// its log.
func (e *AgainError) NoSpace() bool {
	return strings.Contains(strings.ToLower(e.Err.Error()), "no space left on device")
}

// againErrors makes an [*AgainError] of each failure of the second build.
func (r *verification) againErrors(err error) error {
	wrap := func(err error) error {
		e := &AgainError{Parent: r.parent, Memory: r.filled, Err: err}
		if errors.Is(err, syscall.ENOSPC) {
			e.Memory = 0 // ofarm wrote itself, on disk
		}
		r.keepLog(err)
		return e
	}
	many, ok := err.(*multierror.Error) //nolint:errorlint // a list in something else isn't the build's
	if !ok {
		return wrap(err)
	}
	var out *multierror.Error
	for _, one := range many.Errors {
		out = multierror.Append(out, wrap(one))
	}
	return out
}

// againLog is the log of the second build's daemon, in the folder of logs.
const againLog = "buildkitd-again.log"

// keepLog keeps the daemon's log that an error names: its own place goes with
// the second build's folder.
func (r *verification) keepLog(err error) {
	var lost *solve.LostError
	var start *solve.StartError
	var file *string
	switch {
	case errors.As(err, &lost):
		file = &lost.LogFile
	case errors.As(err, &start):
		file = &start.LogFile
	default:
		return
	}
	to := filepath.Join(r.one.farm.LogDir(), againLog)
	data, errRead := os.ReadFile(*file)
	if *file = ""; errRead == nil && os.MkdirAll(filepath.Dir(to), 0o755) == nil && WriteFile(to, data) == nil {
		*file = to
	}
}
