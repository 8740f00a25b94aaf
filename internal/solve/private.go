package solve

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// guardScript runs the daemon for as long as somebody uses it.
//
//go:embed guard.sh
var guardScript string

const (
	startTimeout = 30 * time.Second // a cold disk, a machine under load
	stopTimeout  = 15 * time.Second // the guard uses force after 10
	pollInterval = 3 * time.Millisecond
)

// daemon is the use of a private daemon: while users is locked it stays.
type daemon struct {
	places places
	users  *flock.Flock
}

// private returns the private daemon of o.StateDir, started if it isn't
// running.
func private(ctx context.Context, o Options) (*Engine, error) {
	if o.StateDir == "" {
		return nil, &MissingError{Missing: []Requirement{{What: "a folder for its state"}}}
	}
	p, err := makePlaces(o.StateDir)
	if err != nil {
		return nil, fmt.Errorf("starting buildkitd: %w", err)
	}
	d := &daemon{places: p, users: flock.New(p.usersLock())}
	if _, err := d.users.TryRLockContext(ctx, pollInterval); err != nil {
		return nil, fmt.Errorf("starting buildkitd: locking %s: %w", p.usersLock(), err)
	}
	e, err := d.join(ctx, o)
	if err != nil {
		return nil, errors.Join(err, d.release())
	}
	e.Private, e.daemon, e.keep = true, d, o.keepBytes()
	return e, nil
}

// join connects to the running daemon, or starts one. One process at a time
// looks and starts.
func (d *daemon) join(ctx context.Context, o Options) (*Engine, error) {
	lock := flock.New(d.places.startLock())
	if _, err := lock.TryLockContext(ctx, pollInterval); err != nil {
		return nil, fmt.Errorf("starting buildkitd: locking %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	if socketExists(d.places.addr()) {
		if e, err := connect(ctx, d.places.addr(), TLS{}); err == nil {
			return e, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return d.start(ctx, o)
}

// start starts the guard with the daemon and waits until it lists its worker.
// Any socket that is there is stale, for nobody answered at it.
func (d *daemon) start(ctx context.Context, o Options) (*Engine, error) {
	command, err := thisHost(o).command(d.places, o)
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(d.places.socket); err != nil {
		return nil, fmt.Errorf("starting buildkitd: %w", err)
	}
	alive, err := d.lockAlive(ctx)
	if err != nil {
		return nil, err
	}
	defer alive.Close()
	if err := d.places.emptyTemp(); err != nil {
		return nil, fmt.Errorf("starting buildkitd: %w", err)
	}
	cmd, err := d.guard(command, alive, o)
	if err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return d.await(ctx, cmd, ended)
}

// lockAlive opens and locks alive.lock. Its former holder may be about to
// exit, so this waits. The lock belongs to the open file, which the guard
// inherits: it is held until the last of its holders is gone.
func (d *daemon) lockAlive(ctx context.Context) (*os.File, error) {
	f, err := os.OpenFile(d.places.aliveLock(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("starting buildkitd: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("starting buildkitd: locking %s: %w", f.Name(), err)
		case <-time.After(pollInterval):
		}
	}
}

// guard starts the guard script with command, in a session of its own and with
// an environment of its own.
func (d *daemon) guard(command []string, alive *os.File, o Options) (*exec.Cmd, error) {
	log, err := d.places.newLog()
	if err != nil {
		return nil, fmt.Errorf("starting buildkitd: %w", err)
	}
	defer log.Close()
	args := append([]string{"-c", guardScript, "ofarm-guard", d.places.usersLock()}, command...)
	cmd := exec.Command("/bin/sh", args...)
	cmd.Env = d.places.environment(o)
	cmd.Dir = d.places.state
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{alive}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() == 0 {
		ownNamespaces(cmd.SysProcAttr)
	}
	err = withCPUs(o.CPUs, cmd.Start)
	// Without CAP_SYS_ADMIN clone(2) says EPERM, seccomp(2) EACCES.
	if errors.Is(err, syscall.EPERM) || o.CPUs > 0 && errors.Is(err, syscall.EACCES) {
		return nil, &MissingError{Missing: []Requirement{{
			What:   "the right to make namespaces",
			Detail: "this root lacks CAP_SYS_ADMIN, as in a container that is not privileged",
		}}}
	}
	if err != nil {
		return nil, fmt.Errorf("starting buildkitd: %w", err)
	}
	return cmd, nil
}

// await polls until the daemon answers or ends. A daemon that doesn't answer
// is stopped.
func (d *daemon) await(ctx context.Context, cmd *exec.Cmd, ended chan error) (*Engine, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	var last error
	for {
		select {
		case err := <-ended:
			return nil, d.startError(fmt.Errorf("it ended: %w", orExited(err)))
		case <-ctx.Done():
			stop(cmd.Process, ended)
			return nil, d.startError(errors.Join(context.Cause(ctx), last))
		case <-tick.C:
		}
		if !socketExists(d.places.addr()) {
			continue
		}
		e, err := connect(ctx, d.places.addr(), TLS{})
		if err == nil {
			return e, d.hideTracing()
		}
		last = err
	}
}

// stop asks the guard to end, and returns when it has. It asks again and again: the
// first process of a namespace gets no signal that it hasn't said what to do at,
// and the guard may be that young. The last time it doesn't ask.
func stop(guard *os.Process, ended <-chan error) {
	for deadline := time.After(stopTimeout); ; {
		_ = guard.Signal(syscall.SIGTERM)
		select {
		case <-ended:
			return
		case <-deadline:
			_ = guard.Kill()
			<-ended
			return
		case <-time.After(time.Second):
		}
	}
}

// hideTracing removes the socket for traces before any step can run: BuildKit
// would mount it in each, at /dev/otel-grpc.sock, and a step would have a
// process of the machine to talk to.
func (d *daemon) hideTracing() error {
	if err := os.Remove(d.places.tracing()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("starting buildkitd: %w", err)
	}
	return nil
}

// orExited gives an exit without an error a name.
func orExited(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// startError is err with the end of the daemon's log.
func (d *daemon) startError(err error) error {
	log := d.places.log()
	return &StartError{LogFile: log, Tail: fileTail(log, daemonTail), Err: err}
}

// release ends the use. If nobody else uses the daemon it returns when the
// guard has stopped it.
func (d *daemon) release() error {
	if err := d.users.Close(); err != nil {
		return fmt.Errorf("leaving the private daemon: %w", err)
	}
	end := time.NewTimer(stopTimeout)
	defer end.Stop()
	for {
		if d.gone() || d.shared() {
			return nil
		}
		select {
		case <-end.C:
			return fmt.Errorf("stopping buildkitd: it is still there after %v: see %s", stopTimeout, d.places.log())
		case <-time.After(pollInterval):
		}
	}
}

// gone tells whether the guard has exited.
func (d *daemon) gone() bool {
	lock := flock.New(d.places.aliveLock())
	defer lock.Close()
	locked, err := lock.TryLock()
	return locked || err != nil
}

// shared tells whether somebody else uses the daemon: then its lock can be had
// shared, but not exclusively. When the guard is stopping the daemon it can't
// be had at all; in the moment before that, both ways.
func (d *daemon) shared() bool {
	exclusive, shared := flock.New(d.places.usersLock()), flock.New(d.places.usersLock())
	defer exclusive.Close()
	defer shared.Close()
	if locked, err := exclusive.TryLock(); locked || err != nil {
		return false
	}
	locked, err := shared.TryRLock()
	return locked && err == nil
}

func (o Options) keepBytes() int64 {
	if o.KeepBytes == 0 {
		return DefaultKeepBytes
	}
	return o.KeepBytes
}
