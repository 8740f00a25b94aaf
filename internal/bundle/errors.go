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
	// Remote tells that a registry gave other bytes than the digest's.
	Remote bool
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the bundle %q is damaged: %s: %v", e.Path, e.Entry, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// NotBundleError says that something is no bundle at all.
type NotBundleError struct {
	// Path is the file, or the reference.
	Path string
	// Err says how that shows.
	Err error
	// Remote tells that it is in a registry.
	Remote bool
}

func (e *NotBundleError) Error() string { return fmt.Sprintf("%q is not a bundle: %v", e.Path, e.Err) }

func (e *NotBundleError) Unwrap() error { return e.Err }

// TooManyError says that a bundle would have more inputs than a manifest holds.
type TooManyError struct {
	Inputs int
	// Size is the manifest's, in bytes.
	Size int
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("%d inputs are too many for a bundle: its manifest would have %d bytes, at most %d are allowed", e.Inputs, e.Size, mostManifest)
}

// OpenError says that there is no file of a bundle, or none that can be read.
type OpenError struct {
	// Path is what was named.
	Path string
	Err  error
}

func (e *OpenError) Error() string { return fmt.Sprintf("opening bundle: %v", e.Err) }

func (e *OpenError) Unwrap() error { return e.Err }
