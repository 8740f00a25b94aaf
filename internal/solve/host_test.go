package solve

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMissing(t *testing.T) {
	bin := t.TempDir()
	script(t, bin, "crun", "")
	_, err := Find(t.Context(), Options{Sockets: []string{}, StateDir: t.TempDir(), Path: bin})
	var e *MissingError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	var list []string
	for _, r := range e.Missing {
		list = append(list, r.What)
	}
	if diff := cmp.Diff([]string{"buildkitd", "flock"}, list[:min(2, len(list))]); diff != "" {
		t.Error(diff)
	}
}

func TestOwnFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	for _, mode := range []os.FileMode{0o755, 0o770} {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := ownFolder(dir); err == nil {
			t.Errorf("%v is taken", mode)
		}
	}
	link := dir + "-link"
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if err := ownFolder(link); err == nil {
		t.Error("a link is taken")
	}
}

func TestTooOld(t *testing.T) {
	for version, want := range map[string]bool{
		"v0.11.6": true, "0.11.6": true, "v0.12.0-rc1": true, "v0.12.0": false, "v0.34.2": false,
		"v0.0.0+unknown": false, "": false, "4ddb2d1": false, "v1.2.3": false,
	} {
		if got := tooOld(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}

// What a host without anything lacks for a rootless daemon, and one with all.
func TestRootlessRequirements(t *testing.T) {
	root, bin := t.TempDir(), t.TempDir()
	h := host{root: root, uid: 1234, path: bin}
	put := func(file, text string) {
		file = filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("etc/passwd", "root:x:0:0::/:/bin/sh\nanna:x:1234:1234::/home/anna:/bin/sh\n")
	h.user = h.userName()
	put("proc/sys/user/max_user_namespaces", "0\n")
	put("proc/sys/kernel/unprivileged_userns_clone", "1\n")
	put("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")
	put("etc/subuid", "anna:100000:65535\nberta:200000:65536\n")
	p := places{state: t.TempDir(), socket: "/x/buildkitd.sock"}
	_, err := h.command(p, Options{})
	var e *MissingError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	var got []string
	for _, r := range e.Missing {
		got = append(got, fmt.Sprintf("%s|%s", r.What, strings.ReplaceAll(r.Detail, bin, "BIN")))
	}
	want := []string{
		"buildkitd|not in BIN", "runc or crun|not in BIN", "flock|not in BIN",
		"rootlesskit|not in BIN", "newuidmap|not in BIN", "newgidmap|not in BIN",
		"user namespaces|/proc/sys/user/max_user_namespaces is 0",
		"user namespaces|/proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1",
		`65536 subordinate ids in /etc/subuid|user "anna" has 65535`,
		`65536 subordinate ids in /etc/subgid|user "anna" has 0`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	for _, name := range []string{"buildkitd", "crun", "flock", "rootlesskit", "newuidmap", "newgidmap"} {
		script(t, bin, name, "")
	}
	put("proc/sys/user/max_user_namespaces", "1000\n")
	put("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0\n")
	put("etc/subuid", "anna:100000:65536\n")
	put("etc/subgid", "1234:100000:65536\n")
	command, err := h.command(p, Options{Parallel: 3})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{bin + "/rootlesskit", "--state-dir=/x/rk", "--net=host", "--pidns", bin + "/buildkitd", "--config", p.config()}, command); diff != "" {
		t.Error(diff)
	}
	data, err := os.ReadFile(p.config())
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(data), "rootless = true", "max-parallelism = 3", "maxUsedSpace = 21474836480", bin+"/crun")
}
