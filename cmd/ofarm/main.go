// Ofarm builds an OCaml project into executables that run on any Linux. See
// "ofarm help", which is its manual.
package main

import (
	"context"
	"errors"
	"io"
	stdlog "log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/containerd/log"

	"github.com/ofarm/ofarm/targets"
)

// Exit codes of ofarm.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitLock        = 3 // a lock that "ofarm lock" would mend, see isLockError
	exitInterrupted = 130
)

// memoryLimit is where the garbage collector begins to work harder, in bytes.
// Measured while Debian bases are assembled, ofarm's peak: two at once without
// a limit 222 MiB, three at once with it 115 MiB, at no cost in time.
const memoryLimit = 96 << 20

func main() { os.Exit(mainCode()) }

// mainCode runs ofarm in this process's environment.
func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends ofarm at once: the first one only cancels.
	context.AfterFunc(ctx, stop)
	// BuildKit's client warns by it of what is an error of ours anyway.
	_ = log.SetLevel("error")
	// Go's http2 writes there when a session with a daemon ends.
	stdlog.SetOutput(io.Discard)
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	w := &world{
		Args:   os.Args[1:],
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Getenv: os.Getenv,
		Now:    time.Now,
	}
	return w.run(ctx)
}

// world is all that ofarm takes from outside itself; nothing below cmd/ reads
// the environment or the clock.
type world struct {
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time

	// ctx ends with a signal. It is for what is read long after a command has
	// opened it.
	ctx context.Context

	// logsShown tells that the display shows the logs of failed steps.
	logsShown bool
}

// run executes a command line and returns the exit code.
func (w *world) run(ctx context.Context) int {
	w.ctx = ctx
	root := newRoot(w)
	root.SetArgs(w.Args)
	root.SetOut(w.Stdout)
	root.SetErr(w.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil {
		err = errInterrupted
	}
	w.report(err)
	return exitCode(err)
}

// errInterrupted stands for whatever fails once a signal has come.
var errInterrupted = errors.New("interrupted")

func exitCode(err error) int {
	var usage *usageError
	switch {
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &usage), as[*targets.UnknownError](err):
		return exitUsage
	case as[*unfitError](err):
		return exitFailed
	case isLockError(err):
		return exitLock
	}
	return exitFailed
}
