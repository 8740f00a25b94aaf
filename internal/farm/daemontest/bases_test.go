package daemontest

import (
	"testing"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/registry"
	"github.com/ofarm/ofarm/internal/testworld/registrytest"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// A base from a registry is the one that is assembled: another machine builds on it
// to the same bytes, without the package files that it is made of.
func TestBaseFromRegistry(t *testing.T) {
	server := registrytest.Start(t)
	b := newBench(t, ladder()...)
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"c", "z"}, Script: cat}, "")
	want(t, "assembled", b.build(dir), "a.1", "app", "b.1", "c.1", "z.1")
	all := exported(t, dir, alpine+"/bin/all")

	o := b.options(dir)
	bases, err := b.farm.AssembleBases(t.Context(), o.Lock, o.Targets)
	if err != nil {
		t.Fatal(err)
	}
	client := registry.New(registry.Options{})
	pushed, err := b.farm.PushBase(t.Context(), client, registry.Ref{Host: server.Host, Repository: "bases"}, bases[0])
	if err != nil {
		t.Fatal(err)
	}

	b.farm = b.newFarm("other")
	b.farm.Bases, b.farm.Registry = []farm.BaseRef{{Ref: pushed.Ref}}, client
	want(t, "from the registry", b.build(dir), "a.1", "app", "b.1", "c.1", "z.1")
	if got := exported(t, dir, alpine+"/bin/all"); got != all {
		t.Errorf("exported %q, want %q", got, all)
	}
	for _, p := range o.Lock.Targets[0].Base {
		if sum, err := input.ParseDigest("sha256:" + p.SHA256); err != nil || b.farm.Store.Has(sum) {
			t.Errorf("the package file of %s was fetched: %v", p.Name, err)
		}
	}
	want(t, "again", b.build(dir))
}
