package prove

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/llb"
	"github.com/ofarm/ofarm/targets"
)

// daemon plays BuildKit: it caches successes and tells of failures as solve
// does.
type daemon struct {
	mu     sync.Mutex
	cached map[string]bool
	runs   []string
	// do says how a program ends, by the name of its request.
	do map[string]func(ctx context.Context) (output string, exit int, err error)
}

func (d *daemon) Run(ctx context.Context, reqs []solve.Request, o solve.RunOptions) ([]solve.Result, error) {
	r := reqs[0]
	vertex, fresh := execOf(r.Definition)
	d.mu.Lock()
	hit := d.cached[vertex] && !fresh
	d.mu.Unlock()
	if hit {
		return []solve.Result{{Name: r.Name}}, nil
	}
	output, exit, err := d.do[r.Name](ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs = append(d.runs, r.Name)
	if output != "" {
		log := filepath.Join(o.LogDir, fmt.Sprintf("x-%.12s.log", digest.Digest(vertex).Encoded()))
		if err := os.WriteFile(log, []byte(output), 0o644); err != nil {
			return nil, err
		}
	}
	switch {
	case err != nil:
		return nil, err
	case exit != 0:
		return nil, &solve.StepError{Request: r.Name, Digest: vertex, ExitCode: exit, Err: errors.New("it failed")}
	}
	d.cached[vertex] = true
	return []solve.Result{{Name: r.Name, Executed: []string{r.Name}}}, nil
}

// execOf finds a definition's only vertex that has more than one input.
func execOf(def *llb.Definition) (vertex string, fresh bool) {
	text, err := llb.Dump(def)
	if err != nil {
		panic(err)
	}
	n := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "  exec in ") {
			break
		}
		if line[0] >= '0' && line[0] <= '9' {
			n++
		}
	}
	d := digest.FromBytes(def.Def[n-1])
	return d.String(), def.Metadata[d].IgnoreCache
}

func writes(output string, exit int) func(context.Context) (string, int, error) {
	return func(context.Context) (string, int, error) { return output, exit, nil }
}

func hangs(output string) func(context.Context) (string, int, error) {
	return func(ctx context.Context) (string, int, error) {
		<-ctx.Done()
		return output, 0, fmt.Errorf("solving: %w", context.Cause(ctx))
	}
}

// check is one of a program by its name in a root with glibc.
func check(file, expect string) Check {
	return Check{
		Artifact: "T/" + file, File: file, Report: &audit.Report{File: file}, Files: digest.FromString("files"),
		Root:  Root{Name: "debian", Platform: targets.LinuxAMD64, Libc: targets.GLIBC, Image: digest.FromString("root")},
		Smoke: Smoke{Expect: expect},
	}
}

// summary is a result in short.
func summary(list []Result) []string {
	var out []string
	for _, r := range list {
		s := fmt.Sprintf("%s %s %d %q", r.Artifact, r.Verdict, r.ExitCode, r.Output)
		if r.Cached {
			s += " cached"
		}
		if r.Reason != nil {
			s += " " + r.Reason.Text
		}
		out = append(out, s)
	}
	return out
}

func TestRun(t *testing.T) {
	d := &daemon{cached: map[string]bool{}, do: map[string]func(context.Context) (string, int, error){
		"T/good in debian":   writes("good 1.0\n", 0),
		"T/other in debian":  writes("other 1.0\n", 0),
		"T/silent in debian": writes("", 0),
		"T/lacks in debian":  writes("x: error while loading shared libraries: libz.so.1: cannot open shared object file: No such file or directory\n", 127),
		"T/hangs in debian":  hangs("waiting\n"),
		"T/dies in debian":   hangs("dying\nqemu: uncaught target signal 11 (Segmentation fault) - core dumped\n"),
	}}
	musl := check("musl", "")
	musl.Report = &audit.Report{Interpreter: muslLoader}
	checks := []Check{check("good", "good 1"), check("other", "good"), check("silent", ""), check("lacks", ""), musl, check("hangs", ""), check("dies", "")}
	var told []Result
	o := Options{Engine: d, Dir: t.TempDir(), Timeout: 200 * time.Millisecond, Done: func(r Result) { told = append(told, r) }}
	got, err := Run(t.Context(), checks, o)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`T/good passed 0 ["good 1.0"]`,
		`T/other failed 0 ["other 1.0"] it didn't write "good"`,
		`T/silent passed 0 []`,
		`T/lacks failed 127 ["x: error while loading shared libraries: libz.so.1: cannot open shared object file: No such file or directory"] libz.so.1 is not in the root`,
		`T/musl not-run -1 [] needs musl`,
		`T/hangs failed -1 ["waiting"] still running after 200ms`,
		`T/dies failed -1 ["dying" "qemu: uncaught target signal 11 (Segmentation fault) - core dumped"] ended by SIGSEGV: dying`,
	}
	if diff := cmp.Diff(want, summary(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(told) != len(got) {
		t.Errorf("told of %d results, want %d", len(told), len(got))
	}
}

// A cached success still has its output, from before or by another run.
func TestCachedOutput(t *testing.T) {
	d := &daemon{cached: map[string]bool{}, do: map[string]func(context.Context) (string, int, error){
		"T/good in debian": writes("good 1.0\n", 0),
	}}
	dir := t.TempDir()
	for _, step := range []struct {
		name, dir, expect, want string
		runs                    int
	}{
		{"first", dir, "good", `T/good passed 0 ["good 1.0"]`, 1},
		{"known", dir, "good", `T/good passed 0 ["good 1.0"] cached`, 1},
		{"unknown and of no use", t.TempDir(), "", `T/good passed 0 [] cached`, 1},
		{"unknown", t.TempDir(), "good", `T/good passed 0 ["good 1.0"]`, 2},
		{"another expectation", dir, "bad", `T/good failed 0 ["good 1.0"] cached it didn't write "bad"`, 2},
	} {
		got, err := Run(t.Context(), []Check{check("good", step.expect)}, Options{Engine: d, Dir: step.dir})
		if err != nil {
			t.Fatal(err)
		}
		if s := summary(got)[0]; s != step.want || len(d.runs) != step.runs {
			t.Errorf("%s: %s after %d runs, want %s after %d", step.name, s, len(d.runs), step.want, step.runs)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left, want 1: %v", len(left), err)
	}
}

// What isn't a program's doing ends it all.
func TestRunErrors(t *testing.T) {
	lost := &solve.LostError{Addr: "unix:///x", Err: errors.New("gone")}
	other := &solve.StepError{Request: "T/good in debian", Digest: digest.FromString("the load of a root").String(), ExitCode: -1, Err: errors.New("no image")}
	for name, err := range map[string]error{"daemon": &solve.RequestError{Request: "x", Err: lost}, "another vertex": other} {
		d := &daemon{do: map[string]func(context.Context) (string, int, error){
			"T/good in debian": func(context.Context) (string, int, error) { return "", 0, err },
		}}
		_, got := Run(t.Context(), []Check{check("good", "")}, Options{Engine: d, Dir: t.TempDir()})
		if !errors.Is(got, err) {
			t.Errorf("%s: %v", name, got)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	cancel(interrupted)
	d := &daemon{do: map[string]func(context.Context) (string, int, error){"T/good in debian": hangs("waiting\n")}}
	if _, got := Run(ctx, []Check{check("good", "")}, Options{Engine: d, Dir: t.TempDir()}); !errors.Is(got, interrupted) {
		t.Errorf("interrupted: %v", got)
	}
}
