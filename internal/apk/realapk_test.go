package apk

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A real is the apk of Alpine's minirootfs, run by its own musl loader, so that it needs neither root nor chroot.
type real struct{ root string }

// realApk unpacks the test bed's minirootfs, or skips the test.
func realApk(t *testing.T) real {
	t.Helper()
	bed := os.Getenv("OFARM_TESTBED")
	if bed == "" {
		t.Skip("OFARM_TESTBED is not set")
	}
	root := t.TempDir()
	tarball := filepath.Join(bed, "alpine", "alpine-minirootfs-3.20.3-x86_64.tar.gz")
	if out, err := exec.Command("tar", "-xzf", tarball, "-C", root, "--exclude=./dev/*").CombinedOutput(); err != nil {
		t.Fatalf("unpacking the minirootfs: %v: %s", err, out)
	}
	r := real{root}
	if out, err := r.command("--version").CombinedOutput(); err != nil {
		t.Skipf("the minirootfs's apk does not run here: %v: %s", err, out)
	}
	return r
}

func (r real) command(args ...string) *exec.Cmd {
	loader := filepath.Join(r.root, "lib", "ld-musl-x86_64.so.1")
	path := filepath.Join(r.root, "lib") + ":" + filepath.Join(r.root, "usr", "lib")
	return exec.Command(loader, append([]string{"--library-path", path, filepath.Join(r.root, "sbin", "apk")}, args...)...)
}

// output runs apk and gives what it prints on standard output.
func (r real) output(t *testing.T, args ...string) string {
	t.Helper()
	out, err := r.command(args...).Output()
	if err != nil {
		t.Fatalf("apk %q: %v", args, err)
	}
	return string(out)
}
