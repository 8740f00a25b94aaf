package testworld

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/apk"
)

// wanted is the packages that the roots of these tests are asked to have.
var wanted = []string{
	"alpine-baselayout", "busybox", "build-base", "bash", "bzip2", "diffutils", "linux-headers", "m4", "perl",
	"pkgconf", "tar", "unzip", "xz", "zlib-dev", "zlib-static",
}

// TestAlpineWorld installs a root from the stand-in, with the real apk where
// the test bed has one, and compiles in it.
func TestAlpineWorld(t *testing.T) {
	w := AlpineWorld(t, "zlib")
	if os.Geteuid() != 0 {
		t.Skip("a chroot needs root")
	}
	selection := selectAll(t, w)
	root := ""
	if tarball := minirootfs(); tarball != "" {
		root = installWithApk(t, w, tarball)
		if diff := cmp.Diff(installed(t, root), selection); diff != "" {
			t.Errorf("packages (-apk +ours):\n%s", diff)
		}
	} else {
		root = unpackAll(t, w, selection)
	}
	script, err := os.ReadFile("testdata/toolchain.sh")
	if err != nil {
		t.Fatal(err)
	}
	writeTest(t, filepath.Join(root, "tmp/toolchain.sh"), string(script))
	out := inRoot(t, root, "/bin/sh", "/tmp/toolchain.sh")
	if !strings.HasSuffix(out, "toolchain works\n") {
		t.Errorf("the script ended early:\n%s", out)
	}
}

// selectAll chooses the closure of what is wanted from the repository's index.
func selectAll(t *testing.T, w *World) []string {
	t.Helper()
	main := &apk.Index{Packages: readRepository(t, w, "main", publicKeys(t, w))}
	chosen, err := apk.Select(apk.SelectOptions{Repositories: []*apk.Index{main}, Want: wanted})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range chosen.Packages {
		ids = append(ids, p.ID())
	}
	slices.Sort(ids)
	return ids
}

// installWithApk makes a root below a real Alpine root and returns its folder.
func installWithApk(t *testing.T, w *World, tarball string) string {
	t.Helper()
	alpine, err := readRoot(tarball)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := alpine.writeTo(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "mirror"), os.DirFS(w.Dir)); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join("new/etc/apk/keys", filepath.Base(w.Key))
	writeTest(t, filepath.Join(dir, key), string(readFile(t, w.Dir, filepath.Base(w.Key))))
	args := []string{
		"--root", "/new", "--initdb", "--arch", "x86_64", "--no-cache", "--no-network", "--no-progress",
		"--repository", "/mirror/" + w.Branch + "/main", "--repository", "/mirror/" + w.Branch + "/community", "add",
	}
	t.Log(inRoot(t, dir, "/sbin/apk", append(args, wanted...)...))
	return filepath.Join(dir, "new")
}

// installed lists what apk has installed in a root.
func installed(t *testing.T, root string) (ids []string) {
	t.Helper()
	db := string(readFile(t, root, "lib/apk/db/installed"))
	for stanza := range strings.SplitSeq(strings.TrimSpace(db), "\n\n") {
		p, err := repack(stanza, nil, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.info.ID())
	}
	slices.Sort(ids)
	return ids
}

// unpackAll lays packages out without apk.
func unpackAll(t *testing.T, w *World, ids []string) string {
	t.Helper()
	root := tree{}
	for _, id := range ids {
		f, err := os.Open(filepath.Join(w.Dir, w.Branch, "main", "x86_64", id+".apk"))
		if err != nil {
			t.Fatal(err)
		}
		opened, err := apk.Open(f, apk.OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := root.addTar(opened, same); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	dir := t.TempDir()
	if err := root.writeTo(dir); err != nil {
		t.Fatal(err)
	}
	inRoot(t, dir, "/bin/busybox", "mkdir", "-p", "/dev", "/tmp")
	inRoot(t, dir, "/bin/busybox", "--install", "-s")
	return dir
}

// inRoot runs a program in a chroot without network and returns its output.
func inRoot(t *testing.T, root, program string, args ...string) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, "dev/null")); err != nil {
		if err := makeNull(root); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     root,
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNET,
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}
