package prove

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/llb"
)

const (
	// DefaultTimeout is how long a check may take, with the loading of its
	// root.
	DefaultTimeout = 2 * time.Minute
	// OutputLines is how many lines of what a program wrote a result has.
	OutputLines = 10

	defaultJobs = 4
)

// Engine runs definitions, as [*solve.Engine] does.
type Engine interface {
	Run(ctx context.Context, reqs []solve.Request, o solve.RunOptions) ([]solve.Result, error)
}

// Options say how checks are run.
type Options struct {
	Engine Engine
	// Platforms are those whose executables the daemon says that it runs, nil
	// where it says nothing. They only explain failures: a daemon with an emulator
	// of its own doesn't name that.
	Platforms []string
	// Layout is the folder of the image layout that has all images.
	Layout string
	// Dir keeps what the programs of passed checks wrote; it is made.
	Dir string
	// Timeout is for each check; 0 means [DefaultTimeout].
	Timeout time.Duration
	// Jobs is how many checks run at once; 0 means 4.
	Jobs int
	// Done is told each result as it is known, one at a time; nil is allowed.
	Done func(Result)
}

// Run runs all checks and returns their results, in the order of the checks. A
// check that fails is a result; an error is what kept a check from being made,
// such as a daemon that went away, and ends the others.
func Run(ctx context.Context, checks []Check, o Options) ([]Result, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Jobs == 0 {
		o.Jobs = defaultJobs
	}
	r := runner{Options: o}
	results := make([]Result, len(checks))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.Jobs)
	for i, c := range checks {
		group.Go(func() error {
			var err error
			if results[i], err = r.check(ctx, c); err != nil {
				return fmt.Errorf("proving %s: %w", c.name(), err)
			}
			r.tell(results[i])
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return results, nil
}

// name is what progress and errors call a check.
func (c Check) name() string { return c.Artifact + " in " + c.Root.Name }

// probe is the check's vertex.
func (c Check) probe() llb.Probe {
	return llb.Probe{
		Name:     c.name(),
		Platform: c.Root.Platform,
		Root:     c.Root.Image,
		Files:    c.Files,
		Args:     append([]string{path.Join(llb.ProgramsDir, c.File)}, c.Smoke.arguments()...),
	}
}

// result is what is known before the check is run.
func (c Check) result() Result {
	return Result{Artifact: c.Artifact, Root: c.Root.Name, Platform: c.Root.Platform, ExitCode: -1}
}

type runner struct {
	Options
	mu sync.Mutex
}

func (r *runner) tell(res Result) {
	if r.Done == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Done(res)
}

func (r *runner) check(ctx context.Context, c Check) (Result, error) {
	res := c.result()
	if why, ok := Fits(c.Report, c.Root); !ok {
		res.Verdict, res.Reason = NotRun, &Reason{Kind: Unfit, Text: why}
		return res, nil
	}
	res.Command = append([]string{path.Base(c.File)}, c.Smoke.arguments()...)
	out, err := r.try(ctx, c, false)
	if err == nil && out.output == nil && c.Smoke.Expect != "" {
		out, err = r.try(ctx, c, true)
	}
	if err != nil {
		return res, err
	}
	res.Cached, res.ExitCode = out.cached, out.exitCode
	res.Output = lastLines(string(out.output), OutputLines)
	res.Verdict, res.Reason = c.judge(out, r.Options)
	return res, nil
}

// judge tells how a run is to be taken.
func (c Check) judge(out outcome, o Options) (Verdict, *Reason) {
	switch {
	case out.timedOut:
		if why := hungBySignal(string(out.output), c.Report); why != nil {
			why.Text = printable(why.Text)
			return Failed, why
		}
		return Failed, &Reason{Kind: Timeout, Text: fmt.Sprintf("still running after %s", o.Timeout)}
	case out.start != "" || out.exitCode != 0:
		why := Explain(Failure{
			Output: string(out.output), ExitCode: out.exitCode, Start: out.start,
			Foreign: o.Platforms != nil && !slices.Contains(o.Platforms, string(c.Root.Platform)),
		}, c.Report)
		return Failed, &why
	case !strings.Contains(string(out.output), c.Smoke.Expect):
		return Failed, &Reason{Kind: Unexpected, Text: fmt.Sprintf("it didn't write %q", c.Smoke.Expect)}
	}
	return Passed, nil
}

// outcome is what running a probe came to.
type outcome struct {
	exitCode int    // -1 if it came to no exit
	start    string // why it couldn't be started, in runc's words
	timedOut bool
	cached   bool
	output   []byte // nil if unknown
}

// errTimeout ends a check that takes too long.
var errTimeout = errors.New("the check's time is over")

// try runs a check's probe once.
func (r *runner) try(ctx context.Context, c Check, fresh bool) (outcome, error) {
	p := c.probe()
	p.Fresh = fresh
	def, vertex, err := llb.CompileProbe(ctx, p)
	if err != nil {
		return outcome{}, err
	}
	if err := llb.Verify(def); err != nil {
		return outcome{}, err
	}
	logs, err := os.MkdirTemp(r.Dir, ".run-*")
	if err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(logs)
	timed, cancel := context.WithTimeoutCause(ctx, r.Timeout, errTimeout)
	defer cancel()
	req := solve.Request{Name: p.Name, Definition: def, OCIStores: map[string]string{llb.Store: r.Layout}}
	results, err := r.Engine.Run(timed, []solve.Request{req}, solve.RunOptions{LogDir: logs})
	return r.outcome(results, err, vertex, logs)
}

// outcome reads what a solve came to. What isn't the program's doing is an
// error.
func (r *runner) outcome(results []solve.Result, err error, vertex, logs string) (outcome, error) {
	output := readLog(logs, vertex)
	var step *solve.StepError
	switch {
	case err == nil:
		cached := len(results) == 1 && len(results[0].Executed) == 0
		output, err = r.settleOutput(output, vertex, cached)
		return outcome{cached: cached, output: output}, err
	case errors.Is(err, errTimeout):
		return outcome{exitCode: -1, timedOut: true, output: output}, nil
	case errors.As(err, &step) && step.Digest == vertex:
		out := outcome{exitCode: step.ExitCode, output: output}
		if step.ExitCode < 0 {
			out.start = step.Err.Error()
		}
		return out, nil
	}
	return outcome{}, err
}
