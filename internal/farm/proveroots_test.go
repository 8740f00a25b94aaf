package farm

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/lock"
)

func ids(platform string, names ...string) []lock.Target {
	var out []lock.Target
	for _, name := range names {
		out = append(out, lock.Target{TargetID: lock.TargetID{Name: name, Platform: platform}})
	}
	return out
}

// A lock that lacks a root for one of its platforms is stale, and says which.
func TestRootDifferences(t *testing.T) {
	p := &Project{Config: config.File{Prove: []string{"empty", "busybox", "debian-stable"}}}
	l := &lock.File{
		Targets: append(ids("linux/amd64", "alpine-3.20", "debian-bookworm"), ids("linux/arm64", "debian-bookworm")...),
		Roots:   append(ids("linux/amd64", "busybox", "debian-trixie"), ids("linux/arm64", "debian-trixie")...),
	}
	want := []string{"ofarm.toml asks for root busybox-arm64"}
	if diff := cmp.Diff(want, p.rootDifferences(l)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	l.Roots = append(l.Roots, ids("linux/arm64", "busybox")...)
	if diff := p.rootDifferences(l); diff != nil {
		t.Errorf("all are there: %q", diff)
	}
}

// Roots come for each platform, an empty one with each.
func TestProveRoots(t *testing.T) {
	l := &lock.File{
		Targets: append(ids("linux/amd64", "alpine-3.20", "debian-bookworm"), ids("linux/arm64", "debian-bookworm")...),
		Roots:   append(ids("linux/amd64", "busybox"), ids("linux/arm64", "busybox", "debian-bullseye", "alpine-3.20")...),
	}
	roots, err := ProveRoots(l)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range roots {
		got = append(got, string(r.Platform)+" "+r.Name+" "+string(r.Libc))
	}
	want := []string{
		"linux/amd64 empty ", "linux/arm64 empty ", "linux/amd64 busybox ", "linux/arm64 busybox ",
		"linux/arm64 debian-bullseye glibc", "linux/arm64 alpine-3.20 musl",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
