// Ofarm builds an OCaml project into executables that run on any Linux. See
// "ofarm help", which is its manual.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
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
	exitLock        = 3 // the lock is missing or stale
	exitInterrupted = 130
)

func main() { os.Exit(mainCode()) }

// mainCode runs ofarm in this process's environment.
func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends ofarm at once: the first one only cancels.
	context.AfterFunc(ctx, stop)
	// BuildKit's client warns by it of what is an error of ours anyway.
	_ = log.SetLevel("error")
	w := &world{
		Args:   os.Args[1:],
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
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time

	// logsShown tells that the display shows the logs of failed steps.
	logsShown bool
}

// run executes a command line and returns the exit code.
func (w *world) run(ctx context.Context) int {
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
	case isLockError(err):
		return exitLock
	}
	return exitFailed
}
