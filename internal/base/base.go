package base

import (
	"io"
	"time"
)

// An Input is one locked package file.
type Input struct {
	Name    string // as the lock has it; the package file has to agree, likewise below
	Version string
	Arch    string
	Open    func() (io.ReadCloser, error) // gives the package file from its start; may be called more than once
}

// Options say how a root is assembled.
type Options struct {
	Epoch time.Time // no file is newer; made files and folders are exactly this old
	World []string  // Alpine: what etc/apk/world names; nil: every package
}
