package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterrupted interrupts ofarm lock in the midst of a transfer that never
// ends: it ends at once, and leaves the old lock and nothing half-written.
func TestInterrupted(t *testing.T) {
	const old = "ofarm.lock 1\nepoch 1767225600\n"
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			dir := t.TempDir()
			if err := makeWorld(dir); err != nil {
				t.Fatal(err)
			}
			lockPath := filepath.Join(dir, "hello", "ofarm.lock")
			if err := os.WriteFile(lockPath, []byte(old), 0o644); err != nil {
				t.Fatal(err)
			}
			server, asked := endless(t)
			code, stderr := interrupt(t, dir, sig, asked, "lock", "-t", "alpine-3.20", "--alpine-mirror", server, "hello")
			if code != exitInterrupted || stderr != "ofarm: error: interrupted\n" {
				t.Errorf("exit code %d, want %d; it says %q", code, exitInterrupted, stderr)
			}
			if text, err := os.ReadFile(lockPath); err != nil || string(text) != old {
				t.Errorf("the lock is %q: %v", text, err)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "hello", ".ofarm*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// endless serves the beginning of every file, and tells when it has.
func endless(t *testing.T) (url string, asked <-chan struct{}) {
	began := make(chan struct{}, 100)
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write([]byte("the beginning"))
		w.(http.Flusher).Flush()
		began <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-done:
		}
	}))
	t.Cleanup(func() { close(done); s.Close() })
	return s.URL, began
}

// interrupt runs ofarm and sends it a signal once a server was asked.
func interrupt(t *testing.T, dir string, sig syscall.Signal, asked <-chan struct{}, args ...string) (code int, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	c := exec.CommandContext(ctx, "ofarm", args...)
	c.Dir, c.Stderr = dir, &out
	c.Env = append(os.Environ(), "OFARM_CACHE_DIR="+filepath.Join(dir, "cache"))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case <-asked:
	case err := <-ended:
		t.Fatalf("it ended before it was interrupted: %v\n%s", err, out.String())
	}
	if err := c.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	err := <-ended
	var exit *exec.ExitError
	if !errors.As(err, &exit) || strings.Contains(err.Error(), "killed") {
		t.Fatalf("ofarm ended with %v", err)
	}
	return exit.ExitCode(), out.String()
}
