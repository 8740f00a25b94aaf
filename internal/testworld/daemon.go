package testworld

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// BuildKit is a running buildkitd of a test's own.
type BuildKit struct {
	// Address is what clients dial: "unix:///tmp/…/buildkitd.sock".
	Address string
	// Root is the folder of the daemon's state.
	Root string
	// Log is the file of what it wrote.
	Log string

	dir     string
	process *exec.Cmd
	ended   chan struct{}
}

const (
	daemonStart = 60 * time.Second
	daemonStop  = 30 * time.Second
)

// Daemon starts a real buildkitd with runc, with state and socket of its own,
// and stops it when the test ends. Several may run at once. If the test
// failed, the end of the daemon's log is in the test's.
//
// The binary is $OFARM_BUILDKITD, else bin/buildkitd of the repository, which
// is built from go.mod's version where it is missing. Where no daemon can run
// (not Linux's root, no runc) the test is skipped, or fails if
// OFARM_TEST_DAEMON is "require".
func Daemon(t testing.TB) *BuildKit {
	t.Helper()
	runc, err := daemonNeeds()
	if err != nil {
		skip(t, fmt.Errorf("no buildkitd can run here: %w", err))
	}
	binary, err := buildkitdBinary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := startDaemon(binary, runc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := b.stop()
		if t.Failed() {
			t.Logf("end of buildkitd's log:\n%s", tail(b.Log, 100))
		}
		if err := errors.Join(err, b.remove()); err != nil {
			t.Errorf("stopping buildkitd: %v", err)
		}
	})
	if err := b.wait(); err != nil {
		t.Fatal(err)
	}
	return b
}

func daemonNeeds() (runc string, err error) {
	if os.Geteuid() != 0 {
		return "", errors.New("it needs root")
	}
	runc, err = exec.LookPath("runc")
	if err != nil {
		return "", fmt.Errorf("it needs runc (apt-get install runc): %w", err)
	}
	return runc, nil
}

// buildkitdBinary builds the daemon if need be, under a lock, since the tests
// of several packages run at once.
func buildkitdBinary(ctx context.Context) (string, error) {
	if path := os.Getenv("OFARM_BUILDKITD"); path != "" {
		return path, nil
	}
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("looking for the repository: %w", err)
	}
	bin := filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "bin")
	path := filepath.Join(bin, "buildkitd")
	unlock, err := lockFolder(bin)
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, goBuild(ctx, path, "github.com/moby/buildkit/cmd/buildkitd")
}

func goBuild(ctx context.Context, path, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path+".new", pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return os.Rename(path+".new", path)
}

func startDaemon(binary, runc string) (*BuildKit, error) {
	// Not t.TempDir: a socket's path has at most 107 bytes.
	dir, err := os.MkdirTemp("", "ofarm-buildkitd-")
	if err != nil {
		return nil, err
	}
	b := &BuildKit{
		Address: "unix://" + filepath.Join(dir, "buildkitd.sock"),
		Root:    filepath.Join(dir, "root"),
		Log:     filepath.Join(dir, "log"),
		dir:     dir,
		ended:   make(chan struct{}),
	}
	if err := b.start(binary, runc); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", binary, err), os.RemoveAll(dir))
	}
	return b, nil
}

func (b *BuildKit) start(binary, runc string) error {
	config, err := toml.Marshal(b.config(runc))
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "buildkitd.toml")
	if err := os.WriteFile(file, config, 0o644); err != nil {
		return err
	}
	log, err := os.Create(b.Log)
	if err != nil {
		return err
	}
	defer log.Close()
	b.process = exec.Command(binary, "--config", file)
	b.process.Stdout, b.process.Stderr = log, log
	// A test binary that is killed takes its daemon along.
	b.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	go b.run(started)
	return <-started
}

// run starts the process and waits for it on one thread's goroutine: the
// kernel sends Pdeathsig when the thread that started it ends.
func (b *BuildKit) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := b.process.Start()
	started <- err
	if err == nil {
		_ = b.process.Wait()
	}
	close(b.ended)
}

// config is a buildkitd.toml: one runc worker on overlayfs, no network
// plugins, nothing that two daemons would share.
func (b *BuildKit) config(runc string) map[string]any {
	type table = map[string]any
	return table{
		"root": b.Root,
		"grpc": table{"address": []string{b.Address}},
		"otel": table{"socketPath": filepath.Join(b.dir, "otel.sock")},
		"cdi":  table{"disabled": true},
		"worker": table{
			"oci": table{
				"enabled":     true,
				"snapshotter": "overlayfs",
				"binary":      runc,
				"networkMode": "host",
			},
			"containerd": table{"enabled": false},
		},
	}
}

// wait returns when the socket takes connections.
func (b *BuildKit) wait() error {
	deadline := time.Now().Add(daemonStart)
	path := strings.TrimPrefix(b.Address, "unix://")
	for {
		if conn, err := net.Dial("unix", path); err == nil {
			return conn.Close()
		}
		select {
		case <-b.ended:
			return fmt.Errorf("buildkitd ended as it started:\n%s", tail(b.Log, 40))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("buildkitd isn't ready after %s:\n%s", daemonStart, tail(b.Log, 40))
		}
	}
}

// stop ends the daemon: asked first, killed when it doesn't listen.
func (b *BuildKit) stop() error {
	_ = b.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-b.ended:
		return nil
	case <-time.After(daemonStop):
	}
	_ = b.process.Process.Kill()
	<-b.ended
	return fmt.Errorf("it went on for %s after SIGTERM and was killed", daemonStop)
}

// remove deletes the daemon's folder, after taking away what is still
// mounted there.
func (b *BuildKit) remove() error {
	mounts, err := mountsBelow(b.dir)
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(mounts) {
		_ = syscall.Unmount(m, syscall.MNT_DETACH)
	}
	return os.RemoveAll(b.dir)
}

// mountsBelow lists mount points in the order they were mounted, as proc(5)
// tells them in /proc/self/mountinfo.
func mountsBelow(dir string) ([]string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var below []string
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 4 && strings.HasPrefix(f[4], dir+"/") {
			below = append(below, f[4])
		}
	}
	return below, nil
}

// tail is the last n lines of a file, or why it can't be read.
func tail(file string, n int) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], nil))
}
