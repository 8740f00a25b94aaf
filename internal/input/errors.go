package input

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/hashicorp/go-multierror"
)

// Try is one place that was asked for an input.
type Try struct {
	// Place is the URL, without a password, or what else was asked.
	Place string
	// Answer says why the input isn't from there.
	Answer error
}

// Failure is an input that couldn't be had, with every place that was asked.
type Failure struct {
	// Name is the request's.
	Name string
	// Sum is the digest that was wanted, zero if it wasn't known.
	Sum Digest
	// Tried lists the places in the order in which they were asked.
	Tried []Try
}

// describe writes the failure with a reason, one line per place.
func (f Failure) describe(reason string) string {
	var b strings.Builder
	b.WriteString(f.label())
	b.WriteString(": ")
	b.WriteString(reason)
	for _, t := range f.Tried {
		fmt.Fprintf(&b, "\n  %s: %v", t.Place, t.Answer)
	}
	return b.String()
}

// label names the input in messages.
func (f Failure) label() string {
	switch {
	case f.Name == "":
		return "input " + f.Sum.String()
	case f.Sum.IsZero():
		return f.Name
	}
	return fmt.Sprintf("%s (%s)", f.Name, f.Sum)
}

// NotFoundError says that every place answered that it doesn't hold the input.
type NotFoundError struct{ Failure }

func (e *NotFoundError) Error() string {
	if len(e.Tried) == 0 {
		return e.describe("there is no place to fetch it from")
	}
	return e.describe("no place has it")
}

// UnavailableError says that a place that may hold the input didn't give it:
// it couldn't be reached, or refused.
type UnavailableError struct{ Failure }

func (e *UnavailableError) Error() string { return e.describe("it could not be fetched") }

// ChecksumError says that a place gave other bytes than the wanted ones, and
// none gave the right ones.
type ChecksumError struct{ Failure }

func (e *ChecksumError) Error() string { return e.describe("wrong checksum") }

// OfflineError lists the inputs that are missing from the store while
// connections are forbidden.
type OfflineError struct {
	// Missing is sorted by name.
	Missing []Failure
	// Held tells that bundles were asked, too.
	Held bool
}

// mostMissing is how many missing inputs are listed: who lacks more lacks all.
const mostMissing = 12

func (e *OfflineError) Error() string {
	where := "not in the cache folder"
	if e.Held {
		where = "neither in the cache folder nor in a bundle"
	}
	lines := []string{fmt.Sprintf("offline, and %s %s:", counted(len(e.Missing), "input is", "inputs are"), where)}
	for i, f := range e.Missing {
		if i == mostMissing {
			lines = append(lines, fmt.Sprintf("  and %d more", len(e.Missing)-i))
			break
		}
		lines = append(lines, "  "+f.label())
		for _, t := range f.Tried {
			if !isNotFound(t.Answer) {
				lines = append(lines, fmt.Sprintf("    %s: %v", t.Place, t.Answer))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// NoSpaceError says that the store's disk is full.
type NoSpaceError struct {
	// Dir is the store's folder.
	Dir string
	// Need is how many bytes the files that didn't fit have in all, as far as
	// is known.
	Need int64
	// Err is the system's error.
	Err error
}

func (e *NoSpaceError) Error() string {
	if e.Need <= 0 {
		return fmt.Sprintf("no space left in %q: %v", e.Dir, e.Err)
	}
	return fmt.Sprintf("no space left in %q for %s more: %v", e.Dir, humanize.Bytes(uint64(e.Need)), e.Err)
}

func (e *NoSpaceError) Unwrap() error { return e.Err }

// failure makes the error of an input that no place gave.
func (f Fetcher) failure(what Failure) error {
	var wrong *mismatch
	switch {
	case what.any(func(err error) bool { return errors.As(err, &wrong) }):
		return &ChecksumError{what}
	case f.Offline:
		return &OfflineError{Missing: []Failure{what}, Held: len(f.Holders) > 0}
	case what.any(func(err error) bool { return !isNotFound(err) }):
		return &UnavailableError{what}
	}
	return &NotFoundError{what}
}

// any reports whether one of the answers is of a kind.
func (f Failure) any(is func(error) bool) bool {
	return slices.ContainsFunc(f.Tried, func(t Try) bool { return is(t.Answer) })
}

// joinFailures makes one error of those of several inputs. What is missing
// offline and what didn't fit on the disk is one error each.
func joinFailures(errs []error) error {
	var all []error
	var offline *OfflineError
	var full *NoSpaceError
	for _, err := range errs {
		var o *OfflineError
		var n *NoSpaceError
		switch {
		case err == nil:
		case errors.As(err, &o) && offline != nil:
			offline.Missing = append(offline.Missing, o.Missing...)
		case errors.As(err, &n) && full != nil:
			full.Need += n.Need
		default:
			all = append(all, err)
			offline, full = cmpOr(o, offline), cmpOr(n, full)
		}
	}
	if offline != nil {
		slices.SortStableFunc(offline.Missing, func(a, b Failure) int { return strings.Compare(a.label(), b.label()) })
	}
	return combine(all)
}

// cmpOr returns the first pointer that isn't nil.
func cmpOr[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// combine sorts the errors by their text and joins them.
func combine(errs []error) error {
	if len(errs) < 2 {
		return errors.Join(errs...)
	}
	slices.SortStableFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return &multierror.Error{Errors: errs, ErrorFormat: func(errs []error) string {
		lines := []string{fmt.Sprintf("%d errors:", len(errs))}
		for _, err := range errs {
			lines = append(lines, err.Error())
		}
		return strings.Join(lines, "\n")
	}}
}

// counted writes a number with the noun that goes with it.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
