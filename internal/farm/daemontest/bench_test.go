package daemontest

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
	"github.com/ofarm/ofarm/targets"
)

// The targets of most tests, and one more.
const (
	alpine   = "alpine-3.20"
	alpine21 = "alpine-3.21"
)

// modTime is the time of exported files.
var modTime = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// bench is a world, a farm with a cache folder and a private daemon of its
// own, and a folder for projects.
type bench struct {
	t     *testing.T
	dir   string
	bin   string
	world *shellworld.World
	farm  *farm.Farm
}

// newBench makes a bench; its world has the packages.
func newBench(t *testing.T, packages ...shellworld.Package) *bench {
	t.Helper()
	k := needKit(t)
	dir := t.TempDir()
	b := &bench{t: t, dir: dir, bin: k.bin, world: shellworld.New(filepath.Join(dir, "world"), k.root)}
	b.farm = b.newFarm("cache")
	b.put(packages...)
	return b
}

// newFarm opens a farm with a cache folder that no build has seen.
func (b *bench) newFarm(name string) *farm.Farm {
	b.t.Helper()
	f, err := farm.Open(filepath.Join(b.dir, name), b.bin, input.Fetcher{Offline: true})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { // what steps made may be nobody else's to remove
		o := engine()
		o.StateDir, o.BinDir = f.StateDir(), f.BinDir
		if err := solve.RemoveState(o); err != nil {
			b.t.Error(err)
		}
	})
	return f
}

func (b *bench) put(packages ...shellworld.Package) {
	b.t.Helper()
	if err := b.world.Put(packages...); err != nil {
		b.t.Fatal(err)
	}
}

// project writes a project and locks it; no target means alpine.
func (b *bench) project(p shellworld.Package, config string, names ...string) string {
	b.t.Helper()
	if len(names) == 0 {
		names = []string{alpine}
	}
	dir := filepath.Join(b.dir, p.Name)
	if err := b.world.Project(dir, p, config, names...); err != nil {
		b.t.Fatal(err)
	}
	return dir
}

// options are those of a build of all locked targets of a project, to DIR/dist.
func (b *bench) options(dir string) farm.BuildOptions {
	b.t.Helper()
	p, err := farm.OpenProject(dir)
	if err != nil {
		b.t.Fatal(err)
	}
	l, digest, err := p.ReadLock()
	if err != nil {
		b.t.Fatal(err)
	}
	ids, err := farm.TargetIDs(l, nil, targets.LinuxAMD64)
	if err != nil {
		b.t.Fatal(err)
	}
	b.farm.Fetcher.Mirrors = b.world.Mirrors().For(l.Targets)
	return farm.BuildOptions{
		Project: p, Lock: l, LockDigest: digest, Targets: ids,
		Output:  filepath.Join(dir, "dist"),
		ModTime: modTime,
		Engine:  engine(),
	}
}

// engine finds only a private daemon.
func engine() solve.Options {
	return solve.Options{Sockets: []string{}, Path: os.Getenv("PATH")}
}

// try builds a project.
func (b *bench) try(dir string) (*farm.Built, error) {
	b.t.Helper()
	return b.run(b.t.Context(), b.options(dir))
}

// run builds, and shows what BuildKit said if the test fails.
func (b *bench) run(ctx context.Context, o farm.BuildOptions) (*farm.Built, error) {
	b.t.Helper()
	var shown bytes.Buffer
	if o.Stderr == nil {
		o.Stderr = &shown
	}
	o.Progress = "plain"
	built, err := b.farm.Build(ctx, o)
	b.t.Cleanup(func() {
		if b.t.Failed() {
			b.t.Logf("build of %s: %v\n%s", o.Project.Dir, err, shown.String())
		}
	})
	return built, err
}

// build builds a project and returns the steps that ran, of all targets: their
// names, sorted, with the target before them where there are several.
func (b *bench) build(dir string) []string {
	b.t.Helper()
	built, err := b.try(dir)
	if err != nil {
		b.t.Fatal(err)
	}
	return ran(built)
}

// fails builds a project that must not build, and checks that the error has
// all the texts.
func (b *bench) fails(dir string, texts ...string) error {
	b.t.Helper()
	_, err := b.try(dir)
	if err == nil {
		b.t.Fatal("it builds")
	}
	contains(b.t, err.Error(), texts...)
	return err
}

func ran(built *farm.Built) []string {
	steps := []string{}
	for _, r := range built.Results {
		for _, name := range r.Executed {
			if len(built.Results) == 1 {
				name = strings.TrimPrefix(name, "["+r.Name+"] ")
			}
			steps = append(steps, name)
		}
	}
	slices.Sort(steps)
	return steps
}

// want checks which steps ran.
func want(t *testing.T, what string, got []string, steps ...string) {
	t.Helper()
	if !slices.Equal(got, steps) {
		t.Errorf("%s: executed %q, want %q", what, got, steps)
	}
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in:\n%s", p, text)
		}
	}
}

// exported reads a file that a project exported.
func exported(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "dist", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// snapshot reads a folder: the type, mode, time and content of everything.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		text := info.Mode().String()
		if rel != "." {
			text += " " + info.ModTime().UTC().String()
		}
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += " " + string(data)
		}
		all[rel] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// write writes a file below a project.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// lock locks a project anew after its world changed.
func (b *bench) lock(dir string, depends []string, names ...string) {
	b.t.Helper()
	if len(names) == 0 {
		names = []string{alpine}
	}
	if err := b.world.Lock(dir, depends, names...); err != nil {
		b.t.Fatal(err)
	}
}
