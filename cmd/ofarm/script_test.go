package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"ofarm": main}) }

// TestScript runs the scripts of testdata/script on the real main, each in a
// folder of its own with a project "hello" and the world that it is locked
// from. None needs a daemon or a network.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			if err := setEnv(e); err != nil {
				return err
			}
			return makeWorld(e.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"spoil":    spoil,
			"damaged":  damaged,
			"notfound": notFound,
			"registry": startRegistry,
			"spoiling": spoiling,
			"setenv":   setVariable,
			"serve":    serve,
		},
	})
}

// setEnv sets the environment of ofarm: nothing of this machine's, and a proxy
// that isn't there, for what would leave the machine. OFARM and SHIM are the
// files of ofarm and its linker shim.
func setEnv(e *testscript.Env) error {
	for _, v := range []string{"HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "BUILDKIT_HOST", "BUILDKIT_PROGRESS",
		"DOCKER_CONFIG", "OFARM_MIRROR", "OFARM_DEBIAN_MIRROR", "OFARM_DEBIAN_SECURITY_MIRROR", "OFARM_ALPINE_MIRROR", "SOURCE_DATE_EPOCH"} {
		e.Setenv(v, "")
	}
	e.Setenv("OFARM_CACHE_DIR", filepath.Join(e.WorkDir, "cache"))
	for _, v := range []string{"http_proxy", "https_proxy"} {
		e.Setenv(v, "http://127.0.0.1:1")
	}
	ofarm, err := exec.LookPath("ofarm")
	if err != nil {
		return err
	}
	shim, err := placeShim()
	e.Setenv("OFARM", ofarm)
	e.Setenv("SHIM", shim)
	return err
}

// placeShim puts something like the linker shim beside the ofarm that scripts
// run, which only packs it.
var placeShim = sync.OnceValues(func() (string, error) {
	ofarm, err := exec.LookPath("ofarm")
	if err != nil {
		return "", err
	}
	shim := filepath.Join(filepath.Dir(ofarm), "ofarm-cc-linux-amd64")
	return shim, os.WriteFile(shim, []byte("#!shim\n"), 0o755)
})

// exits runs a command and wants an exit code: exits CODE COMMAND...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	default:
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// spoil changes a byte in the middle of a file, of the same length.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	data[len(data)/2] ^= 0x55
	ts.Check(os.WriteFile(path, data, 0o644))
}

// serve starts a server of a folder, and sets a variable to its URL:
// serve VARIABLE FOLDER
func serve(ts *testscript.TestScript, neg bool, args []string) {
	server := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs(args[1]))))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// notFound starts a server that has nothing, and sets a variable to its URL:
// notfound VARIABLE
func notFound(ts *testscript.TestScript, neg bool, args []string) {
	server := httptest.NewServer(http.NotFoundHandler())
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}
