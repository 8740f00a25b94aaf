package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/targets"
)

func several(errs ...error) error { return &multierror.Error{Errors: errs} }

func TestReport(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	alpin := &targets.UnknownError{Name: "alpin", Known: targets.Names()}
	missing := &input.NotFoundError{Failure: input.Failure{Name: "dune.3.17.2"}}
	step := &solve.StepError{
		Request: "alpine-3.20", Vertex: "dune.3.17.2", Command: "sh step.sh", ExitCode: 2,
		Tail: []string{"curl: Could not resolve host: example.org"}, LogFile: "logs/dune.log", Err: one,
	}
	network := "ofarm: hint: " + hintNetwork + "\n"
	tests := map[string]struct {
		err   error
		shown bool
		want  string
	}{
		"one":    {err: one, want: "ofarm: error: one\n"},
		"many":   {err: several(one, two), want: "ofarm: error: one\nofarm: error: two\n"},
		"joined": {err: errors.Join(one, fmt.Errorf("at last: %w", two)), want: "ofarm: error: one\nofarm: error: at last: two\n"},
		"context": {
			err:  several(fmt.Errorf("locking debian-bookworm: %w", several(one, fmt.Errorf("archive: %w", several(two, one)))), two),
			want: "ofarm: error: locking debian-bookworm: one\nofarm: error: locking debian-bookworm: archive: two\nofarm: error: locking debian-bookworm: archive: one\nofarm: error: two\n",
		},
		"a sentence of two": {err: fmt.Errorf("%w and %w", one, two), want: "ofarm: error: one and two\n"},
		"text after a list": {err: fmt.Errorf("%w (twice)", errors.Join(one, two)), want: "ofarm: error: one\ntwo (twice)\n"},
		"hint below context": {
			err:  fmt.Errorf("locking: %w", several(alpin, one)),
			want: "ofarm: error: locking: unknown target \"alpin\"\nofarm: hint: did you mean \"alpine\"? \"ofarm targets\" lists all\nofarm: error: locking: one\n",
		},
		"a hint once": {
			err: several(missing, missing),
			want: "ofarm: error: dune.3.17.2: there is no place to fetch it from\nofarm: hint: " + hintMirror +
				"\nofarm: error: dune.3.17.2: there is no place to fetch it from\n",
		},
		"glibc": {
			err:  &audit.Violation{Rule: audit.RuleGLIBC, File: "bin/x"},
			want: "ofarm: error: " + (&audit.Violation{Rule: audit.RuleGLIBC, File: "bin/x"}).Error() + "\nofarm: hint: " + hintGLIBC + "\n",
		},
		"a plugin's library": {
			err:  &audit.Violation{Rule: audit.RuleNeeded, File: "x/bin/p.cmxs", What: "libssl.so.3", Why: "no"},
			want: "ofarm: error: x/bin/p.cmxs: libssl.so.3: no\nofarm: hint: " + hintPlugin + "\n",
		},
		"step": {err: step, want: "ofarm: error: alpine-3.20: dune.3.17.2: exit code 2\n  command: sh step.sh\n" +
			"  | curl: Could not resolve host: example.org\n  whole log: logs/dune.log\n" + network},
		"step whose log was shown": {err: fmt.Errorf("building: %w", several(step, two)), shown: true,
			want: "ofarm: error: building: alpine-3.20: dune.3.17.2: exit code 2\n  whole log: logs/dune.log\n" + network +
				"ofarm: error: building: two\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := &world{Stderr: &out, logsShown: test.shown}
			w.report(test.err)
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestReportOfVeryMany(t *testing.T) {
	var list []error
	for i := range mostFailures + 7 {
		list = append(list, fmt.Errorf("number %d", i))
	}
	var out bytes.Buffer
	(&world{Stderr: &out}).report(several(list...))
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	if last := string(lines[len(lines)-1]); len(lines) != mostFailures+1 || last != "ofarm: error: 7 errors more" {
		t.Errorf("%d lines, the last one %q", len(lines), last)
	}
}

func TestExitCode(t *testing.T) {
	tests := map[string]struct {
		err  error
		want int
	}{
		"failed":      {errors.New("x"), exitFailed},
		"usage":       {fmt.Errorf("x: %w", &usageError{err: errors.New("y")}), exitUsage},
		"target":      {&targets.UnknownError{Name: "x"}, exitUsage},
		"lock":        {several(errors.New("x"), &farm.NoTargetError{}), exitLock},
		"interrupted": {errInterrupted, exitInterrupted},
		"cancelled":   {context.Canceled, exitFailed},
	}
	for name, test := range tests {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%s: exit code %d, want %d", name, got, test.want)
		}
	}
}
