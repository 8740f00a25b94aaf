package farm

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/release"
)

// Who named artifacts hears what they should be and are.
func TestGivenArtifacts(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	sum := hexSum([]byte("a"))
	if err := unchanged(dir, []Artifact{{Path: "a", SHA256: sum}}); err != nil {
		t.Error(err)
	}
	want := fmt.Sprintf("%q is not what artifacts.json describes: its sha256 is %s, not 00", filepath.Join(dir, "a"), sum)
	if err := unchanged(dir, []Artifact{{Path: "a", SHA256: "00"}}); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := unchanged(filepath.Join(dir, "sub"), []Artifact{{Path: "../a", SHA256: sum}}); err == nil {
		t.Error("a file outside the folder is an artifact")
	}

	l := &lock.File{Epoch: 1, Roots: []lock.Target{{}}}
	digest := hexSum(l.Append(nil))
	bare := *l
	bare.Roots = nil
	own := Artifact{Target: "alpine-3.20", Platform: "linux/amd64", Lock: hexSum(bare.Append(nil))}
	if err := FitLock("dist", l, []Artifact{own}); err != nil {
		t.Error(err)
	}
	own.Lock = "00"
	want = `the artifacts of alpine-3.20 in "dist" were built from another lock: sha256 00, and the project's is ` + digest
	if err := FitLock("dist", l, []Artifact{own}); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// What made another graph is told as far as it is known.
func TestOtherwiseBuilt(t *testing.T) {
	build := func() release.Build {
		return release.Build{
			External:  release.External{Target: "alpine-3.20", Export: []string{"bin/*"}},
			Materials: []release.Material{{Name: "project", SHA256: "1"}},
			Tools:     []release.Material{{Name: "ofarm-cc-linux-amd64", SHA256: "1"}},
			Versions:  map[string]string{"ofarm": "v1"},
		}
	}
	for want, change := range map[string]func(b *release.Build){
		"by another ofarm (by v1, and this one is v1)":                 func(b *release.Build) { b.External.Build, b.External.MaxGLIBC = [][]string{}, "2.31" },
		"by another ofarm (by an unknown version, and this one is v1)": func(b *release.Build) { b.Versions = nil },
		"from other files of the project":                              func(b *release.Build) { b.Materials[0].SHA256 = "2" },
		"with other options, and with another ofarm-cc-linux-amd64":    func(b *release.Build) { b.External.Strip, b.Tools = true, nil },
	} {
		was := build()
		change(&was)
		err := &OtherBuildError{Dir: "dist", Target: "alpine-3.20", From: otherwiseBuilt(was, build())}
		if got := err.Error(); got != `the artifacts of alpine-3.20 in "dist" were built `+want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
