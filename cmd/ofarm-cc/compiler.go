package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ofarm/ofarm/internal/link"
)

// compiler finds the real compiler: the first executable named as argv0 on PATH
// that isn't this program, behind this program's own folder if that is on PATH.
func compiler(argv0, path string) (string, error) {
	name := filepath.Base(argv0)
	self, err := thisProgram()
	if err != nil {
		return "", fmt.Errorf("finding the real %s: %w", name, err)
	}
	first := ""
	for _, dir := range filepath.SplitList(path) {
		p := filepath.Join(dir, name)
		st, err := os.Stat(p)
		switch {
		case err != nil || !st.Mode().IsRegular() || st.Mode().Perm()&0o111 == 0:
		case os.SameFile(st, self):
			first = "" // what came before this folder is before us
		case first == "":
			first = p
		}
	}
	if first == "" {
		return "", fmt.Errorf("no %s on PATH behind %s", name, argv0)
	}
	return filepath.Abs(first)
}

// thisProgram is this program's own file. On a machine of another platform
// /proc/self/exe is the emulator's, which only makes it read as this program's.
func thisProgram() (os.FileInfo, error) {
	file, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.Stat(file)
}

// searchDirs asks the compiler for its own library folders. Flags that change
// them are passed on.
func searchDirs(real string, args []string) ([]string, error) {
	ask := []string{"-print-search-dirs"}
	for i, a := range args {
		switch {
		case a == "-B" || a == "--sysroot":
			ask = append(ask, args[i:min(i+2, len(args))]...)
		case strings.HasPrefix(a, "-B"), strings.HasPrefix(a, "--sysroot="), strings.HasPrefix(a, "-m"):
			ask = append(ask, a)
		}
	}
	cmd := exec.Command(real, ask...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("asking %s for its library folders: %w", real, err)
	}
	for line := range strings.Lines(string(out)) {
		if dirs, ok := strings.CutPrefix(strings.TrimSpace(line), "libraries: ="); ok {
			return filepath.SplitList(dirs), nil
		}
	}
	return nil, fmt.Errorf("asking %s for its library folders: no line \"libraries:\" in its answer", real)
}

// maxArgs is the size in bytes above which arguments go through a response file.
// Linux allows 2 MiB with the environment; GCC needs room for its own copies.
const maxArgs = 128 << 10

// runCompiler runs the link with what it prints going to stdout and stderr, and
// returns its exit status.
func runCompiler(real string, args []string, stdout, stderr io.Writer) (int, error) {
	size := 0
	for _, a := range args {
		size += len(a) + 1
	}
	if size > maxArgs {
		name, err := response(args)
		if err != nil {
			return 0, err
		}
		defer os.Remove(name)
		args = []string{"@" + name}
	}
	cmd := exec.Command(real, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			return 128 + int(ws.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}

// tryCompiler runs a link that is only heard if it works, and tells whether it
// did.
func tryCompiler(real string, args []string) (bool, error) {
	var stdout, stderr bytes.Buffer
	status, err := runCompiler(real, args, &stdout, &stderr)
	if err != nil || status != 0 {
		return false, err
	}
	os.Stdout.Write(stdout.Bytes())
	os.Stderr.Write(stderr.Bytes())
	return true, nil
}

func response(args []string) (string, error) {
	f, err := os.CreateTemp("", "ofarm-cc-")
	if err != nil {
		return "", err
	}
	_, err = f.Write(link.AppendResponse(nil, args))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
