package registrytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// program is the registry's.
const program = "docker-registry"

// Options of a registry.
type Options struct {
	// Dir is where it keeps what it has; it is made.
	Dir string
	// Users is a file of users and passwords as of htpasswd(1), with bcrypt; empty
	// lets everybody in.
	Users string
}

// Server is a registry that runs.
type Server struct {
	// Host is its address: "127.0.0.1:PORT".
	Host string

	command *exec.Cmd
	ended   chan struct{}
	log     lockedBuffer
}

// Start starts a registry for a test and stops it with the test. Where the
// program isn't installed the test is skipped, or fails if OFARM_TEST_DAEMON is
// "require".
func Start(t testing.TB) *Server {
	t.Helper()
	Need(t)
	s, err := Run(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Need skips a test where the program isn't installed.
func Need(t testing.TB) {
	t.Helper()
	if err := Missing(); err != nil {
		if os.Getenv("OFARM_TEST_DAEMON") == "require" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// Missing says what has to be installed; nil if nothing.
func Missing() error {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("apt-get install docker-registry: %w", err)
	}
	return nil
}

// Users is a file for [Options] with one user.
func Users(name, password string) string {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		panic(err) // a password has at most 72 bytes
	}
	return name + ":" + string(hash) + "\n"
}

// Run starts a registry and waits until it answers.
func Run(ctx context.Context, o Options) (*Server, error) {
	// A port that is free now may be taken when the registry asks for it.
	var err error
	for range 3 {
		var s *Server
		if s, err = run(ctx, o); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func run(ctx context.Context, o Options) (*Server, error) {
	host, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	file, err := o.write(host)
	if err != nil {
		return nil, err
	}
	s := &Server{Host: host, command: exec.Command(program, "serve", file), ended: make(chan struct{})}
	s.command.Stdout, s.command.Stderr = &s.log, &s.log
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.ended)
		_ = s.command.Wait() // it is killed at the end
	}()
	if err := s.wait(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("starting %s: %w\n%s", program, err, s.log.String())
	}
	return s, nil
}

// freePort is an address of this machine that nobody listens on.
func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// write writes the registry's configuration
// (https://distribution.github.io/distribution/about/configuration/).
func (o Options) write(host string) (string, error) {
	lines := []string{
		"version: 0.1",
		"log: {level: warn}",
		fmt.Sprintf("storage: {filesystem: {rootdirectory: %q}}", filepath.Join(o.Dir, "data")),
		fmt.Sprintf("http: {addr: %q, secret: tests}", host),
	}
	if o.Users != "" {
		lines = append(lines, fmt.Sprintf("auth: {htpasswd: {realm: tests, path: %q}}", o.Users))
	}
	file := filepath.Join(o.Dir, "config.yml")
	return file, errors.Join(
		os.MkdirAll(o.Dir, 0o755),
		os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644),
	)
}

// wait waits until the registry answers, or ends.
func (s *Server) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Host+"/v2/", nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err == nil {
			return answer.Body.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-s.ended:
			return errors.New("it ended")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the registry.
func (s *Server) Stop() {
	_ = s.command.Process.Kill() // it may have ended
	<-s.ended
}

// lockedBuffer is a buffer that the registry writes to and a test may read.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
