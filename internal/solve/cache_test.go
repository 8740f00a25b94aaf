package solve

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
)

// thirty are two requests of thirty steps each, the first twenty shared.
func (w *world) thirty(t testing.TB) []Request {
	common := w.chain(nil, "common", 20)
	dir := t.TempDir()
	var reqs []Request
	for _, name := range []string{"one", "two"} {
		last := w.chain([]llb.State{common}, name, 10)
		reqs = append(reqs, Request{Name: name, Definition: marshal(t, last), Export: filepath.Join(dir, name)})
	}
	return reqs
}

// chain is n steps, each of which reads the one before; the first reads deps.
func (w *world) chain(deps []llb.State, name string, n int) llb.State {
	var s llb.State
	for i := range n {
		s = w.stepOn(deps, fmt.Sprintf("%s %d", name, i), "write", fmt.Sprintf("/out/%s%d", name, i), name)
		deps = []llb.State{s}
	}
	return s
}

// After the daemon's end and a new start nothing is executed again.
func TestNoChange(t *testing.T) {
	needDaemon(t)
	o := options(t, t.TempDir())
	w := &world{base: base(t)}
	for i, want := range []int{30, 0} {
		var err error
		if w.engine, err = Find(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		results, err := w.run(t, t.Context(), RunOptions{}, w.thirty(t)...)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if len(r.Executed) != want || r.Vertices != 31 || want == 0 && r.Cached < 30 || len(r.Files) != 1 {
				t.Errorf("round %d: %d vertices, %d cached, executed %v, files %v", i, r.Vertices, r.Cached, r.Executed, r.Files)
			}
		}
		if err := w.engine.Close(); err != nil {
			t.Error(err)
		}
	}
}

// BenchmarkNoChange is a whole build in which nothing has changed: the daemon
// started, two requests solved and exported, the daemon stopped.
func BenchmarkNoChange(b *testing.B) {
	needDaemon(b)
	o := options(b, b.TempDir())
	w := &world{base: base(b)}
	reqs := w.thirty(b)
	var find, run, end time.Duration
	build := func() {
		start := time.Now()
		var err error
		if w.engine, err = Find(b.Context(), o); err != nil {
			b.Fatal(err)
		}
		found := time.Now()
		if _, err := w.run(b, b.Context(), RunOptions{}, reqs...); err != nil {
			b.Fatal(err)
		}
		ran := time.Now()
		if err := w.engine.Close(); err != nil {
			b.Fatal(err)
		}
		find, run, end = find+found.Sub(start), run+ran.Sub(found), end+time.Since(ran)
	}
	build()
	b.Logf("first: find %v, run %v, close %v", find, run, end)
	find, run, end = 0, 0, 0
	n := 0
	for b.Loop() {
		build()
		n++
	}
	for name, d := range map[string]time.Duration{"find-ms": find, "run-ms": run, "close-ms": end} {
		b.ReportMetric(float64(d.Milliseconds())/float64(n), name)
	}
}

// A private daemon doesn't keep more than it may.
func TestKeepBytes(t *testing.T) {
	needDaemon(t)
	o := options(t, t.TempDir())
	o.KeepBytes = 1
	w := &world{base: base(t)}
	for range 2 {
		var err error
		if w.engine, err = Find(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		results, err := w.run(t, t.Context(), RunOptions{}, Request{Name: "x", Definition: marshal(t, w.step("kept", "write", "/out/x", "x"))})
		if err != nil || len(results[0].Executed) != 1 {
			t.Errorf("%v %+v", err, results)
		}
		if err := w.engine.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What one daemon made another takes from a cache in a folder; and a folder of
// the caller's goes in.
func TestCacheAndLocal(t *testing.T) {
	cache, local := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(local, "f"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 0} {
		w := newWorld(t)
		s := w.stepOn([]llb.State{llb.Local("src", llb.SharedKeyHint("src"))}, "reads", "write", "/out/x", "x")
		dest := filepath.Join(t.TempDir(), "x")
		results, err := w.run(t, t.Context(), RunOptions{}, Request{
			Name: "x", Definition: marshal(t, s), Export: dest,
			LocalDirs: map[string]string{"src": local},
			CacheFrom: []CacheEntry{{Type: "local", Attrs: map[string]string{"src": cache}}},
			CacheTo:   []CacheEntry{{Type: "local", Attrs: map[string]string{"dest": cache, "mode": "max"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(results[0].Executed) != want {
			t.Errorf("daemon %d executed %v", i, results[0].Executed)
		}
		onlyFolder(t, dest, "x")
	}
}
