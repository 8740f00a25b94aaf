package farm

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/lock"
)

// TestAsksOtherwise changes an opam file after it was locked, and asks what it
// asks for otherwise.
func TestAsksOtherwise(t *testing.T) {
	const was = `depends: ["x" {>= "1"} "y" "t" {with-test}] depexts: ["liba"]`
	for text, want := range map[string]string{
		was + ` build: ["make"]`:                                                                 "",
		`depends: ["x" "y" "z"] depexts: ["liba"]`:                                               "a.opam now asks for z, too",
		`depends: ["x" {>= "2"} "y"] depexts: ["liba"]`:                                          "a.opam now asks for x >= 2, and the lock has x 1",
		`depends: ["x" ("z" {>= "2"} | "w") "y"] depexts: ["liba"]`:                              "a.opam now asks for z >= 2 | w, too",
		`depends: ["x" "y" "deep"] depexts: ["liba"]`:                                            "a.opam now asks for deep, too",
		`depends: ["x" "y" "b"] depexts: ["liba"]`:                                               "a.opam now asks for b, too",
		`depends: ["x"] depexts: ["liba"]`:                                                       "a.opam no longer asks for y",
		`depends: ["z"] depexts: ["liba"]`:                                                       "a.opam now asks for z, too; a.opam no longer asks for x; a.opam no longer asks for y",
		`depends: ["x" "y"] depexts: ["libb"]`:                                                   "a.opam now asks for distro package libb on alpine-3.20, too; a.opam no longer asks for distro package liba on alpine-3.20",
		`depends: ["x" {< "9"} "y"] depexts: ["liba"]`:                                           "a.opam asks for other versions or conditions than were locked",
		`depends: ["x" "y" "z" {os = "win32"}] depexts: ["liba"]`:                                "a.opam asks for other versions or conditions than were locked",
		was + ` conflicts: ["z"]`:                                                                "a.opam asks for other versions or conditions than were locked",
		`depends: ["x" "y"] depopts: ["deep" "w"] depexts: ["liba"]`:                             "a.opam now asks for deep, too",
		`depends: ["x" {post} "y" {build} "z"] depexts: [["liba"] {os-distribution = "alpine"}]`: "a.opam now asks for z, too",
	} {
		dir := folder(t, map[string]string{"a.opam": head + was, "b.opam": head})
		lockAsks(t, dir)
		if err := os.WriteFile(filepath.Join(dir, "a.opam"), []byte(head+text), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := OpenProject(dir)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		var stale *StaleError
		if _, _, err := p.ReadLock(); errors.As(err, &stale) {
			got = strings.Join(stale.Differences, "; ")
		} else if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// lockAsks locks the project in a folder for one target: a.opam needs x and y, and
// x needs deep.
func lockAsks(t *testing.T, dir string) {
	t.Helper()
	p, err := OpenProject(dir)
	if err != nil {
		t.Fatal(err)
	}
	id := lock.TargetID{Name: "alpine-3.20", Platform: "linux/amd64"}
	f := lock.File{Projects: p.Locked(), Repositories: []lock.Repository{{Name: "main", URL: "."}}}
	f.Projects[0].Depends = []string{"x", "y"}
	f.Projects[0].Depexts = []lock.Depexts{{Target: id, Names: []string{"liba"}}}
	for name, depends := range map[string][]string{"x": {"deep"}, "y": nil, "deep": nil} {
		file := lock.Input{SHA256: strings.Repeat("0", 64), Size: 1}
		f.Packages = append(f.Packages, lock.Package{Name: name, Version: "1", Repository: "main", OpamFile: file, Depends: depends})
	}
	slices.SortFunc(f.Packages, lock.ComparePackages)
	f.Targets = []lock.Target{{TargetID: id, Depexts: []lock.Depext{{Name: "liba"}}}}
	if err := WriteFile(p.LockPath(), f.Append(nil)); err != nil {
		t.Fatal(err)
	}
}
