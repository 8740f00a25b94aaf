package daemontest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// failing fails on the targets it names, after a long log.
func failing(names ...string) shellworld.Package {
	return shellworld.Package{Name: "p", Script: `i=0
while [ $i -lt 100 ]; do i=$((i + 1)); echo "line $i"; done
case $(cat /etc/target) in
` + strings.Join(append(names, "none"), "|") + `) echo "it can't be built" >&2; exit 7 ;;
esac
` + note("p", "$(cat /etc/target)")}
}

// stepErrors are the failed steps in an error.
func stepErrors(err error) []*solve.StepError {
	var all *multierror.Error
	var out []*solve.StepError
	if errors.As(err, &all) {
		for _, e := range all.Errors {
			var step *solve.StepError
			if errors.As(e, &step) {
				out = append(out, step)
			}
		}
	}
	return out
}

// A failing step stops its own target, and its error has what one needs to
// know. All failures are told together.
func TestFailingStep(t *testing.T) {
	b := newBench(t, failing(alpine21))
	app := shellworld.Package{Name: "app", Depends: []string{"p"}, Script: cat}
	dir := b.project(app, "", alpine, alpine21)
	_, err := b.try(dir)
	steps := stepErrors(err)
	if len(steps) != 1 {
		t.Fatalf("%d failed steps, want one: %v", len(steps), err)
	}
	s := steps[0]
	if s.Request != alpine21 || s.Vertex != "["+alpine21+"] p.1" || s.ExitCode != 7 || s.Command != "sh -eu build.sh" {
		t.Errorf("request %q, vertex %q, exit code %d, command %q", s.Request, s.Vertex, s.ExitCode, s.Command)
	}
	if n := len(s.Tail); n != solve.DefaultTail || s.Tail[n-1] != "it can't be built" || s.Tail[n-2] != "line 100" {
		t.Errorf("end of the log: %q", s.Tail)
	}
	whole, rerr := os.ReadFile(s.LogFile)
	if rerr != nil || !strings.HasPrefix(string(whole), "+ sh -eu build.sh\nline 1\n") || strings.Count(string(whole), "\n") != 102 {
		t.Errorf("whole log %s: %v:\n%s", s.LogFile, rerr, whole)
	}
	contains(t, err.Error(), "p.1: exit code 7", "command: sh -eu build.sh", "| it can't be built", "whole log: "+s.LogFile)
	if got := exported(t, dir, alpine+"/bin/all"); got != alpine+"\n" {
		t.Errorf("the other target exported %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "dist", alpine21)); !os.IsNotExist(err) {
		t.Errorf("the failing target exported something: %v", err)
	}

	b.put(failing(alpine, alpine21))
	b.lock(dir, app.Depends, alpine, alpine21)
	_, err = b.try(dir)
	var requests []string
	for _, s := range stepErrors(err) {
		requests = append(requests, s.Request)
	}
	if !slices.Equal(requests, []string{alpine, alpine21}) {
		t.Errorf("failed requests %q: %v", requests, err)
	}
}

// Whatever ends a build before its end leaves what was exported before, byte
// for byte.
func TestFailedBuildExportsNothing(t *testing.T) {
	b := newBench(t, ladder()...)
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"z"}, Script: cat, Files: map[string]string{"data": "1"}}, "")
	b.build(dir)
	dist := filepath.Join(dir, "dist")
	before := snapshot(t, dist)
	for name, script := range map[string]string{
		"a failing command":     cat + "exit 1\n",
		"nothing to export":     "true\n",
		"a link to nothing":     "mkdir $OPAM_SWITCH_PREFIX/bin\nln -s nowhere $OPAM_SWITCH_PREFIX/bin/x\n",
		"neither file nor link": cat + "mkfifo $OPAM_SWITCH_PREFIX/bin/x\n",
		"a dependency's file":   cat + "rm $OPAM_SWITCH_PREFIX/lib/z/text\n",
	} {
		write(t, dir, "build.sh", script)
		if _, err := b.try(dir); err == nil {
			t.Errorf("%s: it builds", name)
			continue
		}
		if diff := cmp.Diff(before, snapshot(t, dist)); diff != "" {
			t.Errorf("%s changed what was exported before (-before +after):\n%s", name, diff)
		}
	}
}

// waiter ends a context when it is written a word.
type waiter struct {
	mu     sync.Mutex
	word   string
	seen   bytes.Buffer
	cancel context.CancelCauseFunc
}

var errInterrupted = errors.New("interrupted by the test")

func (w *waiter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.Write(p)
	if strings.Contains(w.seen.String(), w.word) {
		w.cancel(errInterrupted)
	}
	return len(p), nil
}

// An interrupted build ends while its step would go on for hours, with the
// cause as its error, and leaves the export, no process and no half-written
// folder.
func TestInterrupted(t *testing.T) {
	b := newBench(t, ladder()...)
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"z"}, Script: cat, Files: map[string]string{"data": "1"}}, "")
	b.build(dir)
	dist := filepath.Join(dir, "dist")
	before := snapshot(t, dist)
	write(t, dir, "build.sh", "echo it has be''gun\nsleep 36000\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	o := b.options(dir)
	o.Stderr = &waiter{word: "it has begun", cancel: cancel}
	_, err := b.run(ctx, o)
	if !errors.Is(err, errInterrupted) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(before, snapshot(t, dist)); diff != "" {
		t.Errorf("it changed what was exported before (-before +after):\n%s", diff)
	}
	write(t, dir, "build.sh", cat)
	want(t, "afterwards", b.build(dir))
}
