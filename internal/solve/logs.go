package solve

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	digest "github.com/opencontainers/go-digest"
)

// logs keeps what vertices write: all of it in files, the end in memory.
type logs struct {
	dir string // empty: no files

	mu  sync.Mutex
	all map[digest.Digest]*vertexLog
	err error // the first that writing a file met
}

// vertexLog is one vertex's log.
type vertexLog struct {
	name string
	path string   // empty before the first byte
	file *os.File // nil while nothing is to be written
	tail []byte   // at most 2*tailBytes
}

func newLogs(dir string) *logs {
	return &logs{dir: dir, all: map[digest.Digest]*vertexLog{}}
}

// name notes what a vertex is called.
func (l *logs) name(d digest.Digest, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.get(d).name = name
}

func (l *logs) get(d digest.Digest) *vertexLog {
	v := l.all[d]
	if v == nil {
		v = &vertexLog{}
		l.all[d] = v
	}
	return v
}

// write adds to a vertex's log.
func (l *logs) write(d digest.Digest, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.get(d)
	v.tail = append(v.tail, data...)
	if len(v.tail) > 2*tailBytes {
		v.tail = append([]byte(nil), v.tail[len(v.tail)-tailBytes:]...)
	}
	l.fail(l.store(d, v, data))
}

// store writes to the vertex's file, which the first write makes anew. After
// an error no more is tried.
func (l *logs) store(d digest.Digest, v *vertexLog, data []byte) error {
	if l.dir == "" || l.err != nil {
		return nil
	}
	if v.file == nil {
		if err := v.open(filepath.Join(l.dir, logName(v.name, d))); err != nil {
			return err
		}
	}
	_, err := v.file.Write(data)
	return err
}

// open makes the file, or opens again what this run made.
func (v *vertexLog) open(path string) error {
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if v.path == "" {
		flags |= os.O_TRUNC
		v.path = path
	}
	if err := os.MkdirAll(filepath.Dir(v.path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(v.path, flags, 0o644)
	v.file = f
	return err
}

// pause closes the file of a vertex that has ended, so that a large graph
// doesn't hold hundreds open.
func (l *logs) pause(d digest.Digest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail(l.get(d).close())
}

func (v *vertexLog) close() error {
	f := v.file
	v.file = nil
	if f == nil {
		return nil
	}
	return f.Close()
}

// fail notes the first error.
func (l *logs) fail(err error) {
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("writing the logs: %w", err)
	}
}

// end returns the last n lines of a vertex's log, and its file.
func (l *logs) end(d digest.Digest, n int) ([]string, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.get(d)
	return lastLines(v.tail, n), v.path
}

// close closes the files and returns the first error met with any.
func (l *logs) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.all {
		l.fail(v.close())
	}
	return l.err
}

// logName is a log's file name: the vertex's name as far as it can be one, and
// twelve digits of its digest.
func logName(name string, d digest.Digest) string {
	slug := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._+-", r):
			return r
		}
		return '-'
	}, name)
	slug = strings.Trim(slug, "-.")
	if len(slug) > 60 {
		slug = slug[:60]
	}
	return fmt.Sprintf("%s-%.12s.log", slug, d.Encoded())
}
