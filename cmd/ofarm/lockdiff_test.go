package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/lock"
)

func someChanges() lock.Changes {
	sum := strings.Repeat("0", 60)
	return lock.Changes{
		Settings: []lock.Change{
			{Name: "epoch", Old: "1", New: "2"},
			{Name: "ocaml", Old: "5.3.0", New: "5.4.1"},
			{Name: "opam", New: "lwt>=5.6"},
			{Name: "with-test", Old: "true"},
		},
		Repositories: []lock.Change{
			{Name: "git", Old: "git+https://example.org/r#1111" + sum[:36], New: "git+https://example.org/r#2222" + sum[:36]},
			{Name: "main", Old: "../one", New: "../two"},
			{Name: "tar", Old: "https://example.org/r sha256:1111" + sum, New: "https://example.org/r sha256:2222" + sum},
		},
		Reordered: true,
		Projects:  []lock.Change{{Name: "a.opam", Old: "1", New: "2"}, {Name: "b.opam", New: "2"}, {Name: "c.opam", Old: "1", New: "1"}},
		Packages: []lock.PackageChange{
			{Change: lock.Change{Name: "cohttp", Old: "6.0.0", New: "6.0.0~beta2"}},
			{Change: lock.Change{Name: "dune", Old: "3.17.2", New: "3.17.2"}, Fields: []string{"opam file", "sources"}},
			{Change: lock.Change{Name: "fmt", Old: "1", New: "1"}, Fields: []string{"targets"}},
			{Change: lock.Change{Name: "logs", New: "0.7.0"}},
			{Change: lock.Change{Name: "lwt", Old: "5.9.1", New: "5.10.0"}},
			{Change: lock.Change{Name: "result", Old: "1.5"}},
		},
		Targets: []lock.TargetChange{
			{TargetID: lock.TargetID{Name: "alpine-3.20", Platform: "linux/amd64"}, Added: true},
			{
				TargetID: lock.TargetID{Name: "debian-bullseye", Platform: "linux/amd64"},
				Archives: []lock.Change{{Name: "debian bullseye main", Old: "20250809T120000Z", New: "20260101T000000Z"}},
				Packages: []lock.Change{{Name: "gcc-10", Old: "10.2.1-6", New: "10.2.1-7"}, {Name: "libev4", New: "1:4.33-1"}, {Name: "zlib1g", Old: "1"}},
				Depexts:  []string{"libev-dev"},
			},
			{TargetID: lock.TargetID{Name: "debian-trixie", Platform: "linux/arm64"}, Removed: true},
		},
	}
}

func TestPrintLockChanges(t *testing.T) {
	const want = `   Changing epoch 1 -> 2
   Changing option ocaml 5.3.0 -> 5.4.1
     Adding option opam lwt>=5.6
   Removing option with-test
   Changing repository git 111100000000 -> 222200000000
   Changing repository main ../one -> ../two
   Changing repository tar 111100000000 -> 222200000000
   Changing the order of opam repositories
   Changing a.opam (asks for other dependencies)
     Adding b.opam
   Changing c.opam (depends)
Downgrading cohttp 6.0.0 -> 6.0.0~beta2
   Patching dune 3.17.2 (opam file, sources)
   Changing fmt 1 (targets)
     Adding logs 0.7.0
  Upgrading lwt 5.9.1 -> 5.10.0
   Removing result 1.5
     Adding target alpine-3.20
  debian-bullseye: 3 distro packages changed
    archive debian bullseye main 20250809T120000Z -> 20260101T000000Z
    gcc-10 10.2.1-6 -> 10.2.1-7
    + libev4 1:4.33-1
    - zlib1g 1
    depexts: libev-dev
   Removing target debian-trixie-arm64
`
	var got strings.Builder
	if err := printLockChanges(&got, someChanges()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPrintManyDistroChanges(t *testing.T) {
	c := lock.TargetChange{TargetID: lock.TargetID{Name: "debian-trixie", Platform: "linux/amd64"}}
	for i := range 100 {
		c.Packages = append(c.Packages, lock.Change{Name: fmt.Sprintf("p%02d", i), Old: "1", New: "2"})
	}
	var got strings.Builder
	if err := printLockChanges(&got, lock.Changes{Targets: []lock.TargetChange{c}}); err != nil {
		t.Fatal(err)
	}
	if want := "    p11 1 -> 2\n    and 88 more\n"; !strings.HasSuffix(got.String(), want) {
		t.Errorf("it ends in %q, want %q", got.String()[max(0, got.Len()-60):], want)
	}
}

func TestLockChangesJSON(t *testing.T) {
	data, err := json.Marshal(lockChangesJSON(someChanges()))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"name":"lwt","old":"5.9.1","new":"5.10.0","kind":"upgraded","fields":[]}`,
		`{"name":"logs","old":null,"new":"0.7.0","kind":"added","fields":[]}`,
		`{"name":"dune","old":"3.17.2","new":"3.17.2","kind":"patched","fields":["opam file","sources"]}`,
		`{"target":"alpine-3.20","platform":"linux/amd64","added":true,"removed":false,"archives":[],"packages":[],"depexts":[]}`,
		`"repositories_reordered":true`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("JSON lacks %s\n%s", want, data)
		}
	}
	none, _ := json.Marshal(lockChangesJSON(lock.Changes{}))
	if want := `{"options":[],"repositories":[],"repositories_reordered":false,"projects":[],"opam":[],"targets":[],"roots":[]}`; string(none) != want {
		t.Errorf("no changes are %s, want %s", none, want)
	}
}
