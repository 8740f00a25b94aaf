package solve

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// FreeMemory is how many bytes of memory this process and what it starts can
// still take without swapping: those that the kernel calls available, or fewer
// where a control group sets a limit. 0 if unknown.
func FreeMemory() int64 { return host{root: "/"}.freeMemory() }

func (h host) freeMemory() int64 {
	free := h.available()
	h.lines("/proc/self/cgroup", func(f []string) { // cgroups(7): number:controllers:path
		if len(f) != 3 {
			return
		}
		g := version2
		switch controllers := strings.Split(f[1], ","); {
		case slices.Contains(controllers, "memory"):
			g = version1
		case f[1] != "":
			return
		}
		if left, ok := h.groupLeft(g, f[2]); ok {
			free = min(free, left)
		}
	})
	return max(free, 0)
}

// available is MemAvailable of proc_meminfo(5), in bytes.
func (h host) available() int64 {
	var n int64
	h.lines("/proc/meminfo", func(f []string) {
		if len(f) == 2 && f[0] == "MemAvailable" {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(f[1]), " kB"), 10, 64)
			n = kib << 10
		}
	})
	return n
}

// groupFiles are where a version of control groups has what it says of memory.
type groupFiles struct {
	dir, limit, usage string
	// cache is the line of memory.stat with what the kernel gives up first.
	cache string
}

var (
	version1 = groupFiles{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}
	version2 = groupFiles{"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"}
)

// groupLeft is what a control group and those above it leave. In a container a
// group's path may be the host's; then the top one counts.
func (h host) groupLeft(g groupFiles, group string) (left int64, ok bool) {
	for ; ; group = path.Dir(group) {
		dir := filepath.Join(h.root, g.dir, group)
		limit, err1 := readNumber(filepath.Join(dir, g.limit))
		usage, err2 := readNumber(filepath.Join(dir, g.usage))
		if err1 == nil && err2 == nil {
			here := limit - usage + statLine(filepath.Join(dir, "memory.stat"), g.cache)
			if !ok || here < left {
				left, ok = here, true
			}
		}
		if group == "/" || group == "." || group == "" {
			return left, ok
		}
	}
}

// readNumber reads a file with one number; a limit that is "max" is no number.
func readNumber(file string) (int64, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
}

// statLine reads one of the lines "NAME NUMBER" of a file; 0 if there is none.
func statLine(file, name string) int64 {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == name {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			return n
		}
	}
	return 0
}
