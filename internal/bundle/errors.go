package bundle

import "fmt"

// DamagedError says that a file isn't a bundle as it was written.
type DamagedError struct {
	// Path is the bundle's file.
	Path string
	// Entry names the part: a path in the bundle, and for a blob also what it is.
	Entry string
	// Err says what is wrong with it.
	Err error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the bundle %q is damaged: %s: %v", e.Path, e.Entry, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }
