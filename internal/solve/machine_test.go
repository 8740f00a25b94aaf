package solve

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// machine is what a step sees of the machine, as the tests' program tells it.
func (w *world) machine(t *testing.T) string {
	t.Helper()
	dest := filepath.Join(t.TempDir(), "out")
	if _, err := w.run(t, t.Context(), RunOptions{}, Request{
		Name: "one", Definition: marshal(t, w.step("machine", "machine", "/out/seen")), Export: dest,
	}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dest, "seen"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A private daemon can be started with fewer processors and in memory, and its
// steps see it. This process keeps its own processors.
func TestOtherCircumstances(t *testing.T) {
	needDaemon(t)
	o := options(t, t.TempDir())
	o.CPUs, o.Parallel, o.Memory = 1, 1, 256<<20
	w := &world{engine: find(t, o), base: base(t)}
	seen := w.machine(t)
	if os.Getuid() == 0 {
		contains(t, seen, "1 processors\n")
	}
	// The root is an overlay of folders that are nowhere on disk either, see below.
	if line := lineWith(seen, " /out "); !strings.Contains(line, " - tmpfs ") {
		t.Errorf("/out is not in memory: %s", line)
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounts), o.StateDir) {
		t.Errorf("the daemon's memory is a mount of this process: %v\n%s", err, mounts)
	}
	if list, err := os.ReadDir(filepath.Join(o.StateDir, "root")); err != nil || len(list) > 0 {
		t.Errorf("on disk: %v %v", list, err)
	}
	other := &world{engine: find(t, options(t, t.TempDir())), base: w.base}
	if got, want := strings.Fields(other.machine(t))[0], strconv.Itoa(runtime.NumCPU()); got != want {
		t.Errorf("another daemon has %s processors, want %s", got, want)
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

// Parallel is how many steps run at once: with one, a second step doesn't begin
// before the first has ended.
func TestParallel(t *testing.T) {
	needDaemon(t)
	o := options(t, t.TempDir())
	o.Parallel = 1
	w := &world{engine: find(t, o), base: base(t)}
	results, err := w.run(t, t.Context(), RunOptions{},
		Request{Name: "one", Definition: marshal(t, w.step("p1", "write", "/out/a", "1"))},
		Request{Name: "two", Definition: marshal(t, w.step("p2", "write", "/out/b", "2"))})
	if err != nil {
		t.Fatal(err)
	}
	var times []Step
	for _, r := range results {
		for _, s := range r.Steps {
			if s.Exec {
				times = append(times, s)
			}
		}
	}
	if len(times) != 2 || times[0].Started.Before(times[1].Completed) && times[1].Started.Before(times[0].Completed) {
		t.Errorf("%+v", times)
	}
}

func TestFreeMemory(t *testing.T) {
	const gib = 1 << 30
	const meminfo = "MemTotal:       24000000 kB\nMemFree:        1000 kB\nMemAvailable:   8388608 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no groups":    {map[string]string{}, 8 * gib},
		"version 2":    {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.current": "5\n"}, 8 * gib},
		"limit above":  {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "4294967296\n", "sys/fs/cgroup/a/memory.current": "3221225472\n", "sys/fs/cgroup/a/memory.stat": "anon 1\ninactive_file 1073741824\n"}, 2 * gib},
		"in container": {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2147483648\n", "sys/fs/cgroup/memory.current": "0\n"}, 2 * gib},
		"version 1":    {map[string]string{"proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/x\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "536870912\n", "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 1048576\n"}, gib/2 + 1<<20},
		"full":         {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1\n", "sys/fs/cgroup/memory.current": "2\n"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := host{root: t.TempDir()}
			c.files["proc/meminfo"] = meminfo
			for file, text := range c.files {
				writeFixture(t, filepath.Join(h.root, file), text)
			}
			if got := h.freeMemory(); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
	if n := FreeMemory(); runtime.GOOS == "linux" && n <= 0 {
		t.Errorf("this machine has %d bytes", n)
	}
}

func writeFixture(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
