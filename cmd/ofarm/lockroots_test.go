package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/resolve"
	"github.com/ofarm/ofarm/targets"
)

// Roots are locked for each platform that there will be targets of, and those of
// the lock stay.
func TestLockRoots(t *testing.T) {
	p := &farm.Project{Config: config.File{Prove: []string{"empty", "debian-trixie"}}}
	old := &lock.File{
		Targets: []lock.Target{{TargetID: lock.TargetID{Name: "debian-bookworm", Platform: "linux/amd64"}}},
		Roots:   []lock.Target{{TargetID: lock.TargetID{Name: "debian-bullseye", Platform: "linux/amd64"}}},
	}
	o := lockOptions{prove: []string{"busybox"}, set: func(string) bool { return false }}
	list := []resolve.Target{{Platform: targets.LinuxARM64}, {Platform: targets.LinuxAMD64}, {Platform: targets.LinuxARM64}}
	for name, c := range map[string]struct {
		old  *lock.File
		list []resolve.Target
		want []string
	}{
		"new, one platform": {nil, list[:1], []string{"linux/arm64 busybox", "linux/arm64 debian-trixie"}},
		"another platform": {old, list, []string{
			"linux/arm64 busybox", "linux/amd64 busybox", "linux/arm64 debian-trixie", "linux/amd64 debian-trixie",
			"linux/amd64 debian-bullseye",
		}},
	} {
		roots, err := lockRoots(o, p, c.old, c.list)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range roots {
			got = append(got, string(r.Platform)+" "+r.Name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
