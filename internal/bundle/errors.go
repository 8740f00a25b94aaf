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

// OpenError says that there is no file of a bundle, or none that can be read.
type OpenError struct {
	// Path is what was named.
	Path string
	Err  error
}

func (e *OpenError) Error() string { return fmt.Sprintf("opening bundle: %v", e.Err) }

func (e *OpenError) Unwrap() error { return e.Err }
