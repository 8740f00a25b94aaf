package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/plan/plantest"
)

const head = "opam-version: \"2.0\"\n"

// chain is a world of a needs b needs c.
func chain() map[string]string {
	return map[string]string{
		"a.1": head + `depends: ["b"] build: ["make"]`,
		"b.1": head + `depends: ["c"] build: ["make"]`,
		"c.1": head + `build: ["make"]`,
	}
}

func TestErrors(t *testing.T) {
	tests := map[string]struct {
		files   map[string]string // over chain's
		project string            // text of app.opam
		change  func(in *plan.Input)
		want    []string // all errors, each a part of the message
	}{
		"missing package": {
			files: map[string]string{"c.1": head + `depends: ["d" {>= "2"}]`},
			want:  []string{`debian-bookworm: c.1: it needs "d" {>= "2"}, which the lock does not have`},
		},
		"wrong version": {
			files: map[string]string{"b.1": head + `depends: ["c" {>= "2"}]`},
			want:  []string{`debian-bookworm: b.1: it needs "c" {>= "2"}, which the lock does not have`},
		},
		"all missing at once": {
			files: map[string]string{"c.1": head + `depends: ["d" "e"]`},
			want:  []string{`c.1: it needs "d"`, `c.1: it needs "e"`},
		},
		"extra package": {
			files:   map[string]string{"lonely.3": head + `build: ["make"]`},
			project: head + `depends: ["a"]`,
			want:    []string{"debian-bookworm: lonely.3: it is locked, and nothing needs it"},
		},
		"circle": {
			files: map[string]string{"c.1": head + `depends: ["a"]`, "z.1": head + `depends: ["b"]`},
			want:  []string{"a.1: its dependencies go round in a circle: a needs b needs c needs a"},
		},
		"two versions": {
			files: map[string]string{"c.2": head},
			want:  []string{"debian-bookworm: c.2: the target has c.1 as well"},
		},
		"package of the project's name": {
			project: head + `version: "7" depends: ["a"]`,
			change:  func(in *plan.Input) { in.Project.Packages[0].Name = "c" },
			want:    []string{"debian-bookworm: c: the target has c.1 as well"},
		},
		"needs a package of the project": {
			files:   map[string]string{"c.1": head + `depends: ["app"]`},
			project: head + `depends: ["lib"]`,
			change: func(in *plan.Input) {
				in.Project.Packages = []plan.ProjectPackage{own("app", head), own("lib", head+`depends: ["a"]`)}
			},
			want: []string{"c.1: it needs app, which is a package of the project itself"},
		},
		"depext not locked": {
			files:  map[string]string{"c.1": head + `depexts: ["libfoo-dev"] {os-family = "debian"}`},
			change: func(in *plan.Input) { in.Lock.Targets[0].Depexts = nil },
			want:   []string{`c.1: the distro package "libfoo-dev" that it needs is not locked`},
		},
		"wanted distro package not locked": {
			project: head + `depends: ["a"]`,
			change:  func(in *plan.Input) { in.Settings.DistroPackages = []string{"zstd"} },
			want:    []string{`app: the distro package "zstd" that it needs is not locked`},
		},
		"depext too much": {
			project: head + `depends: ["a"]`,
			change: func(in *plan.Input) {
				in.Lock.Targets[0].Depexts = []lock.Depext{{Name: "libfoo-dev"}}
			},
			want: []string{"debian-bookworm: depext libfoo-dev: it is locked, and nothing needs it"},
		},
		"unlocked target": {
			change: func(in *plan.Input) { in.Target.Name = "debian-bullseye" },
			want:   []string{`target "debian-bullseye" (linux/amd64) is not in the lock`},
		},
		"unlocked platform": {
			change: func(in *plan.Input) { in.Target.Platform = "linux/arm64" },
			want:   []string{`target "debian-bookworm" (linux/arm64) is not in the lock`},
		},
		"unknown target": {
			change: func(in *plan.Input) { rename(in, "debian-potato", "linux/amd64") },
			want:   []string{`unknown target "debian-potato"`},
		},
		"unknown platform": {
			change: func(in *plan.Input) { rename(in, "debian-bookworm", "linux/vax") },
			want:   []string{`unknown platform "linux/vax"`},
		},
		"opam file not at hand": {
			change: func(in *plan.Input) { delete(in.OpamFiles, in.Lock.Packages[1].OpamFile.SHA256) },
			want:   []string{"b.1: its opam file sha256:"},
		},
		"mistakes of two opam files": {
			change: func(in *plan.Input) {
				in.OpamFiles[in.Lock.Packages[0].OpamFile.SHA256] = []byte(head + "build: [\n")
				in.OpamFiles[in.Lock.Packages[2].OpamFile.SHA256] = []byte(head + "depends: 3\n")
			},
			want: []string{"a.1/opam:3:1: ", "c.1/opam:2:10: "},
		},
		"source not locked": {
			files:  map[string]string{"c.1": head + source},
			change: func(in *plan.Input) { in.Lock.Packages[2].Source = nil },
			want:   []string{"c.1: its opam file names a source, and the lock has none for it"},
		},
		"source too much": {
			change: func(in *plan.Input) { in.Lock.Packages[2].Source = &lock.Source{} },
			want:   []string{"c.1: the lock has a source for it, and its opam file names none"},
		},
		"other extra source": {
			files:  map[string]string{"c.1": head + extraSource},
			change: func(in *plan.Input) { in.Lock.Packages[2].ExtraSources[0].Name = "other.patch" },
			want: []string{
				`c.1: the lock has no extra-source "fix.patch" for it, which its opam file names`,
				`c.1: the lock has extra-source "other.patch" for it, which its opam file does not name`,
			},
		},
		"extra file not locked": {
			files:  map[string]string{"c.1": head + extraFile},
			change: func(in *plan.Input) { in.Lock.Packages[2].ExtraFiles = nil },
			want:   []string{`c.1: the lock has no extra-file "fix.patch" for it`},
		},
		"folder of a source": {
			files: map[string]string{"c.1": head + strings.Replace(source, "}", "subpath: \"sub\"\n}", 1)},
			want:  []string{`c.1: it is built in the folder "sub" of its source (subpath), which ofarm can't do`},
		},
		"variable known only after building": {
			files: map[string]string{"b.1": head + `depends: ["c"] build: ["make" "%{c:flavour}%"]`},
			want:  []string{"b.1: it uses the variable c:flavour, whose value is known only after c is built"},
		},
		"a setenv that needs such a variable is told of once": {
			files: map[string]string{
				"b.1": head + `depends: ["c"] build: ["make"] setenv: [X = "%{c:flavour}%"]`,
				"d.1": head + `depends: ["b"] build: ["make"]`,
			},
			want: []string{"b.1: it uses the variable c:flavour"},
		},
		"a condition on jobs": {
			files: map[string]string{"c.1": head + `build: ["make" "-s" {jobs = "1"}]`},
			want:  []string{"c.1: build: "},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			files := chain()
			for id, text := range tt.files {
				files[id] = text
			}
			in := plantest.World(t, "debian-bookworm", files)
			if tt.project != "" {
				in.Project.Packages = []plan.ProjectPackage{own("app", tt.project)}
			}
			if tt.change != nil {
				tt.change(&in)
			}
			p, err := plan.New(in)
			if err == nil || p != nil {
				t.Fatalf("got a plan (%v) and error %v", p != nil, err)
			}
			checkErrors(t, err, tt.want)
		})
	}
}

// checkErrors wants exactly these errors, by a part of each.
func checkErrors(t *testing.T, err error, want []string) {
	t.Helper()
	list := []error{err}
	var multi *multierror.Error
	if errors.As(err, &multi) {
		list = multi.Errors
	}
	if len(list) != len(want) {
		t.Fatalf("got %d errors, want %d:\n%v", len(list), len(want), err)
	}
	for i, e := range list {
		if !strings.Contains(e.Error(), want[i]) {
			t.Errorf("error %d:\n got %v\nwant %s", i, e, want[i])
		}
	}
}

const source = `url {
  src: "https://example.org/c.tar.gz"
  checksum: "sha256=0000000000000000000000000000000000000000000000000000000000000000"
}`

const extraSource = `extra-source "fix.patch" {
  src: "https://example.org/fix.patch"
  checksum: "sha256=0000000000000000000000000000000000000000000000000000000000000000"
}`

const extraFile = `extra-files: ["fix.patch" "md5=00000000000000000000000000000000"]`

// own is a project's package.
func own(name, text string) plan.ProjectPackage {
	f, err := opam.Parse(name+".opam", []byte(text))
	if err != nil {
		panic(err)
	}
	return plan.ProjectPackage{Name: name, Version: "dev", File: f}
}

func rename(in *plan.Input, target, platform string) {
	in.Target = lock.TargetID{Name: target, Platform: platform}
	in.Lock.Targets[0].TargetID = in.Target
}

// TestErrorTypes is what hints are chosen by.
func TestErrorTypes(t *testing.T) {
	in := plantest.World(t, "debian-bookworm", chain())
	in.Target.Name = "debian-bullseye"
	_, err := plan.New(in)
	var locked *plan.NotLockedError
	if !errors.As(err, &locked) || len(locked.Locked) != 1 || locked.Locked[0] != "debian-bookworm" {
		t.Errorf("got %#v", err)
	}
	files := chain()
	delete(files, "c.1")
	_, err = plan.New(plantest.World(t, "debian-bookworm", files))
	var entry *plan.EntryError
	if !errors.As(err, &entry) || entry.Package != "b.1" {
		t.Errorf("got %#v", err)
	}
}
