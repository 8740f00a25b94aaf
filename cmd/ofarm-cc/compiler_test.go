package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestFindsTheRealCompiler: behind itself on PATH, installed as a link or as a
// copy, called by name or by path.
func TestFindsTheRealCompiler(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.fakeCompiler()
	for _, dir := range []string{"before", "copy"} {
		s.mkdir(dir)
	}
	s.write("before/gcc", "#!/bin/sh\nexit 99\n", 0o777)
	b, err := os.ReadFile(shim)
	if err != nil {
		t.Fatal(err)
	}
	s.write("copy/gcc", string(b), 0o777)
	tail := ":" + s.path("real") + ":/usr/bin:/bin"
	for name, tt := range map[string]struct{ path, call string }{
		"link":              {s.path("bin") + tail, s.path("bin/gcc")},
		"copy":              {s.path("copy") + tail, s.path("copy/gcc")},
		"link, then copy":   {s.path("bin") + ":" + s.path("copy") + tail, s.path("bin/gcc")},
		"another before it": {s.path("before") + ":" + s.path("bin") + tail, s.path("bin/gcc")},
		"not on PATH":       {strings.TrimPrefix(tail, ":"), s.path("bin/gcc")},
	} {
		cmd := exec.Command(tt.call, "-c", "x.c")
		cmd.Dir = s.dir
		cmd.Env = []string{"PATH=" + tt.path}
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 7 {
			t.Errorf("%s: exit code %d\n%s", name, code, out)
		}
	}
}

// TestFindsTheRealCompilerEmulated: what /proc/self/exe leads to is then the
// emulator's file. A shim that took itself for the real compiler would call
// itself for ever.
func TestFindsTheRealCompilerEmulated(t *testing.T) {
	t.Parallel()
	goarch, machine := "arm64", "aarch64"
	if runtime.GOARCH == goarch {
		goarch, machine = "amd64", "x86_64"
	}
	emulator, err := exec.LookPath("qemu-" + machine + "-static")
	if err != nil {
		t.Skip("qemu-user-static is not installed")
	}
	s := newSite(t)
	s.fakeCompiler()
	s.mkdir("emulated")
	if err := build(s.path("emulated/gcc"), "GOARCH="+goarch); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, emulator, s.path("emulated/gcc"), "-c", "x.c")
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + s.path("emulated") + ":" + s.path("real") + ":/usr/bin:/bin"}
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
