package solve

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// As root, the tests with a daemon run a second time as the user that
// OFARM_TEST_USER names, who has subordinate ids. As anybody else they are
// rootless anyway.
func TestRootless(t *testing.T) {
	name := os.Getenv("OFARM_TEST_USER")
	if os.Getuid() != 0 || name == "" {
		t.Skip("OFARM_TEST_USER names no user, or not root")
	}
	needDaemon(t)
	dir, err := os.MkdirTemp("", "solve-rootless")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	prog, err := program()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	buildkitd, err := os.ReadFile("../../bin/buildkitd")
	if err != nil {
		t.Fatal(err)
	}
	u, uid, gid := account(t, name)
	for file, data := range map[string][]byte{"prog": prog, "solve.test": self, "buildkitd": buildkitd} {
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// The state must be on a file system that overlayfs can use, like /tmp.
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, tmp} {
		if err := os.Chown(d, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(dir, "solve.test"), "-test.v", "-test.run", "^(TestRun|TestPrivate|TestStale|TestLong|TestFind|TestOther|TestParallel)")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + u.HomeDir, "TMPDIR=" + tmp,
		"SOLVE_TEST_PROG=" + filepath.Join(dir, "prog"), "SOLVE_TEST_BIN=" + dir, "OFARM_TEST_DAEMON=" + os.Getenv("OFARM_TEST_DAEMON"),
	}
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
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
