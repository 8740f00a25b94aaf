package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/link"
)

// shim is the program under test, built as the package comment says.
var shim string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "ofarm-cc-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		shim = filepath.Join(dir, "ofarm-cc")
		if err := build(shim); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

func build(out string, env ...string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, ".")
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if b, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the shim: %w\n%s", err, b)
	}
	return nil
}

// site is a folder with the shim installed in bin and sources to compile.
type site struct {
	t   *testing.T
	dir string
	env []string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	s.mkdir("bin")
	s.mkdir("records")
	for _, name := range []string{"gcc", "cc", "g++"} {
		if err := os.Symlink(shim, s.path("bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	s.write("main.c", "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n", 0o666)
	s.setenv("OFARM_LINK_RECORDS", s.path("records"))
	s.setenv("PATH", s.path("bin")+":"+os.Getenv("PATH"))
	return s
}

func (s *site) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

func (s *site) mkdir(name string) {
	s.t.Helper()
	if err := os.MkdirAll(s.path(name), 0o777); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) write(name, text string, mode os.FileMode) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) setenv(name, value string) {
	s.env = append(s.env, name+"="+value)
}

// run runs bin/NAME and returns its exit code and what it wrote.
func (s *site) run(name string, args ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(s.path("bin", name), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, &out, &errs
	cmd.Env = append(append(os.Environ(), "OFARM_LINK_MODE=", "OFARM_THREAD_STACK=", "LC_ALL=C"), s.env...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func (s *site) records() []*link.Record {
	s.t.Helper()
	all, err := link.ReadRecords(s.path("records"))
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

func needGCC(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
}

// fakeCompiler installs a compiler called gcc that keeps its arguments, one a
// line, in the file "got".
func (s *site) fakeCompiler() {
	s.t.Helper()
	s.mkdir("real")
	s.write("real/gcc", `#!/bin/sh
if [ "$1" = -print-search-dirs ]; then
	echo "libraries: =/nowhere/:/usr/lib/"
	exit 0
fi
printf '%s\n' "$0" "$@" >got
case $1 in @*) cat "${1#@}" >response ;; esac
exit 7
`, 0o777)
	s.setenv("PATH", s.path("bin")+":"+s.path("real")+":/usr/bin:/bin")
}

func (s *site) got() []string {
	s.t.Helper()
	b, err := os.ReadFile(s.path("got"))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func TestPassesOn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mode string
		args []string
	}{
		"compile":       {"static", []string{"-c", "a.c", "-o", "a b.o"}},
		"shared":        {"mostly-static", []string{"-shared", "-o", "dllx.so", "x.o", "-lssl"}},
		"question":      {"static", []string{"--version"}},
		"no arguments":  {"static", nil},
		"response file": {"static", []string{"@args"}},
		"no mode":       {"", []string{"-o", "x", "x.o", "-lssl"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.fakeCompiler()
			s.write("args", "-c a.c", 0o666)
			s.setenv("OFARM_LINK_MODE", tt.mode)
			if code, out, stderr := s.run("gcc", tt.args...); code != 7 || out+stderr != "" {
				t.Errorf("exit code %d, %s%s", code, out, stderr)
			}
			want := append([]string{s.path("real", "gcc")}, tt.args...)
			if diff := cmp.Diff(want, s.got()); diff != "" {
				t.Errorf("the compiler's arguments (-want +got)\n%s", diff)
			}
			if len(s.records()) != 0 {
				t.Error("a record was written")
			}
		})
	}
}

func TestRewritesFinalLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.fakeCompiler()
	s.setenv("OFARM_LINK_MODE", "static")
	s.setenv("OFARM_THREAD_STACK", "65536")
	s.write("args", "'x y.o' -lm", 0o666)
	code, _, stderr := s.run("gcc", "-o", "x", "@args")
	if code != 7 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	used := []string{"-static", "-no-pie", "-Wl,--build-id=none", "-Wl,-z,stack-size=65536", "-o", "x", "x y.o", "-lm"}
	if diff := cmp.Diff(append([]string{s.path("real", "gcc")}, used...), s.got()); diff != "" {
		t.Errorf("the compiler's arguments (-want +got)\n%s", diff)
	}
	want := []*link.Record{{
		Output: "x", Dir: s.dir, Mode: link.Static, Compiler: s.path("real", "gcc"), Status: 7,
		Seen: []string{"-o", "x", "x y.o", "-lm"}, Used: used,
		Inputs: []link.Input{{Name: "m", Linkage: link.InputStatic, By: "-lm", Why: "by -static", Kind: link.KindSystem}},
	}}
	if diff := cmp.Diff(want, s.records()); diff != "" {
		t.Errorf("records (-want +got)\n%s", diff)
	}
}

func TestLongLine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.fakeCompiler()
	s.setenv("OFARM_LINK_MODE", "dynamic")
	s.setenv("TMPDIR", s.dir)
	args := []string{"-o", "x", `a "b\.o`}
	for range 2000 {
		args = append(args, "/a/folder/"+strings.Repeat("x", 80)+".o")
	}
	if code, _, stderr := s.run("gcc", args...); code != 7 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	got := s.got()
	if len(got) != 2 || !strings.HasPrefix(got[1], "@"+s.dir) {
		t.Fatalf("the compiler got %d arguments: %.200q", len(got), got)
	}
	if _, err := os.Stat(got[1][1:]); err == nil {
		t.Error("the response file was left behind")
	}
	l, err := link.Parse([]string{"@response"}, func(string) ([]byte, error) { return os.ReadFile(s.path("response")) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append([]string{"-Wl,--build-id=none"}, args...), l.Args); diff != "" {
		t.Errorf("the response file (-want +got)\n%s", diff)
	}
}

func TestRealLinks(t *testing.T) {
	t.Parallel()
	needGCC(t)
	for _, mode := range link.Modes() {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.setenv("OFARM_LINK_MODE", string(mode))
			if code, _, stderr := s.run("cc", "main.c", "-o", "main", "-lm"); code != 0 {
				t.Fatal(stderr)
			}
			out, err := exec.Command(s.path("main")).Output()
			if err != nil || string(out) != "hello\n" {
				t.Errorf("it says %q, %v", out, err)
			}
			b, err := os.ReadFile(s.path("main"))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(b)
			recs := s.records()
			if len(recs) != 1 || recs[0].SHA256 != hex.EncodeToString(sum[:]) || recs[0].Mode != mode {
				t.Errorf("records: %+v", recs)
			}
			if static := !bytes.Contains(b, []byte("/ld-linux")); static != (mode == link.Static || mode == link.StaticPIE) {
				t.Errorf("static: %v", static)
			}
		})
	}
}

func TestMissingLibrary(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.fakeCompiler()
	s.setenv("OFARM_LINK_MODE", "static")
	code, _, stderr := s.run("gcc", "x.o", "-lssl", "-lnone")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	want := []string{
		"ofarm-cc: error: cannot find libssl.a for \"-lssl\"", "ofarm-cc: hint: on Alpine it is in openssl-libs-static",
		"ofarm-cc: error: cannot find libnone.a for \"-lnone\"", "ofarm-cc: hint: ",
	}
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	if !slices.EqualFunc(want, lines, func(w, l string) bool { return strings.HasPrefix(l, w) }) {
		t.Errorf("got\n%s", stderr)
	}
	if _, err := os.Stat(s.path("got")); err == nil {
		t.Error("the compiler was called")
	}
}

func TestHintAfterFailedLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.fakeCompiler()
	s.setenv("OFARM_LINK_MODE", "mostly-static")
	s.setenv("PKG_CONFIG_PATH", s.dir)
	s.write("own.pc", "Libs: -lown\nLibs.private: -lkrb5\n", 0o666)
	s.write("libown.a", "", 0o666)
	_, _, stderr := s.run("gcc", "x.o", "-L.", "-lown")
	want := "ofarm-cc: hint: -lkrb5, which own.pc asks for, was left out: there is no libkrb5.a\n" +
		"ofarm-cc: hint: if symbols of theirs are undefined, name the distro packages that have these files as distro-packages in ofarm.toml\n"
	if stderr != want {
		t.Errorf("got %q, want %q", stderr, want)
	}
}

func TestMistakesInTheEnvironment(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ name, value, want string }{
		"mode":         {"OFARM_LINK_MODE", "dynamik", `OFARM_LINK_MODE: unknown link mode "dynamik"`},
		"thread stack": {"OFARM_THREAD_STACK", "8M", `OFARM_THREAD_STACK: "8M" is no number of bytes`},
		"records":      {"OFARM_LINK_RECORDS", "/nowhere", "writing a link's record"},
		"compiler":     {"PATH", "/nowhere", "no gcc on PATH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.fakeCompiler()
			s.setenv("OFARM_LINK_MODE", "static")
			s.setenv(tt.name, tt.value)
			code, _, stderr := s.run("gcc", "x.o")
			if code != exitFailed || !strings.HasPrefix(stderr, "ofarm-cc: error: "+tt.want) {
				t.Errorf("exit code %d, %s", code, stderr)
			}
		})
	}
}

func TestBuildIsReproducible(t *testing.T) {
	t.Parallel()
	again := filepath.Join(t.TempDir(), "again")
	if err := build(again); err != nil {
		t.Fatal(err)
	}
	a, err := os.ReadFile(shim)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("two builds differ")
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(a, []byte(filepath.Dir(wd))) {
		t.Error("the checkout's path is in the binary")
	}
}

func TestImportsLittle(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"github.com/ofarm/ofarm/internal/link", "github.com/ofarm/ofarm/cmd/ofarm-cc"}
	if diff := cmp.Diff(want, strings.Fields(string(out))); diff != "" {
		t.Errorf("packages outside the standard library (-want +got)\n%s", diff)
	}
}
