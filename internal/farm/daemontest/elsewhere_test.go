package daemontest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// noNetwork makes a command's network namespace one without an interface that
// is up: it has a loopback device, which is down.
func noNetwork(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// bundled is a project that was built and bundled, and that nothing else is left
// of: not the world it was locked from.
type bundled struct {
	*bench
	ofarm string
	dir   string // of the project, without artifacts
	file  string // the bundle
	told  string // what making it printed
	sum   string // of the artifact
}

const artifact = "dist/" + alpine + "/bin/all"

func newBundled(t *testing.T, flags ...string) bundled {
	t.Helper()
	b := bundled{bench: newBench(t, ladder()...)}
	b.ofarm = program(b.t, "ofarm")
	app := shellworld.Package{Name: "app", Depends: []string{"c", "z"}, Script: cat, Files: map[string]string{"data": "1\n"}}
	b.dir = b.project(app, "")
	b.build(b.dir)
	b.sum = sumOf(t, filepath.Join(b.dir, artifact))
	b.file = filepath.Join(b.bench.dir, "stick", "app.tar")
	args := append(b.flags("bundle", b.dir), append(flags, "-o", b.file)...)
	out, err := exec.CommandContext(t.Context(), b.ofarm, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	b.told = string(out)
	for _, gone := range []string{filepath.Join(b.dir, "dist"), b.world.Dir, b.farm.CacheDir} {
		if err := os.RemoveAll(gone); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func sumOf(t *testing.T, file string) string {
	t.Helper()
	return fmt.Sprintf("%x", sha256.Sum256([]byte(readFile(t, file))))
}

// A build from nothing but a bundle, where there is no network, gives the same
// bytes as the one that the bundle was made after.
func TestBundleWithoutNetwork(t *testing.T) {
	b := newBundled(t)
	devices, err := noNetwork(exec.CommandContext(t.Context(), "cat", "/proc/net/dev")).Output()
	if n := strings.Count(string(devices), ":"); err != nil || n > 1 {
		t.Fatalf("%d network devices: %v\n%s", n, err, devices)
	}
	dir := filepath.Join(b.bench.dir, "another", "place")
	if err := os.CopyFS(dir, os.DirFS(b.dir)); err != nil {
		t.Fatal(err)
	}
	cmd := noNetwork(exec.CommandContext(t.Context(), b.ofarm, "build", "--addr", "private", "--progress", "plain",
		"--cache-dir", filepath.Join(b.bench.dir, "another-cache"), "--bundle", b.file, dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := sumOf(t, filepath.Join(dir, artifact)); got != b.sum {
		t.Errorf("sha256 %s, want %s", got, b.sum)
	}
}

// A machine of another make, which has the few programs of the tests' root, flock
// and the libraries of runc (where that isn't static), gets a project and a bundle
// with tools, has no network, and builds the same bytes: by the command that
// making the bundle prints, and one more.
func TestBundleOnAnotherMachine(t *testing.T) {
	b := newBundled(t, "--with-tools")
	machine := filepath.Join(b.bench.dir, "machine")
	if err := needKit(t).root.Unpack(machine); err != nil {
		t.Fatal(err)
	}
	for _, lib := range slices.Concat(libraries(t, "runc"), libraries(t, "flock")) {
		place(t, lib, filepath.Join(machine, lib))
	}
	flock, err := exec.LookPath("flock")
	if err != nil {
		t.Fatal(err)
	}
	place(t, flock, filepath.Join(machine, "usr", "bin", "flock"))
	place(t, b.file, filepath.Join(machine, "stick", "app.tar"))
	if err := os.CopyFS(filepath.Join(machine, "home", "app"), os.DirFS(b.dir)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.told), "\n")
	unpack := lines[len(lines)-1]
	script := "cd /stick\n" + unpack + "\n./ofarm build --addr private --progress plain --bundle app.tar /home/app\n"
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "testdata/elsewhere.sh", machine, "/bin/sh", "-euc", script)
	cmd.Env = []string{"PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/home"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		Unshareflags: syscall.CLONE_NEWNS,
		Pdeathsig:    syscall.SIGKILL,
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := sumOf(t, filepath.Join(machine, "home", "app", artifact)); got != b.sum {
		t.Errorf("sha256 %s, want %s\n%s", got, b.sum, out)
	}
	if mounts := readFile(t, "/proc/self/mountinfo"); strings.Contains(mounts, machine) {
		t.Errorf("something is still mounted below %s", machine)
	}
}

// libraries are the files that a dynamic program needs; none for a static one.
func libraries(t *testing.T, program string) []string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "ldd", path).Output()
	if err != nil {
		return nil // "not a dynamic executable"
	}
	var files []string
	for line := range strings.Lines(string(out)) {
		for _, word := range strings.Fields(line) {
			if strings.HasPrefix(word, "/") {
				files = append(files, word)
			}
		}
	}
	return files
}

// place copies a file, executable.
func place(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(to) // it may be a link
	if err := os.WriteFile(to, []byte(readFile(t, from)), 0o755); err != nil {
		t.Fatal(err)
	}
}
