package daemontest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ofarm/ofarm/internal/testworld/otheruser"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if dir := kitDir(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// kit is what all tests share.
type kit struct {
	// bin has the linker shim and buildkitd, as the folder of ofarm's own
	// binary has, and what program has built.
	bin  string
	root shellworld.Root
}

var kitDir = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "ofarm-daemontest-")
	if err != nil {
		return ""
	}
	return dir
})

// kitVariable names a folder with all programs, for a user who can't build.
const kitVariable = "OFARM_TEST_KIT"

var makeKit = sync.OnceValues(func() (kit, error) {
	root, err := findRoot()
	if err != nil {
		return kit{}, err
	}
	if dir := os.Getenv(kitVariable); dir != "" {
		return kit{bin: dir, root: root}, nil
	}
	k := kit{bin: kitDir(), root: root}
	return k, shellworld.Programs(context.Background(), k.bin, os.Getenv("OFARM_BUILDKITD"))
})

// lacks says why no daemon can run here.
var lacks = sync.OnceValue(func() error {
	if os.Geteuid() != 0 && os.Getenv(kitVariable) == "" {
		return errors.New("the private daemon needs root")
	}
	if _, err := exec.LookPath("runc"); err != nil {
		return fmt.Errorf("apt-get install runc: %w", err)
	}
	if _, err := findRoot(); err != nil {
		return fmt.Errorf("finding a root for steps: %w", err)
	}
	return nil
})

// findRoot prefers busybox, which has patch; Alpine's doesn't.
func findRoot() (shellworld.Root, error) {
	root, err := busyboxRoot()
	if err == nil {
		return root, nil
	}
	if bed := os.Getenv("OFARM_TESTBED"); bed != "" {
		found, _ := filepath.Glob(filepath.Join(bed, "alpine", "alpine-minirootfs-*-x86_64.tar.gz"))
		if len(found) > 0 {
			return shellworld.Minirootfs(found[len(found)-1])
		}
	}
	return root, fmt.Errorf("apt-get install busybox-static: %w", err)
}

func busyboxRoot() (shellworld.Root, error) {
	program, err := exec.LookPath("busybox")
	if err != nil {
		return shellworld.Root{}, err
	}
	return shellworld.Busybox(program)
}

// needKit skips a test where it can't run.
func needKit(t testing.TB) kit {
	t.Helper()
	if err := lacks(); err != nil {
		if os.Getenv("OFARM_TEST_DAEMON") == "require" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	k, err := makeKit()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// module is the project's own.
const module = "github.com/ofarm/ofarm/"

// The packages of programs that tests run.
var programs = map[string]string{
	"ofarm": "cmd/ofarm",
	"probe": "internal/farm/daemontest/testdata/probe",
	"sees":  "internal/farm/daemontest/testdata/sees",
}

// program builds a program into the kit, if it isn't there.
func program(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join(needKit(t).bin, name)
	if _, err := os.Stat(file); err == nil {
		return file
	}
	if err := shellworld.Build(t.Context(), file, module+programs[name]); err != nil {
		t.Fatal(err)
	}
	return file
}

// As root, the tests of what steps see and of verifying run a second time as
// another user: a rootless daemon's steps are made otherwise.
func TestRootless(t *testing.T) {
	files := map[string]string{}
	for _, name := range []string{"ofarm", "probe", "sees"} {
		files[name] = program(t, name)
	}
	for _, name := range []string{"buildkitd", "ofarm-cc-linux-amd64"} {
		files[name] = filepath.Join(needKit(t).bin, name)
	}
	otheruser.Run(t, "^(TestForest|TestHermetic|TestNetworkHint|TestStepSees|TestVerify)", files,
		func(dir string) []string { return []string{kitVariable + "=" + dir} })
}
