package registry

import (
	"bytes"
	"errors"
	"io"
)

// eventStep is how many bytes pass between two notices of one blob.
const eventStep = 256 << 10

// sourceError is an error of reading what is to be pushed.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// source reads a blob that is pushed, and can begin anew.
type source struct {
	push  *push
	desc  Descriptor
	index int
	watch *watch
	body  io.ReadCloser
	at    int64
	told  int64
}

func (s *source) Read(b []byte) (int, error) {
	s.watch.moved()
	if s.body == nil {
		if err := s.open(); err != nil {
			return 0, &sourceError{err}
		}
	}
	n, err := s.body.Read(b)
	s.at += int64(n)
	if s.at-s.told >= eventStep {
		s.told = s.at
		s.push.tell(s.index, s.at, false)
	}
	switch {
	case err == io.EOF:
		s.watch.rest()
	case err != nil:
		err = &sourceError{err}
	}
	return n, err
}

func (s *source) open() error {
	body, err := s.push.what.Open(s.desc)
	if err != nil {
		return err
	}
	s.body = newVerified(body, s.desc, func(err error) error {
		return &DamagedError{Ref: s.push.ref, What: "what is pushed as " + s.desc.Digest.String(), Err: err}
	})
	return nil
}

// Seek goes back to the beginning: a registry wants the blob once more.
func (s *source) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("a blob is sent from its beginning")
	}
	s.close()
	s.body, s.at, s.told = nil, 0, 0
	return 0, nil
}

func (s *source) close() {
	if s.body != nil {
		s.body.Close()
	}
}

// bytesOf opens bytes in memory.
func bytesOf(data []byte) func(Descriptor) (io.ReadCloser, error) {
	return func(Descriptor) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}
