package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ofarm/ofarm/internal/testworld/opamoracle"
)

// measurement is what a request took.
type measurement struct {
	counts
	// CPU and Wall are seconds.
	CPU, Wall float64
}

// measure answers a request in a process of its own.
func measure(ctx context.Context, o options, number int) (m measurement, err error) {
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	cmd := exec.CommandContext(ctx, self, "-repository", o.repository, "-releases", o.releases, "-one", strconv.Itoa(number))
	out, m, err := timed(cmd)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(out, &m.counts)
}

// timed runs a command and tells what it took.
func timed(cmd *exec.Cmd) (out []byte, m measurement, err error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	start := time.Now()
	out, err = cmd.Output()
	m.Wall = time.Since(start).Seconds()
	if cmd.ProcessState != nil {
		m.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	}
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, stderr.Bytes())
	}
	return out, m, err
}

// exitNoSolution is opam's exit code where packages can't be installed.
const exitNoSolution = 20

var errNoOpam = errors.New("opam is not installed here: nothing to compare with")

// opamTime is the processor time, in seconds, that opam takes to resolve a request
// over a repository in a folder. That there is no solution is an answer too.
func opamTime(ctx context.Context, repository string, r opamoracle.Request) (float64, error) {
	program, err := exec.LookPath("opam")
	if err != nil {
		return 0, errNoOpam
	}
	env, err := r.Environment()
	if err != nil {
		return 0, err
	}
	var bindings []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		bindings = append(bindings, name+"="+env[name])
	}
	home, err := os.MkdirTemp("", "lockbench-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(home)
	cmd := exec.CommandContext(ctx, program, "admin", "list", "--resolve="+strings.Join(r.Atoms(), ","),
		"--environment="+strings.Join(bindings, ","), "--short", "--columns=package")
	cmd.Dir = repository
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "OPAMROOT=" + filepath.Join(home, "opam"),
		"OPAMROOTISOK=1", "OPAMYES=1", "OPAMCOLOR=never", "LC_ALL=C",
	}
	_, m, err := timed(cmd)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == exitNoSolution {
		err = nil
	}
	return m.CPU, err
}
