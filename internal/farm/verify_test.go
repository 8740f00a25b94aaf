package farm

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/oci"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/verify"
	"github.com/ofarm/ofarm/targets"
)

// project makes a checkout with files that only git's list tells from others.
func verifyProject(t *testing.T) *Project {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"p.opam": "opam", "src/a.ml": "a", "run.sh": "#!", "sub/dist/tracked": "t", "p.install": "i", "_build/x": "x",
		"untracked": "u", "ofarm.toml": "", "ofarm.lock": "",
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(filepath.Join(dir, "run.sh"), 0o700), os.Symlink("src/a.ml", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-f", "."}, {"rm", "-q", "--cached", "untracked"}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Skipf("git %q: %v\n%s", args, err, out)
		}
	}
	return &Project{Dir: dir}
}

// The copy of a project is the same image, though it is no checkout, lies in
// another one, and belongs to somebody else.
func TestCopyProject(t *testing.T) {
	p := verifyProject(t)
	f := &Farm{CacheDir: t.TempDir()}
	var err error
	if f.Layout, err = oci.Open(filepath.Join(f.CacheDir, "oci")); err != nil {
		t.Fatal(err)
	}
	r := &verification{one: &side{farm: f, opt: BuildOptions{Project: p}}}
	inCheckout := verifyProject(t).Dir
	again, err := r.copyProject(filepath.Join(inCheckout, "copy"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"_build/x", "link", "p.install", "p.opam", "run.sh", "src/a.ml", "sub/dist/tracked"}
	if diff := cmp.Diff(want, again.files); diff != "" {
		t.Error(diff)
	}
	one, err1 := f.projectImage(p)
	two, err2 := f.projectImage(again)
	if one != two || err1 != nil || err2 != nil {
		t.Errorf("%s and %s: %v, %v", one, two, err1, err2)
	}
	info, err := os.Stat(filepath.Join(again.Dir, "src", "a.ml"))
	if err != nil {
		t.Fatal(err)
	}
	if st := info.Sys().(*syscall.Stat_t); os.Getuid() == 0 && st.Uid != nobody {
		t.Errorf("its owner is %d", st.Uid)
	}
}

func TestNewMachine(t *testing.T) {
	m := newMachine(map[string]string{
		"processors": "4\n", "order": "folder/c\nfolder/a\n", "hostname": "host\n", "osrelease": "6.1.0\n",
		"cpuinfo":   "processor\t: 0\nmodel name\t: A  Processor\n\nprocessor\t: 1\nmodel name\t: Other\n",
		"meminfo":   "MemTotal:       100 kB\nMemFree: 1 kB\n",
		"mountinfo": "1 0 0:1 / / ro - overlay overlay rw\n2 1 8:1 /x /ofarm/out rw,relatime shared:1 - ext4 /dev/sda rw\n",
	})
	want := machine{4, "c a", "A Processor", "100 kB", "host", "6.1.0", "ext4"}
	if *m != want {
		t.Errorf("%+v", *m)
	}
	if *newMachine(nil) != (machine{}) {
		t.Error("something comes of nothing")
	}
	if got := fileSystemOf(strings.Repeat("broken\n", 3), "/"); got != "" {
		t.Errorf("%q", got)
	}
}

// All files of a target's folder are compared, also those that artifacts.json
// doesn't name.
func TestCompareArtifacts(t *testing.T) {
	r := &verification{result: &Verified{}}
	for _, to := range []struct {
		side  **side
		files map[string]string
	}{
		{&r.one, map[string]string{"alpine-3.20/bin/a": "a", "alpine-3.20/link/a.json": "1", "alpine-3.20/bin/added": "x", "alpine-3.21/bin/a": "a", "other/bin/a": "x"}},
		{&r.two, map[string]string{"alpine-3.20/bin/a": "a", "alpine-3.20/link/a.json": "2", "alpine-3.20/bin/lost": "x", "alpine-3.21/bin/a": "a"}},
	} {
		s := &side{opt: BuildOptions{Output: t.TempDir()}}
		for _, name := range []string{"alpine-3.20", "alpine-3.21", "alpine-3.22"} {
			s.plans = append(s.plans, &plan.Plan{Release: targets.Release{Name: name}, Platform: targets.LinuxAMD64})
		}
		for name, text := range to.files {
			file := filepath.Join(s.opt.Output, filepath.FromSlash(name))
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		*to.side = s
	}
	differing, err := r.compareArtifacts()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]bool{"alpine-3.20": true}, differing); diff != "" {
		t.Error(diff)
	}
	var got []string
	for _, a := range r.result.Artifacts {
		got = append(got, fmt.Sprintf("%s %t %t %t", a.Path, a.First != "", a.Again != "", a.Same()))
	}
	want := []string{
		"alpine-3.20/bin/a true true true", "alpine-3.20/bin/added true false false", "alpine-3.20/bin/lost false true false",
		"alpine-3.20/link/a.json true true false", "alpine-3.21/bin/a true true true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	program := filepath.Join(r.one.opt.Output, "alpine-3.21", "bin", "a")
	if err := os.Chmod(program, 0o600); err != nil { // somebody's umask
		t.Fatal(err)
	}
	if differing, err := r.compareArtifacts(); err != nil || differing["alpine-3.21"] {
		t.Errorf("%v, %v", differing, err)
	}
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	if differing, err := r.compareArtifacts(); err != nil || !differing["alpine-3.21"] {
		t.Errorf("a program is the same as what is none: %v, %v", differing, err)
	}
	i := slices.IndexFunc(r.result.Artifacts, ArtifactPair.otherMode)
	if c := artifactChange(r.result.Artifacts[i]); c.Kind != verify.OtherMode || otherwise(c) != "mode 0755 and 0644" {
		t.Errorf("%+v", c)
	}
	for name, make := range map[string]func(path string) error{
		"link": func(path string) error { return os.Symlink(program, path) },
		"pipe": func(path string) error { return syscall.Mkfifo(path, 0o644) },
	} {
		path := filepath.Join(r.one.opt.Output, "alpine-3.21", name)
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		var given *GivenArtifactError
		if _, err := r.compareArtifacts(); !errors.Is(err, errNoFile) {
			t.Errorf("%s: %v", name, err)
		}
		if err := onlyFiles(filepath.Join(r.one.opt.Output, "alpine-3.21")); !errors.As(err, &given) || given.Path != path {
			t.Errorf("%s: %v", name, err)
		}
		if err := unchanged(r.one.opt.Output, []Artifact{{Path: "alpine-3.21/" + name}}); !errors.As(err, &given) || given.Err == nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAgainErrors(t *testing.T) {
	r := &verification{parent: "state", filled: 1}
	full := &solve.StepError{Request: "alpine", Tail: []string{"cp: write error: No space left on device"}, Err: errors.New("exit code: 1")}
	err := r.againErrors(multierror.Append(nil, full, errors.New("other")))
	many, ok := err.(*multierror.Error)
	if !ok || len(many.Errors) != 2 {
		t.Fatalf("%v", err)
	}
	for i, noSpace := range []bool{true, false} {
		var again *AgainError
		if !errors.As(many.Errors[i], &again) || again.NoSpace() != noSpace || again.Memory != 1 || again.Parent != "state" {
			t.Errorf("%+v", many.Errors[i])
		}
	}
	r.one = &side{farm: &Farm{CacheDir: t.TempDir()}}
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	lost := &solve.LostError{LogFile: log}
	err = errors.Join(r.againErrors(&solve.RequestError{Err: lost}), os.Remove(log))
	if data, errRead := os.ReadFile(lost.LogFile); string(data) != "killed" || errRead != nil {
		t.Errorf("%v: %q, %v", err, data, errRead)
	}
	var again *AgainError
	own := fmt.Errorf("making an image: %w", syscall.ENOSPC)
	if err := r.againErrors(own); !errors.As(err, &again) || !again.NoSpace() || again.Memory != 0 || !strings.HasPrefix(err.Error(), "building again: making") {
		t.Errorf("%v", err)
	}
}
