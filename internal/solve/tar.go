package solve

import (
	"errors"
	"io"
	"sync"

	"github.com/moby/buildkit/client"
)

// errNoTar is a daemon's that ends a solve without having sent its result.
var errNoTar = errors.New("the daemon sent no result")

// tarStream brings a request's result as a tar from the session, which writes
// it, to the request's reader. The zero value exports nothing.
type tarStream struct {
	read func(io.Reader) error // nil: nothing is exported

	mu     sync.Mutex
	writer *io.PipeWriter // nil: the session hasn't begun
	done   chan error
	closed bool  // the session has no more to write
	early  error // the reader's, from before that
}

// export is what the client is told.
func (t *tarStream) export() []client.ExportEntry {
	if t.read == nil {
		return nil
	}
	return []client.ExportEntry{{Type: client.ExporterTar, Output: t.open}}
}

// open starts the reader; the session calls it before it writes.
func (t *tarStream) open(map[string]string) (io.WriteCloser, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, io.ErrClosedPipe
	}
	r, w := io.Pipe()
	t.writer, t.done = w, make(chan error, 1)
	go func() { t.done <- t.follow(r) }()
	return tarWriter{w, t}, nil
}

// follow lets the reader read, and takes what it leaves.
func (t *tarStream) follow(r *io.PipeReader) error {
	err := t.read(r)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	t.mu.Lock()
	if !t.closed {
		t.early = err
	}
	t.mu.Unlock()
	r.CloseWithError(err) // if there is one, the session's next write fails
	return err
}

// end notes that no more is written, and tells whether something was.
func (t *tarStream) end() (begun bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	return t.writer != nil
}

// tarWriter notes its end.
type tarWriter struct {
	*io.PipeWriter
	stream *tarStream
}

func (w tarWriter) Close() error {
	w.stream.end()
	return w.PipeWriter.Close()
}

// finish waits for the reader once the solve has ended, with an error or nil,
// and returns what went wrong first.
func (t *tarStream) finish(solved error) error {
	if t.read == nil {
		return solved
	}
	if !t.end() {
		if solved == nil {
			return errNoTar
		}
		return solved
	}
	if solved != nil {
		t.writer.CloseWithError(solved)
	}
	err := <-t.done
	switch {
	case t.early != nil:
		return t.early
	case solved != nil:
		return solved
	}
	return err
}
