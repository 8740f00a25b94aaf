package farm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/registry"
	"github.com/ofarm/ofarm/internal/release"
	"github.com/ofarm/ofarm/llb"
	"github.com/ofarm/ofarm/targets"
)

// summed is an artifact with a sha256 of one digit.
func summed(target, path, digit string) Artifact {
	a := made(target, path)
	a.SHA256 = strings.Repeat(digit, 64)
	return a
}

// saidOf is a build of a target by some version of ofarm.
func saidOf(folder, version string) release.Build {
	return release.Build{
		Folder:   folder,
		External: release.External{Target: folder, Packages: []string{"p.dev"}, Export: []string{"bin/*"}},
		Versions: map[string]string{"ofarm": version},
	}
}

// said lists what provenance.json says: "PATH DIGIT VERSION" for each subject.
func said(t *testing.T, dir string) []string {
	t.Helper()
	builds, err := ReadProvenance(filepath.Join(dir, ProvenanceName))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, b := range builds {
		for _, s := range b.Subjects {
			out = append(out, s.Path+" "+s.SHA256[:1]+" "+b.Versions["ofarm"])
		}
	}
	return out
}

func wantSaid(t *testing.T, dir string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, said(t, dir)); diff != "" {
		t.Errorf("provenance (-want +got):\n%s", diff)
	}
}

// TestProvenanceMerge builds two targets, then one of them again, and looks what
// is said of the other, whose artifacts may have changed.
func TestProvenanceMerge(t *testing.T) {
	const one, two = "debian-bookworm", "debian-bullseye"
	dir := t.TempDir()
	say := func(artifacts []Artifact, builds ...release.Build) {
		t.Helper()
		old, err := readDescribed(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := writeProvenance(dir, builds, old.builds, artifacts); err != nil {
			t.Fatal(err)
		}
	}
	a, b, c := summed(one, one+"/bin/a", "1"), summed(two, two+"/bin/b", "2"), summed(two, two+"/bin/c", "3")
	say([]Artifact{a, b, c}, saidOf(two, "v1"), saidOf(one, "v1"))
	wantSaid(t, dir, one+"/bin/a 1 v1", two+"/bin/b 2 v1", two+"/bin/c 3 v1")

	a.SHA256 = strings.Repeat("4", 64)
	say([]Artifact{a, b, c}, saidOf(one, "v2"))
	wantSaid(t, dir, one+"/bin/a 4 v2", two+"/bin/b 2 v1", two+"/bin/c 3 v1")

	// Of what is gone, or was made by a build that didn't say how, nothing is said.
	c.SHA256 = strings.Repeat("5", 64)
	say([]Artifact{a, b, c}, saidOf(one, "v3"))
	wantSaid(t, dir, one+"/bin/a 4 v3", two+"/bin/b 2 v1")
	say([]Artifact{a, c}, saidOf(one, "v4"))
	wantSaid(t, dir, one+"/bin/a 4 v4")

	if err := os.WriteFile(filepath.Join(dir, ProvenanceName), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadProvenance(filepath.Join(dir, ProvenanceName)); err == nil {
		t.Error("a damaged file is read")
	}
	say([]Artifact{a, c}, saidOf(two, "v5"))
	wantSaid(t, dir, two+"/bin/c 5 v5")

	say(nil, saidOf(two, "v6"))
	wantSaid(t, dir)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left of a build without artifacts, %v", left, err)
	}
}

// TestSimilarFolders are two targets of which one's name begins the other's.
func TestSimilarFolders(t *testing.T) {
	dir := t.TempDir()
	amd, arm := summed("alpine-3.20", "alpine-3.20/bin/a", "1"), summed("alpine-3.20", "alpine-3.20-arm64/bin/a", "2")
	builds := []release.Build{saidOf("alpine-3.20", "v1"), saidOf("alpine-3.20-arm64", "v2")}
	if err := writeProvenance(dir, builds, nil, []Artifact{amd, arm}); err != nil {
		t.Fatal(err)
	}
	wantSaid(t, dir, "alpine-3.20/bin/a 1 v1", "alpine-3.20-arm64/bin/a 2 v2")
}

func TestPackageMaterial(t *testing.T) {
	tests := []struct {
		release, name, version, arch string
		want                         string
	}{
		{"debian-bullseye", "libev4", "1:4.33-1+b2", "amd64", "pkg:deb/debian/libev4@1:4.33-1%2Bb2?arch=amd64&distro=bullseye"},
		{"debian-bookworm", "tzdata", "2024a~rc1-0", "all", "pkg:deb/debian/tzdata@2024a~rc1-0?arch=all&distro=bookworm"},
		{"debian-bookworm", "libstdc++6", "12", "amd64", "pkg:deb/debian/libstdc%2B%2B6@12?arch=amd64&distro=bookworm"},
		{"alpine-3.20", "R", "4.4.1-r0", "x86_64", "pkg:apk/alpine/r@4.4.1-r0?arch=x86_64&distro=alpine-3.20"},
	}
	for _, tt := range tests {
		r, err := targets.Find(tt.release, nil)
		if err != nil {
			t.Fatal(err)
		}
		m, err := packageMaterial(r, lock.DistroPackage{
			Name: tt.name, Version: tt.version, Arch: tt.arch, Archive: "main", Path: "pool/x", Input: lock.Input{SHA256: "ab"},
		})
		want := release.Material{Name: "main/pool/x", URI: tt.want, SHA256: "ab"}
		if diff := cmp.Diff(want, m); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

// TestOpamMaterials is a package with one of everything, in three plans: one that
// unpacks its source, one that has only files for it, and one without a step.
func TestOpamMaterials(t *testing.T) {
	sum := func(digit string) lock.Input { return lock.Input{SHA256: strings.Repeat(digit, 64)} }
	pkg := lock.Package{
		Name: "Foo", Version: "1+x", OpamFile: sum("1"), ExtraFiles: []lock.NamedInput{{Name: "fix.patch", Input: sum("2")}},
		Source:       &lock.Source{Input: sum("3"), URLs: []string{"https://example.org/foo.tgz", "https://example.net/foo.tgz"}},
		ExtraSources: []lock.Source{{Name: "more.ml", Input: sum("4"), URLs: []string{"https://example.org/more.ml"}}},
	}
	opam := []string{"opam/Foo.1+x/opam pkg:opam/Foo@1%2Bx 1", "opam/Foo.1+x/files/fix.patch pkg:opam/Foo@1%2Bx 2"}
	sources := []string{
		"sources/Foo.1+x/source https://example.org/foo.tgz 3", "sources/Foo.1+x/extra/more.ml https://example.org/more.ml 4",
	}
	for name, tt := range map[string]struct {
		steps []plan.Step
		want  []string
	}{
		"with a source": {[]plan.Step{{Name: "Foo.1+x", Source: &plan.Source{}}}, append(opam[:2:2], sources...)},
		"without":       {[]plan.Step{{Name: "Foo.1+x"}}, opam},
		"no step":       {nil, opam},
	} {
		list, err := opamMaterials(pkg, &plan.Plan{Steps: tt.steps})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list {
			got = append(got, m.Name+" "+m.URI+" "+m.SHA256[:1])
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSourceMaterial(t *testing.T) {
	commit := strings.Repeat("c", 40)
	for url, want := range map[string]release.Material{
		"https://example.org/a.tgz":                 {URI: "https://example.org/a.tgz"},
		"https://example.org/a.tgz#" + commit:       {URI: "https://example.org/a.tgz#" + commit},
		"git+https://example.org/a.git#" + commit:   {URI: "git+https://example.org/a.git@" + commit, GitCommit: commit},
		"git://example.org/a.git#" + commit:         {URI: "git+git://example.org/a.git@" + commit, GitCommit: commit},
		"git+https://example.org/a#" + commit + "0": {URI: "git+https://example.org/a#" + commit + "0"},

		"https://me:secret@example.org/a.tgz?x=%2F":     {URI: "https://example.org/a.tgz?x=%2F"},
		"git+https://token@example.org/a.git#" + commit: {URI: "git+https://example.org/a.git@" + commit, GitCommit: commit},
		"git+ssh://git@example.org:22/a.git#" + commit:  {URI: "git+ssh://example.org:22/a.git@" + commit, GitCommit: commit},
		"file:///home/me/a.tgz":                         {},
		"git+file:///home/me/a#" + commit:               {GitCommit: commit},
		"/home/me/a.tgz":                                {},
		"https://me:%zz@example.org/a.tgz":              {},
	} {
		want.Name = "n"
		if diff := cmp.Diff(want, sourceMaterial("n", lock.Source{URLs: []string{url}})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", url, diff)
		}
	}
}

// TestRootMaterials has bases that are assembled, and such as are named in a
// registry.
func TestRootMaterials(t *testing.T) {
	base, extra := digest.FromString("base"), digest.FromString("extra")
	ref := registry.Ref{Host: "registry.example", Repository: "bases", Tag: "x", Digest: base}
	pkg := func(name string) []lock.DistroPackage {
		return []lock.DistroPackage{{Name: name, Archive: "main", Path: name}}
	}
	roots := []plan.Root{
		{Name: "base", Packages: pkg("libc")}, {Name: "base+z", Depexts: []string{"z"}, Packages: pkg("zlib")},
	}
	f := &Farm{Bases: []BaseRef{{Ref: ref.With(extra)}, {Ref: ref}}}
	for name, tt := range map[string]struct {
		farm   *Farm
		target string
		roots  []plan.Root
		want   []string
	}{
		"assembled":          {&Farm{}, "debian-bookworm", roots[:1], []string{"root/base ", "main/libc -"}},
		"Debian":             {f, "debian-bookworm", roots[:1], []string{"root/base oci://registry.example/bases@" + base.String()}},
		"Debian with more":   {f, "debian-bookworm", roots, []string{"root/base oci://registry.example/bases@" + base.String(), "root/base+z ", "main/zlib -"}},
		"Alpine":             {f, "alpine-3.20", roots[:1], []string{"root/base oci://registry.example/bases@" + base.String()}},
		"Alpine's apk reads": {f, "alpine-3.20", roots, []string{"root/base oci://registry.example/bases@" + base.String(), "main/libc -", "root/base+z ", "main/zlib -"}},
	} {
		r, err := targets.Find(tt.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		images := llb.Images{Roots: map[string]digest.Digest{"base": base, "base+z": extra}}
		list, err := tt.farm.rootMaterials(&plan.Plan{Release: r, Roots: tt.roots}, images)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list {
			if strings.HasPrefix(m.URI, "pkg:") {
				m.URI = "-"
			}
			got = append(got, m.Name+" "+m.URI)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
