package solve

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client/llb"
)

// One daemon serves these; their steps have names of their own.
func TestRun(t *testing.T) {
	w := newWorld(t)
	t.Run("export", w.testExport)
	t.Run("cached", w.testCached)
	t.Run("failing step", w.testFailing)
	t.Run("two requests, one failing", w.testOneFails)
	t.Run("failing export", w.testExportFails)
	t.Run("bad links", w.testBadLinks)
	t.Run("cancel", w.testCancel)
	t.Run("no network", w.testNoNetwork)
	t.Run("shared vertex", w.testShared)
	t.Run("bad requests", w.testBadRequests)
	t.Run("tar", w.testTar)
	t.Run("tar of nothing", w.testTarOfNothing)
	t.Run("tar of a failing step", w.testTarOfFailing)
	t.Run("tar, failing reader", w.testTarReader)
	t.Run("tar, cancelled", w.testTarCancelled)
}

func (w *world) testExport(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "dist", "one")
	made := w.step("make", "write", "/out/bin/tool", "made")
	linked := w.root().Run(
		llb.Args([]string{"/bin/prog", "link", "/out/bin/alias", "tool"}),
		llb.Network(llb.NetModeNone),
	).AddMount("/out", made)
	modTime := time.Unix(1_600_000_000, 0)
	seen := ""
	results, err := w.run(t, t.Context(), RunOptions{ModTime: modTime}, Request{
		Name: "one", Definition: marshal(t, linked), Export: dest,
		OnExport: func(_ context.Context, dir string) error {
			data, err := os.ReadFile(filepath.Join(dir, "bin", "alias"))
			seen = string(data)
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen != "made" {
		t.Errorf("OnExport saw %q", seen)
	}
	if diff := cmp.Diff([]string{"bin/alias", "bin/tool"}, results[0].Files); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"", "bin", "bin/tool", "bin/alias"} {
		info, err := os.Lstat(filepath.Join(dest, name))
		if err != nil {
			t.Fatal(err)
		}
		if !info.ModTime().Equal(modTime) || info.Mode().Perm() != 0o755 || info.Mode()&os.ModeSymlink != 0 {
			t.Errorf("%q: %v %v", name, info.Mode(), info.ModTime())
		}
	}
	onlyFolder(t, filepath.Dir(dest), "one")
}

// onlyFolder fails if there is anything else in dir: something was left.
func onlyFolder(t *testing.T, dir, name string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Name() != name {
		t.Errorf("in %s: %v", dir, list)
	}
}

func (w *world) testCached(t *testing.T) {
	def := marshal(t, w.stepOn([]llb.State{w.step("c1", "write", "/out/a", "1")}, "c2", "write", "/out/b", "2"))
	first, err := w.run(t, t.Context(), RunOptions{}, Request{Name: "x", Definition: def})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"c1", "c2"}, first[0].Executed); diff != "" {
		t.Error(diff)
	}
	second, err := w.run(t, t.Context(), RunOptions{}, Request{Name: "x", Definition: def})
	if err != nil {
		t.Fatal(err)
	}
	r := second[0]
	if len(r.Executed) != 0 || r.Cached != r.Vertices-1 && r.Cached != r.Vertices {
		t.Errorf("second run: %+v", r)
	}
	if r.Vertices != 3 {
		t.Errorf("%d vertices", r.Vertices)
	}
}

func (w *world) testFailing(t *testing.T) {
	logs := t.TempDir()
	_, err := w.run(t, t.Context(), RunOptions{LogDir: logs, Tail: 3},
		Request{Name: "one", Definition: marshal(t, w.step("zarith.1.14", "fail", "7", "100"))})
	var step *StepError
	if !errors.As(err, &step) {
		t.Fatalf("%v", err)
	}
	if step.ExitCode != 7 || step.Vertex != "zarith.1.14" || step.Request != "one" || step.Command != "/bin/prog fail 7 100" {
		t.Errorf("%+v", step)
	}
	if diff := cmp.Diff([]string{"line 98", "line 99", "line 100"}, step.Tail); diff != "" {
		t.Error(diff)
	}
	data, err := os.ReadFile(step.LogFile)
	if err != nil || strings.Count(string(data), "\n") != 100 || filepath.Dir(step.LogFile) != logs {
		t.Errorf("%s: %v %d lines", step.LogFile, err, strings.Count(string(data), "\n"))
	}
	contains(t, step.Error(), "one: zarith.1.14: exit code 7\n", "\n  command: /bin/prog fail 7 100\n", "\n  | line 100\n", "\n  whole log: "+logs)
}

func (w *world) testOneFails(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "good")
	results, err := w.run(t, t.Context(), RunOptions{
		Describe: func(string) string { return "dune build" },
	},
		Request{Name: "z-bad", Definition: marshal(t, w.step("bad", "fail", "1", "1"))},
		Request{Name: "good", Definition: marshal(t, w.step("good", "write", "/out/f", "x")), Export: dest},
		Request{Name: "a-bad", Definition: marshal(t, w.step("worse", "fail", "2", "1"))})
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, err.Error(), "command: dune build")
	first, second := strings.Index(err.Error(), "a-bad: worse: exit code 2"), strings.Index(err.Error(), "z-bad: bad: exit code 1")
	if first < 0 || second < first {
		t.Errorf("not both failures, or in the wrong order:\n%v", err)
	}
	if _, err := os.Stat(filepath.Join(dest, "f")); err != nil || len(results[1].Files) != 1 {
		t.Errorf("the good one: %v %+v", err, results[1])
	}
}

func (w *world) testExportFails(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "one")
	request := func(text string, check error) Request {
		return Request{
			Name: "one", Definition: marshal(t, w.step("export "+text, "write", "/out/"+text, text)), Export: dest,
			OnExport: func(context.Context, string) error { return check },
		}
	}
	bad := errors.New("needs libssl")
	for _, step := range []struct {
		text  string
		check error
		want  string
	}{{"old", nil, "old"}, {"new", bad, "old"}, {"newer", nil, "newer"}} {
		_, err := w.run(t, t.Context(), RunOptions{}, request(step.text, step.check))
		if !errors.Is(err, step.check) || (err == nil) != (step.check == nil) {
			t.Errorf("%s: %v", step.text, err)
		}
		onlyFolder(t, filepath.Dir(dest), "one")
		onlyFolder(t, dest, step.want)
	}
}

func (w *world) testBadLinks(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "one")
	_, err := w.run(t, t.Context(), RunOptions{},
		Request{Name: "one", Definition: marshal(t, w.step("link", "link", "/out/passwd", "/etc/passwd")), Export: dest})
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, err.Error(), `exporting "passwd"`, `a link to "/etc/passwd"`, "out of the export")
	if _, err := os.Stat(dest); err == nil {
		t.Error("exported all the same")
	}
}

// firstWrite is closed when something is written that has the text.
type firstWrite struct {
	text string
	seen chan struct{}
	all  strings.Builder
}

func (f *firstWrite) Write(p []byte) (int, error) {
	f.all.Write(p)
	if f.seen != nil && strings.Contains(f.all.String(), f.text) {
		close(f.seen)
		f.seen = nil
	}
	return len(p), nil
}

func (w *world) testCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &firstWrite{text: "sleeping", seen: make(chan struct{})}
	seen := out.seen
	go func() { <-seen; cancel() }()
	dest := filepath.Join(t.TempDir(), "one")
	_, err := w.run(t, ctx, RunOptions{Output: out, Progress: "plain"},
		Request{Name: "one", Definition: marshal(t, w.step("sleep", "sleep", t.Name())), Export: dest},
		Request{Name: "two", Definition: marshal(t, w.step("sleep", "sleep", t.Name()))})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	if list, err := os.ReadDir(filepath.Dir(dest)); err != nil || len(list) != 0 {
		t.Errorf("left: %v %v", list, err)
	}
	if n := running("/bin/prog", "sleep", t.Name()); n != 0 {
		t.Errorf("%d steps are still running", n)
	}
	// The daemon is as good as before.
	if _, err := w.run(t, t.Context(), RunOptions{}, Request{Name: "x", Definition: marshal(t, w.step("after", "write", "/out/x", "after cancel"))}); err != nil {
		t.Error(err)
	}
}

// running counts the processes with exactly this command line.
func running(args ...string) int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	n := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err == nil && string(data) == strings.Join(args, "\x00")+"\x00" {
			n++
		}
	}
	return n
}

func (w *world) testNoNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := w.run(t, t.Context(), RunOptions{},
		Request{Name: "one", Definition: marshal(t, w.step("net", "net", l.Addr().String()))}); err != nil {
		t.Error(err)
	}
}

// A vertex that two requests share runs once, is named in both results, and is
// shown once.
func (w *world) testShared(t *testing.T) {
	shared := w.step("shared step", "write", "/out/shared", "shared")
	request := func(name string) Request {
		return Request{
			Name:       name,
			Definition: marshal(t, w.stepOn([]llb.State{shared}, "of "+name, "write", "/out/x", name)),
			Export:     filepath.Join(t.TempDir(), name),
		}
	}
	var out strings.Builder
	results, err := w.run(t, t.Context(), RunOptions{Output: &out, Progress: "plain"}, request("one"), request("two"))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"one", "two"} {
		if diff := cmp.Diff([]string{"of " + name, "shared step"}, results[i].Executed); diff != "" {
			t.Error(diff)
		}
		if results[i].Duration() <= 0 {
			t.Errorf("%s took %v", name, results[i].Duration())
		}
	}
	numbers := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		if number, ok := strings.CutSuffix(strings.TrimSpace(line), " shared step"); ok {
			numbers[number] = true
		}
	}
	if len(numbers) != 1 {
		t.Errorf("the shared step was shown as %v in:\n%s", numbers, out.String())
	}
	contains(t, out.String(), "[one] exporting to client directory", "[two] exporting to client directory")
}

func (w *world) testBadRequests(t *testing.T) {
	def := marshal(t, w.step("x", "write", "/out/x", "x"))
	for name, c := range map[string]struct {
		reqs []Request
		opts RunOptions
		want string
	}{
		"same name":     {reqs: []Request{{Name: "a", Definition: def}, {Name: "a", Definition: def}}, want: `two requests are named "a"`},
		"same export":   {reqs: []Request{{Name: "a", Definition: def, Export: "/x/y"}, {Name: "b", Definition: def, Export: "/x/./y/"}}, want: `"a" and "b" export to the same folder /x/y`},
		"no definition": {reqs: []Request{{Name: "a"}}, want: "a: its definition is empty"},
		"progress":      {reqs: []Request{{Name: "a", Definition: def}}, opts: RunOptions{Output: os.Stderr, Progress: "loud"}, want: `showing progress as "loud"`},
		"export a file": {reqs: []Request{{Name: "a", Definition: def, Export: os.Args[0]}}, want: "solve.test is there and is not a folder"},
	} {
		_, err := w.engine.Run(t.Context(), c.reqs, c.opts)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
