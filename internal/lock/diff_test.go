package lock

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestDiff(t *testing.T) {
	bullseye := TargetID{"debian-bullseye", "linux/amd64"}
	tests := map[string]struct {
		change func(*File)
		want   Changes
	}{
		"nothing": {func(f *File) {}, Changes{}},
		"moved": {
			func(f *File) { f.Packages[1].Version = "3.18.0" },
			Changes{Packages: []PackageChange{{Change: Change{"dune", "3.17.2", "3.18.0"}}}},
		},
		"removed": {
			func(f *File) { f.Packages = f.Packages[1:] },
			Changes{Packages: []PackageChange{{Change: Change{"conf-libev", "4-12", ""}}}},
		},
		"added": {
			func(f *File) { f.Packages = append(f.Packages, Package{Name: "logs", Version: "0.7.0"}) },
			Changes{Packages: []PackageChange{{Change: Change{"logs", "", "0.7.0"}}}},
		},
		"a second version": {
			func(f *File) { f.Packages = append(f.Packages, Package{Name: "dune", Version: "3.18.0"}) },
			Changes{Packages: []PackageChange{{Change: Change{"dune", "", "3.18.0"}}}},
		},
		"patched": {
			func(f *File) { f.Packages[1].OpamFile.SHA256, f.Packages[1].Only = zeros, []TargetID{bullseye} },
			Changes{Packages: []PackageChange{{Change{"dune", "3.17.2", "3.17.2"}, []string{"opam file", "targets"}}}},
		},
		"repository": {
			func(f *File) { f.Repositories[1].URL = "git+https://example.org/repo.git#" + zeros[:40] },
			Changes{Repositories: []Change{{
				"git", "git+https://example.org/repo.git#0123456789012345678901234567890123456789 ref:main",
				"git+https://example.org/repo.git#" + zeros[:40] + " ref:main",
			}}},
		},
		"order": {
			func(f *File) {
				f.Repositories[0], f.Repositories[1] = f.Repositories[1], f.Repositories[0]
			},
			Changes{Reordered: true},
		},
		"options": {
			func(f *File) { f.Options = Options{OCaml: "5.4.1", Constraints: []string{"dune>=3.10", "lwt"}} },
			Changes{Settings: []Change{{"ocaml", "5.3.0", "5.4.1"}, {"opam", "dune<4", ""}, {"opam", "", "lwt"}, {"with-test", "true", ""}}},
		},
		"project": {
			func(f *File) { f.Projects[0].Depends = []string{"dune"} },
			Changes{Projects: []Change{{"fserv.opam", f64('b'), f64('b')}}},
		},
		"target gone": {
			func(f *File) { f.Targets = f.Targets[:1] },
			Changes{Targets: []TargetChange{{TargetID: bullseye, Removed: true}}},
		},
		"distro packages": {
			func(f *File) {
				d := &f.Targets[1]
				d.Archives[0].Timestamp = "20260101T000000Z"
				d.Base[0].Version = "10.2.1-7"
				d.Extra = append(d.Extra, DistroPackage{Name: "libev4", Version: "1:4.33-1"})
				d.Depexts[0].Needs = []string{"libev-dev", "libev4"}
			},
			Changes{Targets: []TargetChange{{
				TargetID: bullseye,
				Archives: []Change{{"debian bullseye main", "20250809T120000Z", "20260101T000000Z"}},
				Packages: []Change{{"gcc-10", "10.2.1-6", "10.2.1-7"}, {"libev4", "", "1:4.33-1"}},
				Depexts:  []string{"libev-dev"},
			}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			old, err := Parse("ofarm.lock", whole(t))
			if err != nil {
				t.Fatal(err)
			}
			changed, _ := Parse("ofarm.lock", whole(t))
			tt.change(changed)
			got := Diff(old, changed)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Empty() != (name == "nothing") {
				t.Errorf("Empty is %v", got.Empty())
			}
		})
	}
}

func f64(digit byte) string {
	b := make([]byte, 64)
	for i := range b {
		b[i] = digit
	}
	return string(b)
}
