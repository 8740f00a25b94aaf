package solve

import (
	"bufio"
	"context"
	"errors"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// eventually waits for something that another process does.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// daemons counts the processes of the private daemon of a state folder.
func daemons(state string) int { return len(daemonFolders(state)) }

// daemonFolders are the folders in /proc of those processes.
func daemonFolders(state string) []string {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var out []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(data), filepath.Join(state, "buildkitd.toml")) {
			out = append(out, filepath.Dir(f))
		}
	}
	return out
}

func TestPrivateLife(t *testing.T) {
	needDaemon(t)
	state := t.TempDir()
	e, err := Find(t.Context(), options(t, state))
	if err != nil {
		t.Fatal(err)
	}
	if !e.Private || e.Addr != "unix://"+state+"/run/buildkitd.sock" || len(e.Platforms) == 0 || e.Snapshotter == "" {
		t.Errorf("%+v", e)
	}
	if daemons(state) == 0 {
		t.Error("no process")
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if n := daemons(state); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

// What BuildKit leaves of its temporary files is in the state folder, and gone
// when the next daemon starts.
func TestPrivateTemp(t *testing.T) {
	needDaemon(t)
	state := t.TempDir()
	left := filepath.Join(state, "tmp", "buildkit-mount1", "file")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	find(t, options(t, state))
	if _, err := os.Lstat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", left, err)
	}
	for _, dir := range daemonFolders(state) {
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(strings.Split(string(env), "\x00"), "TMPDIR="+filepath.Join(state, "tmp")) {
			t.Errorf("%s: %q", dir, env)
		}
	}
}

// Two users of a state folder share the daemon, and the last stops it.
func TestPrivateShared(t *testing.T) {
	needDaemon(t)
	o := options(t, t.TempDir())
	type found struct {
		e   *Engine
		err error
	}
	ch := make(chan found)
	for range 2 {
		go func() {
			e, err := Find(t.Context(), o)
			ch <- found{e, err}
		}()
	}
	a, b := <-ch, <-ch
	if a.err != nil || b.err != nil {
		t.Fatal(a.err, b.err)
	}
	before := daemons(o.StateDir)
	if err := a.e.Close(); err != nil {
		t.Error(err)
	}
	if n := daemons(o.StateDir); n != before {
		t.Errorf("%d processes after the first Close, %d before", n, before)
	}
	w := &world{engine: b.e, base: base(t)}
	if _, err := w.run(t, t.Context(), RunOptions{}, Request{Name: "x", Definition: marshal(t, w.step("x", "write", "/out/x", "x"))}); err != nil {
		t.Error(err)
	}
	if err := b.e.Close(); err != nil {
		t.Error(err)
	}
	if n := daemons(o.StateDir); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

// Finding and closing over and over from several sides meets every moment of
// a stopping daemon.
func TestPrivateChurn(t *testing.T) {
	needDaemon(t)
	o := options(t, t.TempDir())
	errs := make(chan error)
	for range 3 {
		go func() {
			var err error
			for range 5 {
				e, e2 := Find(t.Context(), o)
				if e2 != nil {
					err = e2
					break
				}
				err = errors.Join(err, e.Close())
			}
			errs <- err
		}()
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	eventually(t, "no process", func() bool { return daemons(o.StateDir) == 0 })
}

// A user that is killed leaves nothing either: neither the daemon nor the step
// that was running.
func TestPrivateKilled(t *testing.T) {
	if state := os.Getenv("SOLVE_TEST_VICTIM"); state != "" {
		victim(t, state)
	}
	needDaemon(t)
	state := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestPrivateKilled$", "-test.count=1")
	cmd.Env = append(os.Environ(), "SOLVE_TEST_VICTIM="+state, "TMPDIR="+t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(out)
	for s.Scan() && !strings.HasSuffix(s.Text(), "sleeping") {
	}
	if running("/bin/prog", "sleep", t.Name()) == 0 || daemons(state) == 0 {
		t.Error("nothing runs")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, "no daemon", func() bool { return daemons(state) == 0 })
	eventually(t, "no step", func() bool { return running("/bin/prog", "sleep", t.Name()) == 0 })
}

// victim solves a step that sleeps, until killed.
func victim(t *testing.T, state string) {
	e, err := Find(t.Context(), options(t, state))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{engine: e, base: base(t)}
	_, err = w.run(t, t.Context(), RunOptions{Output: os.Stdout, Progress: "plain"},
		Request{Name: "x", Definition: marshal(t, w.step("sleep", "sleep", t.Name()))})
	t.Fatal(err)
}

// A daemon that dies is not an end: the solve says so, and the next Find
// starts another.
func TestPrivateDies(t *testing.T) {
	w := newWorld(t)
	state := w.engine.daemon.places.state
	out := &firstWrite{text: "sleeping", seen: make(chan struct{})}
	seen := out.seen
	go func() {
		<-seen
		if err := syscall.Kill(w.engine.daemon.pid(), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}()
	_, err := w.run(t, t.Context(), RunOptions{Output: out, Progress: "plain"},
		Request{Name: "one", Definition: marshal(t, w.step("sleep", "sleep", t.Name()))})
	var lost *LostError
	if !errors.As(err, &lost) || lost.LogFile == "" {
		t.Fatalf("%v", err)
	}
	eventually(t, "no step", func() bool { return running("/bin/prog", "sleep", t.Name()) == 0 })
	again := find(t, options(t, state))
	if again.Addr != w.engine.Addr {
		t.Errorf("%q, before %q", again.Addr, w.engine.Addr)
	}
}

// pid is the daemon's own process; -1 would be everybody.
func (d *daemon) pid() int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		data, err := os.ReadFile(f)
		args := strings.Split(string(data), "\x00")
		if err == nil && len(args) == 4 && filepath.Base(args[0]) == "buildkitd" && args[2] == d.places.config() {
			n, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			return n
		}
	}
	return math.MaxInt32
}

func TestStaleSocket(t *testing.T) {
	needDaemon(t)
	o := options(t, t.TempDir())
	p, err := makePlaces(o.StateDir)
	if err != nil {
		t.Fatal(err)
	}
	stale(t, p.socket)
	find(t, o)
}

// stale makes a socket nobody listens at.
func stale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Fatal(err)
	}
}

func TestLongState(t *testing.T) {
	needDaemon(t)
	o := options(t, filepath.Join(t.TempDir(), strings.Repeat("long/", 30)))
	e := find(t, o)
	if len(e.Addr) > maxSocketPath || strings.Contains(e.Addr, "long") {
		t.Errorf("%q", e.Addr)
	}
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(e.daemon.places.socket)) })
}

func TestFindRunning(t *testing.T) {
	needDaemon(t)
	private := find(t, options(t, t.TempDir()))
	stalePath := filepath.Join(t.TempDir(), "s")
	stale(t, stalePath)
	for name, o := range map[string]Options{
		"addr":    {Addr: private.Addr, StateDir: t.TempDir()},
		"sockets": {Sockets: []string{"unix:///not/there", "unix://" + stalePath, private.Addr}, StateDir: t.TempDir()},
	} {
		e, err := Find(t.Context(), o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e.Private || e.Addr != private.Addr {
			t.Errorf("%s: %+v", name, e)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestUnreachable(t *testing.T) {
	for _, addr := range []string{"unix:///not/there", "tcp://127.0.0.1:1", "nonsense://x", "docker-container://ofarm-no-such"} {
		_, err := Find(t.Context(), Options{Addr: addr, StateDir: t.TempDir(), Path: os.Getenv("PATH")})
		var e *UnreachableError
		if !errors.As(err, &e) || e.Addr != addr || strings.Contains(err.Error(), "desc =") {
			t.Errorf("%s: %v", addr, err)
		}
	}
	_, err := Find(t.Context(), Options{Addr: "unix:///not/there"})
	if want := `connecting to BuildKit at "unix:///not/there": dial unix /not/there: connect: no such file or directory`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestIsAddr(t *testing.T) {
	for addr, want := range map[string]bool{
		"unix:///run/x.sock": true, "tcp://host:1": true, "docker-container://buildkitd": true, "kube-pod://x": true,
		"": false, "bogus": false, "/run/x.sock": false, "http://host:1": false, "unix://": false,
	} {
		if got := IsAddr(addr); got != want {
			t.Errorf("%q: %t", addr, got)
		}
	}
}

// script writes a shell script.
func script(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// broken is a state folder with a daemon of our own making.
func broken(t *testing.T, text string) Options {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("not root")
	}
	bin := t.TempDir()
	script(t, bin, "buildkitd", text)
	script(t, bin, "runc", "")
	return Options{Sockets: []string{}, StateDir: t.TempDir(), BinDir: bin, Path: os.Getenv("PATH")}
}

func TestDiesAtStart(t *testing.T) {
	_, err := Find(t.Context(), broken(t, "echo one; echo no overlayfs >&2; exit 3"))
	var e *StartError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	contains(t, err.Error(), "starting buildkitd: it ended: exit status 3", "| no overlayfs", "whole log: "+e.LogFile)
}

// The guard may be told to end before it has begun.
// Root without CAP_SYS_ADMIN is told so, with fewer processors too: these need
// it as well.
func TestNotPrivileged(t *testing.T) {
	const again = "SOLVE_TEST_NOT_PRIVILEGED"
	if os.Getenv(again) != "" {
		for _, cpus := range []int{0, 1} {
			o := options(t, t.TempDir())
			o.CPUs = cpus
			var missing *MissingError
			if _, err := Find(t.Context(), o); !errors.As(err, &missing) {
				t.Errorf("%d processors: %v", cpus, err)
			}
		}
		return
	}
	needDaemon(t)
	setpriv, err := exec.LookPath("setpriv")
	if os.Getuid() != 0 || err != nil {
		t.Skipf("not root, or %v", err)
	}
	cmd := exec.Command(setpriv, "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", os.Args[0], "-test.run", "^TestNotPrivileged$")
	cmd.Env = append(os.Environ(), again+"=yes")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestInterruptedAtStart(t *testing.T) {
	for _, after := range []time.Duration{time.Millisecond, 4 * time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond} {
		o := broken(t, "exec sleep 1000")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(after, cancel)
		if _, err := Find(ctx, o); !errors.Is(err, context.Canceled) {
			t.Errorf("after %s: %v", after, err)
		}
		eventually(t, "nobody holds the daemon", func() bool {
			d := &daemon{places: places{state: o.StateDir}}
			return d.gone()
		})
	}
}
