// Package otheruser runs tests of root's a second time as a user who isn't, whom
// $OFARM_TEST_USER names: one who has subordinate ids (subuid(5)), so that
// daemons and their steps run in a user namespace.
package otheruser

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Run runs those tests of this test binary again whose names match a pattern, in
// a folder that the user owns. That user needn't be able to read the
// repository, nor to build: files are copied into the folder and are executable there,
// from the paths given by name. The environment is PATH, HOME, TMPDIR, the
// variables OFARM_TEST_DAEMON and OFARM_TESTBED, and what env adds.
//
// Who isn't root skips this: their tests aren't root's anyway.
func Run(t *testing.T, pattern string, files map[string]string, env func(dir string) []string) {
	t.Helper()
	name := os.Getenv("OFARM_TEST_USER")
	if os.Getuid() != 0 || name == "" {
		t.Skip("OFARM_TEST_USER names no user, or not root")
	}
	u, uid, gid := account(t, name)
	// The daemons' state must be on a file system that overlayfs can use, like /tmp,
	// and the paths of their sockets short.
	dir, err := os.MkdirTemp("", "other")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	test := filepath.Join(dir, filepath.Base(os.Args[0]))
	copyProgram(t, test, os.Args[0])
	for name, from := range files {
		copyProgram(t, filepath.Join(dir, name), from)
	}
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, tmp} {
		if err := os.Chown(d, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), test, "-test.v", "-test.run", pattern)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + u.HomeDir, "TMPDIR=" + tmp}, env(dir)...)
	for _, name := range []string{"OFARM_TEST_DAEMON", "OFARM_TESTBED"} {
		cmd.Env = append(cmd.Env, name+"="+os.Getenv(name))
	}
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("as %s: %v", name, err)
	}
	if !strings.Contains(string(out), "--- PASS") {
		t.Errorf("as %s, no test was run", name)
	}
}

func copyProgram(t *testing.T, to, from string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

// account looks a user up.
func account(t *testing.T, name string) (*user.User, int, int) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return u, uid, gid
}
