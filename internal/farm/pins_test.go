package farm

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/llb"
)

const pinnedOpam = head + `url { src: "https://gone.example.org/" }
build: ["make" name version] {!dev & !pinned}
`

// pinned is a project that needs pin.dev, whose source is in git at remote.
func pinned(t *testing.T) (p *Project, o BuildOptions, remote string) {
	t.Helper()
	dir := folder(t, map[string]string{
		"remote/opam/pin.opam": pinnedOpam,
		"remote/Makefile":      "all:\n",
		"app/app.opam":         head + `depends: ["pin"] pin-depends: ["pin.dev" "git+https://git.example.org/pin"]`,
	})
	remote = filepath.Join(dir, "remote")
	commit := gitCommit(t, remote)
	p, err := OpenProject(filepath.Join(dir, "app"))
	if err != nil {
		t.Fatal(err)
	}
	url, got, err := open(t).Sources().Archive(context.Background(), "pin.dev", "git+file://"+remote)
	if err != nil || !strings.HasSuffix(url, "#"+commit) {
		t.Fatalf("%s is not of commit %s: %v", url, commit, err)
	}
	o = BuildOptions{Project: p, Targets: []lock.TargetID{{Name: "debian-bookworm", Platform: "linux/amd64"}}, Lock: &lock.File{
		Projects: p.Locked(),
		Packages: []lock.Package{{
			Name: "pin", Version: "dev", OpamPath: "opam/pin.opam",
			OpamFile: lock.Input{SHA256: input.SumBytes([]byte(pinnedOpam)).Hex(), Size: int64(len(pinnedOpam))},
			Source:   &lock.Source{Input: lock.Input{SHA256: got.Sum.Hex(), Size: got.Size}, URLs: []string{url}},
		}},
		Targets: []lock.Target{{TargetID: lock.TargetID{Name: "debian-bookworm", Platform: "linux/amd64"}}},
	}}
	return p, o, remote
}

// gitCommit makes a repository of a folder, and returns its commit.
func gitCommit(t *testing.T, dir string) string {
	t.Helper()
	var out []byte
	for _, args := range [][]string{
		{"init", "--quiet"}, {"add", "--all"}, {"commit", "--quiet", "--message=x"}, {"rev-parse", "HEAD"},
	} {
		c := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		var err error
		if out, err = c.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	return strings.TrimSpace(string(out))
}

// TestPlanPinned plans with an empty store: the source is made of the commit,
// and the opam file is taken from it.
func TestPlanPinned(t *testing.T) {
	_, o, remote := pinned(t)
	f := open(t)
	plans, err := f.Plans(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	step := plans[0].Steps[0]
	if step.Name != "pin.dev" || step.Source.Archive == nil || len(step.Parts[0].Build) != 1 {
		t.Errorf("the first step is %+v", step)
	}
	if sum, err := digestOf(o.Lock.Packages[0].Source.Input); err != nil || !f.Store.Has(sum) {
		t.Errorf("the source isn't in the store (%v)", err)
	}
	// What is there is enough, and so is a store that is a by-hash mirror.
	if err := os.RemoveAll(remote); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Plans(context.Background(), o); err != nil {
		t.Error(err)
	}
	g := open(t)
	g.Fetcher.Mirrors.ByHash = []input.Mirror{{URL: fileURL(f.Store.Dir())}}
	if _, err := g.Plans(context.Background(), o); err != nil {
		t.Error(err)
	}
}

func TestPinnedElsewhereFails(t *testing.T) {
	ones := strings.Repeat("1", 64)
	tests := map[string]struct {
		change func(p *lock.Package)
		want   string
		as     any
	}{
		"other tree":      {func(p *lock.Package) { p.Source.SHA256 = ones }, "pin.dev (sha256:" + ones + "): wrong checksum\n  git+file:///", new(*input.ChecksumError)},
		"other opam file": {func(p *lock.Package) { p.OpamFile.SHA256 = ones }, "pin.dev/opam/pin.opam (sha256:" + ones + "): wrong checksum\n  its source: the file there has sha256:", new(*input.ChecksumError)},
		"no opam file":    {func(p *lock.Package) { p.OpamFile.SHA256, p.OpamPath = ones, "pin.opam" }, "reading the opam file of pin.dev: open pin.opam: ", new(*os.PathError)},
		"offline": {
			func(p *lock.Package) { p.Source.URLs[0] = "git+https://git.example.org/pin#" + ones[:40] },
			"pin.dev: archiving git+https://git.example.org/pin#" + ones[:40] + ": offline, and ", new(*opamrepo.OfflineError),
		},
		"gone": {
			func(p *lock.Package) { p.Source.URLs[0] = strings.SplitAfter(p.Source.URLs[0], "#")[0] + ones[:40] },
			"pin.dev: archiving git+file://", new(*opamrepo.GoneError),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, o, _ := pinned(t)
			tt.change(&o.Lock.Packages[0])
			err := open(t).FetchOpamFiles(context.Background(), p, o.Lock)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.As(err, tt.as) {
				t.Errorf("got %v\nwant %q of a %T", err, tt.want, tt.as)
			}
		})
	}
}

// TestPinnedImage makes the image of a pinned package's source, which is in no
// store.
func TestPinnedImage(t *testing.T) {
	_, o, _ := pinned(t)
	f := open(t)
	plans, err := f.Plans(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := digestOf(o.Lock.Packages[0].Source.Input)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Store.Remove(sum); err != nil {
		t.Fatal(err)
	}
	set := &imageSet{farm: f}
	if err := set.addSource(o.Lock, plans[0].Steps[0], &llb.Images{Sources: map[string]digest.Digest{}}); err != nil {
		t.Fatal(err)
	}
	if err := set.prepare(context.Background()); err != nil || !f.Store.Has(sum) {
		t.Errorf("got %v", err)
	}
}
