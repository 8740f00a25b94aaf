package testworld

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is what goes wrong with one path of a [Server]. The zero value is no
// fault.
type Fault struct {
	// Status answers with this code and no content: 404, 503.
	Status int
	// Truncate sends this many bytes of what Content-Length promised and
	// then closes the connection; 0 sends everything.
	Truncate int64
	// Garbage answers 200 with these bytes in place of the file's.
	Garbage []byte
	// Delay passes before the answer, or ends early when the client leaves.
	Delay time.Duration
	// Times is how often the fault happens before the path is well again;
	// 0 is always.
	Times int
}

// Server is an HTTP server on the loopback interface that hands out the files
// of a folder, goes wrong when told to, and counts what it is asked for. Its
// methods may be called at any time from any goroutine.
type Server struct {
	// URL is the base URL, without a slash at the end: "http://127.0.0.1:41234".
	URL string

	http  *http.Server
	files http.Handler

	mu          sync.Mutex
	connections int
	requests    map[string]int
	faults      map[string]Fault
}

// Serve serves the files of a folder on a free port of 127.0.0.1 until Close.
// Ranges and conditional requests work, as on a real mirror.
func Serve(dir string) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serving %s: %w", dir, err)
	}
	s := &Server{
		URL:      "http://" + listener.Addr().String(),
		files:    http.FileServer(http.Dir(dir)),
		requests: map[string]int{},
		faults:   map[string]Fault{},
	}
	s.http = &http.Server{Handler: s, ConnState: s.count, ReadHeaderTimeout: time.Minute}
	go s.http.Serve(listener)
	return s, nil
}

// Close stops the server and drops its connections.
func (s *Server) Close() error { return s.http.Close() }

// Fail sets what goes wrong with a path ("/dists/trixie/InRelease"); a zero
// fault makes it well again. The path "*" stands for every path without a
// fault of its own.
func (s *Server) Fail(path string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[path] = f
}

// Requests tells how often a path was asked for; "*" counts all.
func (s *Server) Requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if path != "*" {
		return s.requests[path]
	}
	sum := 0
	for _, n := range s.requests {
		sum += n
	}
	return sum
}

// Connections tells how many connections were ever opened.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

func (s *Server) count(_ net.Conn, state http.ConnState) {
	if state != http.StateNew {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections++
}

// ServeHTTP answers one request, with its fault if it has one.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := s.take(path.Clean(r.URL.Path))
	if fault.Delay > 0 {
		select {
		case <-time.After(fault.Delay):
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case fault.Status != 0:
		w.WriteHeader(fault.Status)
	case fault.Garbage != nil:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(fault.Garbage))
	case fault.Truncate > 0:
		s.truncate(w, r, fault.Truncate)
	default:
		s.files.ServeHTTP(w, r)
	}
}

// take counts a request and returns its fault.
func (s *Server) take(path string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[path]++
	key := path
	if _, own := s.faults[path]; !own {
		key = "*"
	}
	fault := s.faults[key]
	if fault.Times == 1 {
		delete(s.faults, key)
	}
	if fault.Times > 1 {
		left := fault
		left.Times--
		s.faults[key] = left
	}
	return fault
}

func (s *Server) truncate(w http.ResponseWriter, r *http.Request, n int64) {
	s.files.ServeHTTP(&truncated{ResponseWriter: w, left: n}, r)
	panic(http.ErrAbortHandler)
}

// truncated lets the header and the first bytes of an answer through.
type truncated struct {
	http.ResponseWriter
	left int64
}

func (t *truncated) Write(p []byte) (int, error) {
	if int64(len(p)) > t.left {
		n, err := t.ResponseWriter.Write(p[:t.left])
		t.left -= int64(n)
		if err == nil {
			err = io.ErrShortWrite
		}
		if f, ok := t.ResponseWriter.(http.Flusher); ok {
			f.Flush()
		}
		return n, err
	}
	t.left -= int64(len(p))
	return t.ResponseWriter.Write(p)
}

// Port is the server's port, for steps that must not reach it.
func (s *Server) Port() int {
	n, _ := strconv.Atoi(s.URL[strings.LastIndexByte(s.URL, ':')+1:])
	return n
}
