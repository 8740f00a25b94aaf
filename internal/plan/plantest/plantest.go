// Package plantest makes what plans are made of, for the tests of packages
// that read plans: the repository's example projects, and small worlds of opam
// packages written down in the test.
package plantest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/targets"
)

// TB is the part of [testing.TB] and of rapid's T that is needed here.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Testdata is the path of a file below the repository's testdata.
func Testdata(elem ...string) string {
	_, here, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(here), "..", "..", "..", "testdata")
	return filepath.Join(append([]string{root}, elem...)...)
}

// Example is the plan's input of an example project, with its committed lock,
// for linux/amd64.
func Example(t TB, name, target string) plan.Input {
	t.Helper()
	l, err := lock.Parse(name+"/ofarm.lock", read(t, Testdata(name, "ofarm.lock")))
	if err != nil {
		t.Fatal(err)
	}
	in := plan.Input{
		Lock:      l,
		Target:    lock.TargetID{Name: target, Platform: string(targets.LinuxAMD64)},
		OpamFiles: map[string][]byte{},
		Project:   plan.Project{Packages: []plan.ProjectPackage{Project(t, name+".opam", read(t, Testdata(name, name+".opam")))}},
	}
	for _, p := range l.Packages {
		path := Testdata("opam-repository", "packages", p.Name, p.ID(), "opam")
		in.OpamFiles[p.OpamFile.SHA256] = read(t, path)
	}
	return in
}

// Project is a project's package of an opam file's text.
func Project(t TB, file string, text []byte) plan.ProjectPackage {
	t.Helper()
	f, err := opam.Parse(file, text)
	if err != nil {
		t.Fatal(err)
	}
	version := f.Version
	if version == "" {
		version = "dev"
	}
	return plan.ProjectPackage{Name: strings.TrimSuffix(file, ".opam"), Version: version, File: f}
}

// New makes a plan that must be good.
func New(t TB, in plan.Input) *plan.Plan {
	t.Helper()
	p, err := plan.New(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// World makes the input of a plan of locked packages: opam files by
// NAME.VERSION. Their sources, extra sources, extra files and depexts are
// locked as the files name them; the hashes are made up. The base has one
// package, libc6, and each depext brings one package of its own name.
func World(t TB, target string, files map[string]string) plan.Input {
	t.Helper()
	in := plan.Input{
		Lock:      &lock.File{Epoch: 1767225600, Repositories: []lock.Repository{{Name: "main", URL: "repo"}}},
		Target:    lock.TargetID{Name: target, Platform: string(targets.LinuxAMD64)},
		OpamFiles: map[string][]byte{},
	}
	depexts := map[string]bool{}
	for id, text := range files {
		f, err := opam.Parse(id, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		p := Locked(id, text, f)
		in.OpamFiles[p.OpamFile.SHA256] = []byte(text)
		in.Lock.Packages = append(in.Lock.Packages, p)
		for _, d := range systemPackages(t, target, f) {
			depexts[d] = true
		}
	}
	slices.SortFunc(in.Lock.Packages, lock.ComparePackages)
	in.Lock.Targets = []lock.Target{lockedTarget(in.Target, depexts)}
	return in
}

// Locked is a package's entry in a lock.
func Locked(id, text string, f *opam.File) lock.Package {
	name, version, _ := strings.Cut(id, ".")
	p := lock.Package{Name: name, Version: version, Repository: "main", OpamFile: madeUp(text)}
	if f.URL != nil {
		p.Source = &lock.Source{Input: madeUp(f.URL.URL), URLs: f.URL.URLs()}
	}
	for _, s := range f.ExtraSources {
		p.ExtraSources = append(p.ExtraSources, lock.Source{Name: s.Name, Input: madeUp(s.URL), URLs: s.URLs()})
	}
	for _, e := range f.ExtraFiles {
		p.ExtraFiles = append(p.ExtraFiles, lock.NamedInput{Name: e.Name, Input: madeUp(e.Name)})
	}
	return p
}

func lockedTarget(id lock.TargetID, depexts map[string]bool) lock.Target {
	t := lock.Target{
		TargetID: id,
		Archives: []lock.Archive{{Name: "debian", Suite: "bullseye", Component: "main", Timestamp: "-", SHA256: madeUp("index").SHA256}},
		Base:     []lock.DistroPackage{distroPackage("libc6")},
	}
	for name := range depexts {
		t.Extra = append(t.Extra, distroPackage(name))
		t.Depexts = append(t.Depexts, lock.Depext{Name: name, Needs: []string{name}})
	}
	slices.SortFunc(t.Extra, lock.CompareDistro)
	slices.SortFunc(t.Depexts, func(a, b lock.Depext) int { return strings.Compare(a.Name, b.Name) })
	return t
}

func distroPackage(name string) lock.DistroPackage {
	return lock.DistroPackage{
		Name: name, Version: "1", Arch: "amd64", Input: madeUp(name),
		Archive: "debian", Path: fmt.Sprintf("pool/%s_1_amd64.deb", name),
	}
}

func systemPackages(t TB, target string, f *opam.File) []string {
	t.Helper()
	r, err := targets.Find(target, nil)
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]opam.Value{}
	for name, value := range r.OpamVariables(targets.LinuxAMD64) {
		vars[name] = opam.String(value)
	}
	names, err := opam.SystemPackages(f.Depexts, opam.Scope{Globals: vars})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// madeUp is an input of these bytes.
func madeUp(text string) lock.Input {
	sum := sha256.Sum256([]byte(text))
	return lock.Input{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(text))}
}

func read(t TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Table reads a file of columns separated by tabs, named by its first line.
func Table(t TB, path string) []map[string]string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(string(read(t, path)), "\n"), "\n")
	head := strings.Split(lines[0], "\t")
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, column := range strings.Split(line, "\t") {
			row[head[i]] = column
		}
		rows = append(rows, row)
	}
	return rows
}
