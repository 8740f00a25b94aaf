//go:build !linux

package scratch

import (
	"errors"
	"os"
)

// nameless makes nothing: every file has a name here.
func nameless(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func link(*os.File, string) error { return errors.ErrUnsupported }
