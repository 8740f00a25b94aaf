package deb

import (
	"io"
	"sync"
)

// chunkSize is how much is decompressed ahead at once.
const chunkSize = 256 << 10

// An aheadReader reads another reader in a goroutine, some chunks before they
// are asked for.
type aheadReader struct {
	chunks chan []byte
	stop   chan struct{}
	once   sync.Once
	done   chan struct{} // closed when the goroutine has ended
	err    error         // set before chunks is closed
	now    []byte
	from   io.ReadCloser
}

// readAhead starts to read from, at most n bytes ahead.
func readAhead(from io.ReadCloser, n int) *aheadReader {
	a := &aheadReader{
		chunks: make(chan []byte, max(1, n/chunkSize)),
		stop:   make(chan struct{}), done: make(chan struct{}), from: from,
	}
	go a.fill()
	return a
}

// fill reads until the end, an error or Close.
func (a *aheadReader) fill() {
	defer close(a.done)
	defer close(a.chunks)
	for a.err == nil {
		chunk := make([]byte, chunkSize)
		n, err := io.ReadFull(a.from, chunk)
		if err == io.ErrUnexpectedEOF && n > 0 {
			// Whether from's own end is unexpected, its next Read says.
			err = nil
		}
		a.err = err
		if n == 0 {
			continue
		}
		select {
		case a.chunks <- chunk[:n]:
		case <-a.stop:
			a.err = io.ErrClosedPipe
		}
	}
}

// Read returns what was read ahead.
func (a *aheadReader) Read(p []byte) (int, error) {
	for len(a.now) == 0 {
		chunk, ok := <-a.chunks
		if !ok {
			return 0, a.err
		}
		a.now = chunk
	}
	n := copy(p, a.now)
	a.now = a.now[n:]
	return n, nil
}

// Close stops the goroutine, waits for it, and closes what it read.
func (a *aheadReader) Close() error {
	a.once.Do(func() { close(a.stop) })
	<-a.done
	return a.from.Close()
}
