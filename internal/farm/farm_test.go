package farm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/plan/plantest"
	"github.com/ofarm/ofarm/targets"
)

// TestPlansOfExamples plans the repository's projects as a clone has them:
// their locks fit, and their opam files need no connection.
func TestPlansOfExamples(t *testing.T) {
	for name, p := range examples(t) {
		l := p.locked
		ids, err := TargetIDs(l, nil, targets.LinuxAMD64)
		if err != nil {
			t.Fatal(err)
		}
		plans, err := open(t).Plans(context.Background(), BuildOptions{Project: p.Project, Lock: l, Targets: ids})
		if err != nil || len(plans) != len(l.Targets) {
			t.Errorf("%s: %d plans, %v", name, len(plans), err)
		}
	}
}

// example is one of the repository's projects with its lock.
type example struct {
	*Project
	locked *lock.File
}

func examples(t *testing.T) map[string]example {
	t.Helper()
	out := map[string]example{}
	for _, name := range []string{"fserv", "zcalc"} {
		p, err := OpenProject(plantest.Testdata(name))
		if err != nil {
			t.Fatal(err)
		}
		l, _, err := p.ReadLock()
		if err != nil {
			t.Fatal(err)
		}
		out[name] = example{p, l}
	}
	return out
}

// TestExamplesShareBases holds the locks of the repository's projects to the same
// base packages: the compiler is built once for both then.
func TestExamplesShareBases(t *testing.T) {
	bases := map[lock.TargetID][]lock.DistroPackage{}
	for name, p := range examples(t) {
		for _, target := range p.locked.Targets {
			base, ok := bases[target.TargetID]
			if diff := cmp.Diff(base, target.Base); ok && diff != "" {
				t.Errorf("%s, %v; lock both with --distro (-other +this):\n%s", name, target.TargetID, diff)
			}
			bases[target.TargetID] = target.Base
		}
	}
}

// small is a project that needs pkg.1 of a repository beside it, locked for
// two targets.
func small(t *testing.T) (*Project, BuildOptions) {
	t.Helper()
	dir := folder(t, map[string]string{
		"repo/packages/pkg/pkg.1/opam":          head + `extra-files: ["x.patch" "md5=00000000000000000000000000000000"]`,
		"repo/packages/pkg/pkg.1/files/x.patch": "a patch",
		"app/app.opam":                          head + `depends: ["pkg"]`,
	})
	p, err := OpenProject(filepath.Join(dir, "app"))
	if err != nil {
		t.Fatal(err)
	}
	locked := func(path string) lock.Input {
		data, err := os.ReadFile(filepath.Join(dir, "repo/packages/pkg/pkg.1", path))
		if err != nil {
			t.Fatal(err)
		}
		return lock.Input{SHA256: input.SumBytes(data).Hex(), Size: int64(len(data))}
	}
	l := &lock.File{
		Repositories: []lock.Repository{{Name: "main", URL: "../repo"}},
		Projects:     p.Locked(),
		Packages: []lock.Package{{
			Name: "pkg", Version: "1", Repository: "main", OpamFile: locked("opam"),
			ExtraFiles: []lock.NamedInput{{Name: "x.patch", Input: locked("files/x.patch")}},
		}},
	}
	o := BuildOptions{Project: p, Lock: l}
	for _, name := range []string{"debian-bookworm", "debian-bullseye"} {
		id := lock.TargetID{Name: name, Platform: "linux/amd64"}
		l.Targets, o.Targets = append(l.Targets, lock.Target{TargetID: id}), append(o.Targets, id)
	}
	return p, o
}

func TestFetchOpamFiles(t *testing.T) {
	at := func(p *Project, path string) string {
		return filepath.Join(p.Dir, "..", "repo/packages/pkg/pkg.1", path)
	}
	tests := map[string]struct {
		change func(p *Project) error
		want   string
		as     any
	}{
		"all there":         {func(*Project) error { return nil }, "", nil},
		"changed opam file": {func(p *Project) error { return os.WriteFile(at(p, "opam"), []byte(head), 0o644) }, "pkg.1/opam", new(*input.ChecksumError)},
		"changed file":      {func(p *Project) error { return os.WriteFile(at(p, "files/x.patch"), []byte("other"), 0o644) }, "pkg.1/x.patch", new(*input.ChecksumError)},
		"opam file gone":    {func(p *Project) error { return os.Remove(at(p, "opam")) }, "pkg.1/opam", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, o := small(t)
			if err := tt.change(p); err != nil {
				t.Fatal(err)
			}
			f := open(t)
			err := f.FetchOpamFiles(context.Background(), p, o.Lock)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				plans, err := f.Plans(context.Background(), o)
				if err != nil || len(plans) != 2 || len(plans[0].Steps) != 2 {
					t.Errorf("got %v, %v", plans, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("got %v, want %q of %T", err, tt.want, tt.as)
			}
		})
	}
}

// TestPlansReportAllTargets locks a wrong package for two targets.
func TestPlansReportAllTargets(t *testing.T) {
	_, o := small(t)
	o.Lock.Packages[0].ExtraFiles = nil
	_, err := open(t).Plans(context.Background(), o)
	var entry *plan.EntryError
	if !errors.As(err, &entry) {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{"debian-bookworm: pkg.1: ", "debian-bullseye: pkg.1: "} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("no %q in %v", name, err)
		}
	}
}

func TestOpenFailsClearly(t *testing.T) {
	dir := folder(t, map[string]string{"cache": "a file"})
	if _, err := Open(filepath.Join(dir, "cache"), "", input.Fetcher{}); err == nil || !strings.Contains(err.Error(), "opening the cache folder ") {
		t.Errorf("got %v", err)
	}
}
