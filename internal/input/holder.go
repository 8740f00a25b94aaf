package input

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Holder has inputs at hand, by digest. Several goroutines ask it at once.
type Holder interface {
	// Has reports whether it has the input.
	Has(Digest) bool
	// OpenInput opens an input that it has. Reading ends in an error where the
	// bytes aren't those of the digest.
	OpenInput(Digest) (io.ReadCloser, error)
}

// Resumer is a holder that can begin in the middle of an input, for who has
// kept what is before it. The bytes are verified by who has it all.
type Resumer interface {
	Holder
	// OpenInputAt opens an input that it has from a byte on.
	OpenInputAt(d Digest, offset int64) (io.ReadCloser, error)
}

// HolderError says that a holder didn't give an input that it has. Nobody else
// was asked for it.
type HolderError struct {
	Failure
	// Err says why.
	Err error
}

func (e *HolderError) Error() string { return fmt.Sprintf("%s: %v", e.label(), e.Err) }

func (e *HolderError) Unwrap() error { return e.Err }

// Take brings those of the requested inputs into the store that holders have;
// others are left alone.
func (f Fetcher) Take(ctx context.Context, requests []Request) error {
	var held []Request
	for _, r := range requests {
		if f.holder(r.digest()) != nil {
			held = append(held, r)
		}
	}
	if len(held) == 0 {
		return nil
	}
	_, err := f.Fetch(ctx, held)
	return err
}

// holder is the first holder of an input, or nil.
func (f Fetcher) holder(d Digest) Holder {
	for _, h := range f.Holders {
		if !d.IsZero() && h.Has(d) {
			return h
		}
	}
	return nil
}

// take takes the input from the holder that has it, if one does.
func (d *download) take() (r Result, held bool, err error) {
	sum := d.group.digest()
	h := d.fetcher.holder(sum)
	if h == nil {
		return Result{}, false, nil
	}
	if err := d.takeFrom(h, sum); err != nil {
		return Result{}, true, &HolderError{Failure: Failure{Name: d.group.Name, Sum: sum}, Err: err}
	}
	r, err = d.commit("")
	return r, true, err
}

// takeFrom copies the input, from where an interrupted transfer has stopped if
// the holder can. What is wrong after that is copied anew as a whole, which
// verifies it all. What didn't fit isn't left behind.
func (d *download) takeFrom(h Holder, sum Digest) error {
	resumer, resumes := h.(Resumer)
	if at := d.part.size(); resumes && at > 0 {
		r, err := resumer.OpenInputAt(sum, at)
		var wrong *mismatch
		if err = d.takeAll(r, err); !errors.As(err, &wrong) {
			return err
		}
	}
	if err := d.restart(); err != nil {
		return err
	}
	r, err := h.OpenInput(sum)
	if err = d.takeAll(r, err); err != nil && !resumes {
		d.part.discard()
	}
	return err
}

// takeAll copies what was opened.
func (d *download) takeAll(r io.ReadCloser, err error) error {
	if err != nil {
		return err
	}
	defer r.Close()
	return d.copy(&body{ReadCloser: r, total: -1})
}
