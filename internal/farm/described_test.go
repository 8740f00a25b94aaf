package farm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/internal/release"
)

// exportOf is the end of a build of one target.
func exportOf(dir, folder string) *exporter {
	return &exporter{
		opt: BuildOptions{Output: dir}, built: []string{folder},
		artifacts: []Artifact{summed(folder, folder+"/bin/a", "1")},
	}
}

// TestDescribeAtOnce ends builds of several targets at once, while one of them is
// proved: none is lost.
func TestDescribeAtOnce(t *testing.T) {
	folders := []string{"debian-bookworm", "debian-bullseye", "debian-trixie"}
	for range 20 {
		dir := folder(t, map[string]string{"debian-bookworm/bin/a": "", "debian-bullseye/bin/a": "", "debian-trixie/bin/a": ""})
		proved := exportOf(dir, "alpine-3.20")
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "alpine-3.20/bin"), 0o755),
			os.WriteFile(filepath.Join(dir, "alpine-3.20/bin/a"), nil, 0o755),
			proved.write([]release.Build{saidOf("alpine-3.20", "v1")}, "v2")); err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		for _, f := range folders {
			wait.Go(func() {
				if err := exportOf(dir, f).write([]release.Build{saidOf(f, "v1")}, "v2"); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Go(func() {
			results := []prove.Result{{Artifact: "alpine-3.20/bin/a", Root: "busybox", Verdict: prove.Passed}}
			if err := writeProofs(dir, []*program{{artifact: proved.artifacts[0]}}, results); err != nil {
				t.Error(err)
			}
		})
		wait.Wait()
		all, err := ReadArtifacts(filepath.Join(dir, ArtifactsName))
		if err != nil || len(all) != 4 || len(all[0].Proof) != 1 {
			t.Fatalf("of 4 targets, one proved, there are %+v: %v", all, err)
		}
		wantSaid(t, dir, "alpine-3.20/bin/a 1 v1", "debian-bookworm/bin/a 1 v1", "debian-bullseye/bin/a 1 v1", "debian-trixie/bin/a 1 v1")
		if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 6 {
			t.Errorf("there are %q: %v", left, err)
		}
	}
}

// TestForgotten ends builds where descriptions are damaged.
func TestForgotten(t *testing.T) {
	for _, name := range []string{ArtifactsName, ProvenanceName} {
		dir := folder(t, map[string]string{
			"debian-bookworm/bin/a": "", "debian-bullseye/bin/a": "", "other/a": "",
			ArtifactsName: `{"version": 1, "artifacts": []}`, name: "{",
		})
		e := exportOf(dir, "debian-bookworm")
		var forgotten []Forgotten
		e.opt.Forgotten = func(f Forgotten) { forgotten = append(forgotten, f) }
		if err := e.write([]release.Build{saidOf("debian-bookworm", "v1")}, "v2"); err != nil {
			t.Fatal(err)
		}
		if len(forgotten) != 1 || forgotten[0].Path != filepath.Join(dir, name) || forgotten[0].Err == nil {
			t.Fatalf("%s: %+v", name, forgotten)
		}
		if diff := cmp.Diff([]string{"debian-bullseye"}, forgotten[0].Folders); diff != "" {
			t.Errorf("%s: forgotten (-want +got):\n%s", name, diff)
		}
		wantSaid(t, dir, "debian-bookworm/bin/a 1 v1")
	}
}

// TestDescribedByOthers has descriptions that aren't to be replaced: of another
// version, and such as can't be read.
func TestDescribedByOthers(t *testing.T) {
	_, o := small(t)
	build := func(dir string) error {
		o.Output = dir
		_, err := open(t).Build(t.Context(), o)
		return errors.Join(err, exportOf(dir, "debian-bookworm").write(nil, "v2"))
	}
	for name, text := range map[string]string{
		ArtifactsName:  `{"version": 2, "artifacts": []}`,
		ProvenanceName: `{"predicate": {"buildDefinition": {"buildType": "https://example.org/build/v2"}}}`,
	} {
		dir := folder(t, map[string]string{name: text})
		err := build(dir)
		var other *OtherVersionError
		if !errors.As(err, &other) || other.Path != filepath.Join(dir, name) || !strings.Contains(err.Error(), "2") {
			t.Errorf("%s: got %v", name, err)
		}
		if data, err := os.ReadFile(filepath.Join(dir, name)); string(data) != text {
			t.Errorf("%s: it is %q now: %v", name, data, err)
		}
		dir = folder(t, map[string]string{name + "/x": ""})
		if err := build(dir); err == nil || errors.As(err, &other) || !strings.Contains(err.Error(), name) {
			t.Errorf("a folder for %s: got %v", name, err)
		}
	}
}
