// Ofarm builds an OCaml project into executables that run on any Linux. See
// "ofarm help", which is its manual.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-multierror"
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
	w.report(err)
	return exitCode(ctx, err)
}

// report prints every failure, each with what to do about it where that is
// known. A hint that many failures share is printed once.
func (w *world) report(err error) {
	said := map[string]bool{}
	for _, e := range failures(err) {
		fmt.Fprintf(w.Stderr, "ofarm: error: %s\n", strings.TrimRight(e.Error(), "\n"))
		if h := hint(e); h != "" && !said[h] {
			said[h] = true
			fmt.Fprintf(w.Stderr, "ofarm: hint: %s\n", h)
		}
	}
}

// failures takes an error apart into those that stand for themselves.
func failures(err error) []error {
	var many *multierror.Error
	if !errors.As(err, &many) || len(many.Errors) == 0 {
		return []error{err}
	}
	var out []error
	for _, e := range many.Errors {
		out = append(out, failures(e)...)
	}
	return out
}

func exitCode(ctx context.Context, err error) int {
	var usage *usageError
	switch {
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &usage):
		return exitUsage
	case isLockError(err):
		return exitLock
	}
	return exitFailed
}

// usageError is a command line that can't be understood.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
