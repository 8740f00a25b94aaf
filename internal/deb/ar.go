package deb

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// An arReader reads the members of an ar file one after another; the format is
// the common one of deb(5), with short names only.
type arReader struct {
	r      io.Reader
	member io.LimitedReader // the current member's rest
	pad    int64            // 1 if a newline follows the current member
}

// newArReader reads the magic line.
func newArReader(r io.Reader) (*arReader, error) {
	const magic = "!<arch>\n"
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, fmt.Errorf("reading the ar header: %w", short(err))
	}
	if string(head) != magic {
		return nil, errors.New("not a package file: it does not start with \"!<arch>\"")
	}
	return &arReader{r: r}, nil
}

// next skips to the next member and returns its name, or io.EOF.
func (a *arReader) next() (string, error) {
	if err := a.finish(); err != nil {
		return "", err
	}
	head := make([]byte, 60)
	if _, err := io.ReadFull(a.r, head); err == io.EOF {
		return "", io.EOF
	} else if err != nil {
		return "", fmt.Errorf("reading an ar member's header: %w", err)
	}
	if head[58] != '`' || head[59] != '\n' {
		return "", errors.New("damaged ar member header")
	}
	size, err := strconv.ParseInt(strings.TrimSpace(string(head[48:58])), 10, 64)
	if err != nil || size < 0 {
		return "", fmt.Errorf("ar member size %q is not a number", head[48:58])
	}
	a.member = io.LimitedReader{R: a.r, N: size}
	a.pad = size % 2
	name := strings.TrimSuffix(strings.TrimRight(string(head[:16]), " "), "/")
	return name, nil
}

// finish reads the rest of the current member, which must be there.
func (a *arReader) finish() error {
	if _, err := io.Copy(io.Discard, &a.member); err != nil {
		return err
	}
	if a.member.N > 0 {
		return io.ErrUnexpectedEOF
	}
	if a.pad == 0 {
		return nil
	}
	a.pad = 0
	var nl [1]byte
	// The padding after the last member may be missing.
	if _, err := io.ReadFull(a.r, nl[:]); err != nil && err != io.EOF {
		return err
	}
	return nil
}

// Read reads from the current member; a member that is cut short is
// io.ErrUnexpectedEOF.
func (a *arReader) Read(p []byte) (int, error) {
	n, err := a.member.Read(p)
	if err == io.EOF && a.member.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// short turns an end of file where more was promised into the error that says so.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
