package resolve

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/resolve/versions"
	"github.com/ofarm/ofarm/targets"
)

// TestOld: what an old lock has stays, without a connection, until it is to
// move.
func TestOld(t *testing.T) {
	w := newWorld(t)
	w.opam("alpha.0", "")
	w.opam("app.1", "")
	opt := w.options()
	opt.Constraints = demand(t, "alpha", "=", "0")
	old := mustLock(t, opt)
	w.debian(debianURL, "tiny", stanza("base-files", "2", "Essential: yes")+stanza("gcc", "2")+stanza("libc6", "1.0")+
		stanza("libfoo-dev", "2"))

	offline := w.options()
	offline.Old = old
	offline.Fetcher.Transport = nil
	offline.Fetcher.Offline = true
	if diff := cmp.Diff(string(old.Append(nil)), string(mustLock(t, offline).Append(nil))); diff != "" {
		t.Errorf("nothing was to change (-old +new):\n%s", diff)
	}

	distro := w.options()
	distro.Old, distro.UpdateDistro = old, true
	got := mustLock(t, distro)
	if v := versionOf(got.Targets[1].Base, "gcc"); v != "2" || got.Packages[0].Version != "0" {
		t.Errorf("gcc is %s, want 2; alpha is %s, want 0", v, got.Packages[0].Version)
	}

	named := w.options()
	named.Old, named.Update = old, Update{Names: []string{"alpha"}}
	got = mustLock(t, named)
	if got.Packages[0].Version != "1" {
		t.Errorf("alpha is %s, want 1", got.Packages[0].Version)
	}
	// It needs a depext that wasn't locked.
	if v := versionOf(got.Targets[1].Extra, "libfoo-dev"); v != "2" {
		t.Errorf("libfoo-dev is %q, want 2", v)
	}
}

func versionOf(list []lock.DistroPackage, name string) string {
	for _, p := range list {
		if p.Name == name {
			return p.Version
		}
	}
	return ""
}

func demand(t *testing.T, name, rel, version string) []versions.Constraint {
	t.Helper()
	set := opam.Versions{Op: opam.FormulaAtom, Rel: rel, Version: version}
	return []versions.Constraint{{Package: opam.Requirement{Op: opam.FormulaAtom, Name: name, Versions: set}, By: "--opam"}}
}

func mustLock(t *testing.T, opt Options) *lock.File {
	t.Helper()
	got, err := Lock(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return got.Lock
}

// TestRoots: a root has what is asked for and what that needs, and stays.
func TestRoots(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	opt.Roots = []Root{
		{Name: "plain", Release: tinyDebian().Release, Platform: targets.LinuxAMD64, Packages: []string{"libfoo-dev"}},
		{Name: "alpine-9.9", Release: tinyAlpine().Release, Platform: targets.LinuxAMD64, Packages: []string{"libfoo-dev"}},
	}
	got := mustLock(t, opt)
	var text []string
	for _, root := range got.Roots {
		for _, p := range root.Base {
			text = append(text, root.Name+": "+p.Name+" "+p.Version)
		}
	}
	want := []string{
		"alpine-9.9: libfoo 1-r0", "alpine-9.9: libfoo-dev 1-r0",
		"plain: libc6 1.0+deb1", "plain: libfoo-dev 1", "plain: libfoo1 1",
	}
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	opt.Old, opt.Fetcher.Transport, opt.Fetcher.Offline = got, nil, true
	if diff := cmp.Diff(string(got.Append(nil)), string(mustLock(t, opt).Append(nil))); diff != "" {
		t.Errorf("nothing was to change (-old +new):\n%s", diff)
	}
}

// TestApart: where no versions fit all targets, each has its own.
func TestApart(t *testing.T) {
	w := newWorld(t)
	w.opam("beta.1", `available: os-distribution = "debian"`)
	w.opam("beta.2", `available: os-distribution = "alpine"`)
	w.opam("gamma.1", `depends: ["beta" {= version}]`)
	w.opam("gamma.2", `depends: ["beta" {= version}]`)
	opt := w.options()
	opt.Constraints = []versions.Constraint{{Package: opam.Requirement{Op: opam.FormulaAtom, Name: "gamma"}, By: "--opam"}}
	got, err := Lock(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, p := range got.Lock.Packages {
		for _, id := range p.Only {
			text = append(text, p.ID()+" on "+id.Name)
		}
	}
	want := []string{"beta.1 on debian-tiny", "beta.2 on alpine-9.9", "gamma.1 on debian-tiny", "gamma.2 on alpine-9.9"}
	if depends := got.Lock.Projects[0].Depends; !slices.Equal(depends, []string{"alpha", "beta", "gamma"}) {
		t.Errorf("the project depends on %q", depends)
	}
	if diff := cmp.Diff(want, text); diff != "" || !got.Apart {
		t.Errorf("apart %v (-want +got):\n%s", got.Apart, diff)
	}
}
