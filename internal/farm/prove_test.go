package farm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/targets"
)

// shipped puts files below a folder of artifacts, and describes them.
func shipped(t *testing.T, dir string, files map[string]string) []Artifact {
	t.Helper()
	var out []Artifact
	for path, text := range files {
		file := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(text))
		out = append(out, Artifact{
			Target: "debian-bookworm", Platform: "linux/amd64", Path: path,
			Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:]),
		})
	}
	slices.SortFunc(out, func(a, b Artifact) int { return len(a.Path) - len(b.Path) })
	data, err := json.Marshal(artifactsFile{Version: artifactsVersion, Artifacts: out})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ArtifactsName), data, 0o644); err != nil {
		t.Fatal(err)
	}
	return out
}

// self is an executable that is at hand: the test.
func self(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Skip(err)
	}
	return string(data)
}

// Only executables are proved, and only such as they were built.
func TestReadPrograms(t *testing.T) {
	dir := t.TempDir()
	list := shipped(t, dir, map[string]string{
		"debian-bookworm/bin/tool": self(t), "debian-bookworm/bin/script": "#!/bin/sh\n", "debian-bookworm/share/data": "data",
	})
	got, err := readPrograms(ProveOptions{Dir: dir, Artifacts: list})
	if err != nil || len(got) != 1 || got[0].within() != "bin/tool" {
		t.Fatalf("%v, %v", got, err)
	}
	var changed *ChangedArtifactError
	data := filepath.Join(dir, "debian-bookworm/share/data")
	if err := os.WriteFile(data, []byte("DATA"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readPrograms(ProveOptions{Dir: dir, Artifacts: list}); !errors.As(err, &changed) || changed.Path != data || changed.Err != nil {
		t.Errorf("changed: %v", err)
	}
	if err := os.Remove(data); err != nil {
		t.Fatal(err)
	}
	if _, err := readPrograms(ProveOptions{Dir: dir, Artifacts: list}); !errors.Is(err, os.ErrNotExist) || !errors.As(err, &changed) {
		t.Errorf("missing: %v", err)
	}
}

// Each program meets each root of its platform, in the roots' order, with the
// command that is nearest to it.
func TestProveChecks(t *testing.T) {
	programs := []*program{
		{artifact: Artifact{Target: "alpine-3.20", Platform: "linux/arm64", Path: targets.Folder("alpine-3.20", "linux/arm64") + "/bin/b"}},
		{artifact: Artifact{Target: "debian-bookworm", Platform: "linux/amd64", Path: "debian-bookworm/bin/a"}},
		{artifact: Artifact{Target: "debian-bookworm", Platform: "linux/amd64", Path: "debian-bookworm/bin/b"}},
	}
	roots := []prove.Root{
		{Name: "z", Platform: "linux/amd64"}, {Name: "a", Platform: "linux/amd64"}, {Name: "a", Platform: "linux/arm64"},
	}
	o := ProveOptions{Commands: map[string]prove.Smoke{"b": {Expect: "by name"}, "bin/a": {Expect: "by path"}, "a": {Expect: "by name"}}}
	var got []string
	for _, c := range proveChecks(o, programs, roots) {
		got = append(got, c.Artifact+" "+c.File+" "+c.Root.Name+" "+c.Smoke.Expect)
	}
	want := []string{
		programs[0].artifact.Path + " bin/b a by name",
		"debian-bookworm/bin/a bin/a z by path", "debian-bookworm/bin/a bin/a a by path",
		"debian-bookworm/bin/b bin/b z by name", "debian-bookworm/bin/b bin/b a by name",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Images are made of roots that are needed, once, and change with their files.
func TestProveImages(t *testing.T) {
	f, dir := open(t), t.TempDir()
	o := ProveOptions{Dir: dir, Artifacts: shipped(t, dir, map[string]string{"debian-bookworm/bin/one": "1", "debian-bookworm/share/data": "2"})}
	for _, r := range []prove.Root{
		{Name: "empty", Platform: "linux/amd64"}, {Name: "made", Platform: "linux/amd64", Image: digest.FromString("made")},
		{Name: "arm", Platform: "linux/arm64"},
	} {
		o.Roots = append(o.Roots, ProveRoot{Root: r})
	}
	images := func() ([]prove.Root, digest.Digest) {
		t.Helper()
		programs := []*program{{artifact: o.Artifacts[0], report: &audit.Report{}}}
		roots, err := f.proveImages(t.Context(), o, programs)
		if err != nil {
			t.Fatal(err)
		}
		return roots, programs[0].files
	}
	roots, files := images()
	if len(roots) != 2 || roots[0].Image == "" || roots[1].Image != digest.FromString("made") || files == "" {
		t.Fatalf("%+v, %s", roots, files)
	}
	if again, same := images(); again[0] != roots[0] || same != files {
		t.Errorf("again: %+v, %s", again, same)
	}
	o.Artifacts = shipped(t, dir, map[string]string{"debian-bookworm/bin/one": "1", "debian-bookworm/share/data": "3"})
	if _, other := images(); other == files {
		t.Error("other files, the same image")
	}
	o.Roots = []ProveRoot{{Root: prove.Root{Name: "odd", Platform: "linux/amd64"}, Distro: "odd", Packages: []lock.DistroPackage{{Name: "p", Input: lock.Input{SHA256: files.Encoded()}}}}}
	if _, err := f.proveImages(t.Context(), o, []*program{{artifact: o.Artifacts[0]}}); err == nil {
		t.Error("packages of an unknown distro were unpacked")
	}
}

func TestWriteProofs(t *testing.T) {
	dir := t.TempDir()
	list := shipped(t, dir, map[string]string{"debian-bookworm/bin/one": "1", "debian-bookworm/bin/three": "3"})
	programs := []*program{{artifact: list[0]}, {artifact: list[1]}}
	programs[1].artifact.SHA256 = "that of an earlier build"
	result := func(path, root string, v prove.Verdict, why string) prove.Result {
		r := prove.Result{Artifact: path, Root: root, Verdict: v}
		if why != "" {
			r.Reason = &prove.Reason{Text: why}
		}
		return r
	}
	rounds := [][]prove.Result{
		{
			result(list[0].Path, "z", prove.Failed, "bad"), result(list[0].Path, "m", prove.NotRun, "needs glibc"),
			result(list[1].Path, "z", prove.Passed, ""),
		},
		{result(list[0].Path, "z", prove.Passed, ""), result(list[0].Path, "a", prove.Passed, "")},
	}
	for _, results := range rounds {
		if err := writeProofs(dir, programs, results); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadArtifacts(filepath.Join(dir, ArtifactsName))
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(list)
	want[0].Proof = []Proof{{Root: "a", OK: true}, {Root: "m", NotRun: true, Reason: "needs glibc"}, {Root: "z", OK: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
