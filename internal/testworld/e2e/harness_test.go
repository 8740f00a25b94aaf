package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/testworld/site"
)

// world is a prepared site, with a cache folder of the test's own.
type world struct {
	*site.Site
	t     testing.TB
	cache string
}

// prepare makes the site that tests build in, or skips where that can't be.
func prepare(t testing.TB, libraries ...string) *world {
	t.Helper()
	if os.Getenv("OFARM_TEST_DAEMON") != "require" {
		t.Skip("whole builds take long: OFARM_TEST_DAEMON=require asks for them")
	}
	repo, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(repo, "bin", "ofarm")); err != nil {
		t.Fatalf("%v: run \"make build\" first", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	s, err := site.Prepare(t.Context(), site.Options{
		Repo: repo, Dir: t.TempDir(), Work: filepath.Join(cache, "ofarm-testworld"),
		Libraries: libraries, Minirootfs: minirootfs(), Log: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &world{Site: s, t: t, cache: filepath.Join(s.Dir, "cache")}
}

// minirootfs is the test bed's real Alpine root, or empty.
func minirootfs() string {
	found, _ := filepath.Glob(filepath.Join(os.Getenv("OFARM_TESTBED"), "alpine", "alpine-minirootfs-*.tar.gz"))
	if os.Getenv("OFARM_TESTBED") == "" || len(found) == 0 {
		return ""
	}
	return found[0]
}

// ofarm runs ofarm and returns what it wrote to standard output and error.
func (w *world) ofarm(args ...string) (stdout, stderr string) {
	w.t.Helper()
	w.t.Logf("$ ofarm %s", strings.Join(args, " "))
	cmd := w.Ofarm(w.t.Context(), w.cache, args...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		w.t.Fatalf("ofarm %s: %v\n%s", args[0], err, tail(log.String(), 60))
	}
	return out.String(), log.String()
}

func tail(s string, lines int) string {
	all := strings.Split(s, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// built is what one build made, by path.
type built struct {
	artifacts map[string]farm.Artifact
	// ran names the steps that ran, cached those that didn't have to.
	ran, cached []string
}

// build builds an example for targets and returns its artifacts by path.
func (w *world) build(project, targets string) built {
	w.t.Helper()
	out, log := w.ofarm("build", "--json", "--progress", "plain", "--target", targets, "--output", w.dist(project), project)
	var list []farm.Artifact
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		w.t.Fatalf("reading what ofarm build printed: %v\n%s", err, out)
	}
	b := built{artifacts: map[string]farm.Artifact{}}
	for _, a := range list {
		b.artifacts[a.Path] = a
	}
	b.ran, b.cached = steps(log)
	return b
}

func (w *world) dist(project string) string { return filepath.Join(w.Dir, "dist", project) }

var (
	named = regexp.MustCompile(`^#([0-9]+) \[[a-z0-9.-]+\] (.*)$`)
	ended = regexp.MustCompile(`^#([0-9]+) (DONE|CACHED)`)
)

// steps reads the plain progress: which execs ran and which were cached.
func steps(log string) (ran, cached []string) {
	names := map[string]string{}
	for line := range strings.Lines(log) {
		if m := named.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			names[m[1]] = m[2]
		}
		m := ended.FindStringSubmatch(line)
		if m == nil || !isStep(names[m[1]]) {
			continue
		}
		if m[2] == "DONE" {
			ran = append(ran, names[m[1]])
		} else {
			cached = append(cached, names[m[1]])
		}
	}
	slices.Sort(ran)
	return ran, cached
}

// isStep tells an exec vertex from the loading of images, the file that every
// exec has at /etc/resolv.conf, and the export.
func isStep(name string) bool {
	for _, other := range []string{"load ", "make resolv.conf", "exporting "} {
		if strings.HasPrefix(name, other) {
			return false
		}
	}
	return name != ""
}

// lockOf reads the lock of an example's copy.
func (w *world) lockOf(project string) *lock.File {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Project(project), farm.LockName))
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := lock.Parse(farm.LockName, text)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// bareRoot makes a root with nothing but libc of a locked Debian release, and
// an executable in it.
func (w *world) bareRoot(project, release, executable string) string {
	w.t.Helper()
	target, ok := w.lockOf(project).Target(lock.TargetID{Name: release, Platform: "linux/amd64"})
	if !ok {
		w.t.Fatalf("%s is not in the lock of %s", release, project)
	}
	store, err := input.Open(filepath.Join(w.cache, "inputs"))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := site.FetchLibc(w.t.Context(), store, target); err != nil {
		w.t.Fatal(err)
	}
	dir := w.t.TempDir()
	if err := site.BareRoot(dir, store, target); err != nil {
		w.t.Fatal(err)
	}
	w.copyInto(dir, executable)
	return dir
}

// emptyRoot is a folder with nothing but an executable.
func (w *world) emptyRoot(executable string) string {
	dir := w.t.TempDir()
	w.copyInto(dir, executable)
	return dir
}

// alpineRoot is the test bed's real Alpine root with an executable, or empty.
func (w *world) alpineRoot(executable string) string {
	w.t.Helper()
	if minirootfs() == "" {
		return ""
	}
	dir := w.t.TempDir()
	if out, err := exec.Command("tar", "xzf", minirootfs(), "-C", dir).CombinedOutput(); err != nil {
		w.t.Fatalf("unpacking Alpine's root: %v: %s", err, out)
	}
	w.copyInto(dir, executable)
	return dir
}

func (w *world) copyInto(dir, executable string) {
	w.t.Helper()
	if err := site.CopyInto(dir, executable); err != nil {
		w.t.Fatal(err)
	}
}

// says runs a program in a root and checks the start of what it prints.
func says(ctx context.Context, t *testing.T, root, want string, argv ...string) {
	t.Helper()
	got, err := site.RunIn(ctx, root, argv...)
	if err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(got, want) {
		t.Errorf("%q printed %q, want it to begin with %q", argv, got, want)
	}
}
