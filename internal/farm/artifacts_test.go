package farm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/targets"
)

func made(target, path string) Artifact {
	return Artifact{Target: target, Platform: "linux/amd64", Path: path, Kind: "other", Lock: "l"}
}

// TestArtifactsMerge builds two targets, then one of them again.
func TestArtifactsMerge(t *testing.T) {
	dir := folder(t, map[string]string{
		"debian-bookworm/bin/a": "", "debian-bullseye/bin/a": "", "debian-bullseye/bin/b": "",
	})
	oldstable, oldold := made("debian-bookworm", "debian-bookworm/bin/a"), made("debian-bullseye", "debian-bullseye/bin/a")
	gone := made("debian-trixie", "debian-trixie/bin/a") // nobody has its file
	write(t, dir, []string{"debian-bookworm", "debian-bullseye", "debian-trixie"}, oldold, gone, oldstable)
	wantArtifacts(t, dir, oldstable, oldold, gone)

	again := made("debian-bullseye", "debian-bullseye/bin/b")
	write(t, dir, []string{"debian-bullseye"}, again)
	wantArtifacts(t, dir, oldstable, again)
}

func write(t *testing.T, dir string, built []string, list ...Artifact) {
	t.Helper()
	old, err := readDescribed(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writeArtifacts(dir, built, list, old.artifacts); err != nil {
		t.Fatal(err)
	}
}

func wantArtifacts(t *testing.T, dir string, want ...Artifact) {
	t.Helper()
	got, err := ReadArtifacts(filepath.Join(dir, ArtifactsName))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("artifacts (-want +got):\n%s", diff)
	}
}

func TestReadArtifacts(t *testing.T) {
	tests := map[string]struct {
		text string
		ok   bool
	}{
		"good":    {`{"version": 1, "artifacts": []}`, true},
		"damaged": {`{"version": 1,`, false},
	}
	for name, tt := range tests {
		dir := folder(t, map[string]string{ArtifactsName: tt.text, "debian-bookworm/bin/a": ""})
		if _, err := ReadArtifacts(filepath.Join(dir, ArtifactsName)); (err == nil) != tt.ok {
			t.Errorf("%s: got %v", name, err)
		}
		a := made("debian-bookworm", "debian-bookworm/bin/a")
		write(t, dir, []string{"debian-bookworm"}, a)
		wantArtifacts(t, dir, a)
	}
	if got, err := ReadArtifacts(filepath.Join(t.TempDir(), ArtifactsName)); got != nil || err != nil {
		t.Errorf("without a file: %v, %v", got, err)
	}
}

func TestPolicy(t *testing.T) {
	release := func(name string) *plan.Plan {
		r, err := targets.Find(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		return &plan.Plan{Release: r, Platform: targets.LinuxAMD64}
	}
	base := audit.Policy{Platform: "linux/amd64", NoRunpath: true, NoExecStack: true, NoPrivate: true}
	policy := func(linkage, glibc string) audit.Policy {
		p := base
		p.Linkage, p.MaxGLIBC = linkage, glibc
		return p
	}
	tests := map[string]struct {
		target string
		link   targets.LinkMode
		max    string
		want   audit.Policy
	}{
		"static on Alpine":        {"alpine-3.20", targets.Static, "", policy(audit.Static, "")},
		"mostly static on Debian": {"debian-bullseye", targets.MostlyStatic, "", policy(audit.MostlyStatic, "2.31")},
		"asked for less":          {"debian-bookworm", targets.MostlyStatic, "2.17", policy(audit.MostlyStatic, "2.17")},
		"dynamic":                 {"debian-bookworm", targets.Dynamic, "", policy("", "2.36")},
		"project, Alpine":         {"alpine-3.20", targets.Project, "", policy(audit.Static, "")},
		"project, Debian":         {"debian-trixie", targets.Project, "", policy(audit.MostlyStatic, "2.41")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := Policy(release(tt.target), tt.link, tt.max)
			got.NoLeaks = false // the records of leaks are not a matter of link modes
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAuditReportsAll breaks the policy with two files.
func TestAuditReportsAll(t *testing.T) {
	dir := folder(t, map[string]string{"bin/script": "#!/bin/sh\n", "bin/broken": "\x7fELF"})
	r, err := targets.Find("debian-bookworm", nil)
	if err != nil {
		t.Fatal(err)
	}
	pl := &plan.Plan{Release: r, Platform: targets.LinuxAMD64}
	if _, err := auditDir(dir, "", pl, audit.Policy{}, "l"); err == nil {
		t.Error("a broken ELF file passes")
	}
	if err := os.Remove(filepath.Join(dir, "bin/broken")); err != nil {
		t.Fatal(err)
	}
	got, err := auditDir(dir, "", pl, audit.Policy{}, "l")
	if err != nil || len(got) != 1 || got[0].Path != "debian-bookworm/bin/script" || got[0].Kind != "script" || got[0].Size != 10 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWriteFileLeavesNothing(t *testing.T) {
	dir := folder(t, map[string]string{"a/b": ""})
	if err := WriteFile(filepath.Join(dir, "a"), []byte("x")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left %v, %v", entries, err)
	}
	if err := WriteFile(filepath.Join(dir, "no", "file"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestMirrors(t *testing.T) {
	m := Mirrors{
		ByHash:   []string{"https://one.example.org", "file:///two"},
		Archives: map[string][]string{"debian": {"https://near.example.org/debian", "https://far.example.org/debian"}},
	}
	got := m.For([]lock.Target{
		{Archives: []lock.Archive{{Name: "debian", Timestamp: "20260101T000000Z"}, {Name: "debian-security", Timestamp: "20260102T000000Z"}}},
		{Archives: []lock.Archive{{Name: "alpine", Timestamp: "-"}}},
	})
	want := map[string][]string{
		"debian@20260101T000000Z": {
			"https://near.example.org/debian", "https://far.example.org/debian",
			"https://snapshot.debian.org/archive/debian/20260101T000000Z",
		},
		"debian-security@20260102T000000Z": {"https://snapshot.debian.org/archive/debian-security/20260102T000000Z"},
		"alpine@-":                         {"https://dl-cdn.alpinelinux.org/alpine"},
	}
	if diff := cmp.Diff(want, got.Archives); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(got.ByHash) != 2 || got.ByHash[0].URL != m.ByHash[0] || got.ByHash[1].URL != m.ByHash[1] {
		t.Errorf("by-hash mirrors %v", got.ByHash)
	}
	if len(m.Archives["debian"]) != 2 {
		t.Error("the given list was changed")
	}
}

// What can't be written is named, and not the file that would have become it.
func TestWriteError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nosuch", "ofarm.lock")
	var e *WriteError
	if err := WriteFile(path, nil); !errors.As(err, &e) || err.Error() != fmt.Sprintf("writing %q: no such file or directory", path) {
		t.Errorf("got %v", err)
	}
}
