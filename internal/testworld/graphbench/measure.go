package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
	"github.com/ofarm/ofarm/targets"
)

const target = "alpine-3.20"

// graph is a world of n packages, in which each depends on up to two earlier
// ones; the longest chain is about a third of them.
type graph struct {
	dir, bin string
	root     shellworld.Root
	n, files int
	world    *shellworld.World
	// peak is the most memory that an ofarm had, in KiB.
	peak int64
}

func name(i int) string { return fmt.Sprintf("p%03d", i) }

// script installs files of about a kilobyte with the shell alone.
func (g *graph) script(i int, text string) string {
	return fmt.Sprintf(`dir="$OPAM_SWITCH_PREFIX/lib/%s"
mkdir -p "$dir"
line="%s 0123456789012345678901234567890123456789012345678901234567890123456789"
i=0
while [ $i -lt %d ]; do
	i=$((i + 1))
	printf '%%s\n' "$i" "$line" "$line" "$line" "$line" "$line" "$line" "$line" "$line" "$line" >"$dir/file$i"
done
`, name(i), text, g.files)
}

func (g *graph) pkg(i int, text, comment string) shellworld.Package {
	p := shellworld.Package{Name: name(i), Script: comment + g.script(i, text)}
	for _, d := range []int{i - 3, (i - 1) / 2} {
		if d >= 0 && d < i && (len(p.Depends) == 0 || p.Depends[0] != name(d)) {
			p.Depends = append(p.Depends, name(d))
		}
	}
	return p
}

const export = `mkdir -p "$OPAM_SWITCH_PREFIX/bin"
ls "$OPAM_SWITCH_PREFIX/lib" >"$OPAM_SWITCH_PREFIX/bin/list"
`

// project makes the packages and a project that needs all of them.
func (g *graph) project() (shellworld.Package, error) {
	g.world = shellworld.New(filepath.Join(g.dir, "world"), g.root)
	app := shellworld.Package{Name: "app", Script: export}
	for i := range g.n {
		if err := g.world.Put(g.pkg(i, "text", "")); err != nil {
			return app, err
		}
		app.Depends = append(app.Depends, name(i))
	}
	return app, nil
}

// measurement is a line of the table.
type measurement struct {
	packages                              int
	cold, again, one, same, plan, oneExec time.Duration
	oneSteps, sameSteps                   int
	ofarmMiB, daemonMiB                   float64
}

func (m measurement) print(w io.Writer) {
	s := func(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }
	overhead := (m.cold - m.oneExec) / time.Duration(m.packages)
	fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\t%d\t%dms\t%s\t%dms\t%.1f\t%.0f\t%.0f\t\n",
		m.packages, s(m.cold), s(m.again), s(m.one), m.oneSteps, s(m.same), m.sameSteps, m.plan.Milliseconds(),
		s(m.oneExec), overhead.Milliseconds(), float64(m.cold)/float64(m.oneExec), m.ofarmMiB, m.daemonMiB)
}

func measure(ctx context.Context, g *graph) (m measurement, err error) {
	m.packages = g.n
	app, err := g.project()
	if err != nil {
		return m, err
	}
	dir, cache := filepath.Join(g.dir, "app"), filepath.Join(g.dir, "cache")
	if err := g.world.Project(dir, app, "", target); err != nil {
		return m, err
	}
	daemon, err := g.daemon(ctx, cache)
	if err != nil {
		return m, err
	}
	defer daemon.Close()
	if m.cold, err = g.build(ctx, dir, cache); err != nil {
		return m, err
	}
	if m.again, err = g.build(ctx, dir, cache); err != nil {
		return m, err
	}
	if m.plan, err = g.plan(ctx, dir, cache); err != nil {
		return m, err
	}
	middle := g.n / 2
	if m.one, m.oneSteps, err = g.change(ctx, dir, cache, app, g.pkg(middle, "other", "")); err != nil {
		return m, err
	}
	if m.same, m.sameSteps, err = g.change(ctx, dir, cache, app, g.pkg(middle, "other", "# a comment\n")); err != nil {
		return m, err
	}
	m.ofarmMiB = float64(g.peak) / 1024
	if m.daemonMiB, err = peakOf(filepath.Join(cache, "buildkit")); err != nil {
		return m, err
	}
	m.oneExec, err = g.baseline(ctx)
	return m, err
}

// daemon holds the private daemon of a cache folder, so that builds don't
// start and stop it and its peak can be read at the end.
func (g *graph) daemon(ctx context.Context, cache string) (*solve.Engine, error) {
	return solve.Find(ctx, solve.Options{
		Sockets: []string{}, StateDir: filepath.Join(cache, "buildkit"), BinDir: g.bin, Path: os.Getenv("PATH"),
	})
}

// build runs ofarm and returns how long it took.
func (g *graph) build(ctx context.Context, dir, cache string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(g.bin, "ofarm"), "build", "--cache-dir", cache, "--offline",
		"--addr", "private", "--progress", "plain", "--alpine-mirror", g.world.Mirrors().Archives["alpine"][0], dir)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(start)
	if err != nil {
		return took, fmt.Errorf("%w\n%s", err, out)
	}
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		g.peak = max(g.peak, use.Maxrss)
	}
	return took, nil
}

// change puts a package in another's place, builds, and counts the package
// steps that have a log: what was executed.
func (g *graph) change(ctx context.Context, dir, cache string, app, p shellworld.Package) (time.Duration, int, error) {
	if err := g.world.Put(p); err != nil {
		return 0, 0, err
	}
	if err := g.world.Lock(dir, app.Depends, target); err != nil {
		return 0, 0, err
	}
	logs := filepath.Join(cache, "logs")
	if err := os.RemoveAll(logs); err != nil {
		return 0, 0, err
	}
	took, err := g.build(ctx, dir, cache)
	found, _ := filepath.Glob(filepath.Join(logs, "*"))
	return took, len(found), err
}

// plan measures planning alone, with the opam files in the store.
func (g *graph) plan(ctx context.Context, dir, cache string) (time.Duration, error) {
	f, err := farm.Open(cache, g.bin, input.Fetcher{Offline: true})
	if err != nil {
		return 0, err
	}
	start := time.Now()
	p, err := farm.OpenProject(dir)
	if err != nil {
		return 0, err
	}
	l, digest, err := p.ReadLock()
	if err != nil {
		return 0, err
	}
	ids, err := farm.TargetIDs(l, nil, targets.LinuxAMD64)
	if err != nil {
		return 0, err
	}
	_, err = f.Plans(ctx, farm.BuildOptions{Project: p, Lock: l, LockDigest: digest, Targets: ids})
	return time.Since(start), err
}

// baseline runs all scripts in the project's own step.
func (g *graph) baseline(ctx context.Context) (time.Duration, error) {
	var all strings.Builder
	for i := range g.n {
		fmt.Fprintf(&all, "sh -eu <<'SCRIPT'\n%sSCRIPT\n", g.script(i, "text"))
	}
	dir, cache := filepath.Join(g.dir, "single"), filepath.Join(g.dir, "single-cache")
	app := shellworld.Package{Name: "single", Script: all.String() + export}
	if err := g.world.Project(dir, app, "", target); err != nil {
		return 0, err
	}
	daemon, err := g.daemon(ctx, cache)
	if err != nil {
		return 0, err
	}
	defer daemon.Close()
	return g.build(ctx, dir, cache)
}

// peakOf is the most memory that the daemon with this state folder had, in
// MiB: VmHWM of proc_pid_status(5).
func peakOf(state string) (float64, error) {
	list, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0, err
	}
	config := filepath.Join(state, "buildkitd.toml")
	for _, file := range list {
		line, _ := os.ReadFile(file)
		words := strings.Split(string(line), "\x00")
		if filepath.Base(words[0]) != "buildkitd" || !slices.Contains(words, config) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(file), "status"))
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		var kib float64
		_, err = fmt.Sscan(rest, &kib)
		return kib / 1024, err
	}
	return 0, fmt.Errorf("no daemon has the state folder %s", state)
}
