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
	// binary has.
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

var makeKit = sync.OnceValues(func() (kit, error) {
	k := kit{bin: kitDir()}
	root, err := findRoot()
	if err != nil {
		return kit{}, err
	}
	k.root = root
	return k, shellworld.Programs(context.Background(), k.bin, os.Getenv("OFARM_BUILDKITD"))
})

// lacks says why no daemon can run here.
var lacks = sync.OnceValue(func() error {
	if os.Geteuid() != 0 {
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
