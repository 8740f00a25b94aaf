package daemontest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// note is a script that installs a file NAME with what it has of others.
func note(name, text string) string {
	return `mkdir -p "$OPAM_SWITCH_PREFIX/lib/` + name + `"
echo "` + text + `" >"$OPAM_SWITCH_PREFIX/lib/` + name + `/text"
`
}

// cat is a script of a project that exports what its packages installed.
const cat = `mkdir -p "$OPAM_SWITCH_PREFIX/bin"
cat "$OPAM_SWITCH_PREFIX"/lib/*/text >"$OPAM_SWITCH_PREFIX/bin/all"
cat data >>"$OPAM_SWITCH_PREFIX/bin/all" 2>/dev/null || :
`

// ladder are packages of which each depends on the one before, and one that
// none of them knows.
func ladder() []shellworld.Package {
	return []shellworld.Package{
		{Name: "a", Script: note("a", "a")},
		{Name: "b", Depends: []string{"a"}, Script: note("b", "b on $(cat $OPAM_SWITCH_PREFIX/lib/a/text)")},
		{Name: "c", Depends: []string{"b"}, Script: note("c", "c on $(cat $OPAM_SWITCH_PREFIX/lib/b/text)")},
		{Name: "z", Script: note("z", "z")},
	}
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	args = append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"}, args...)
	if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

// A build runs what changed and nothing else: not for new times, not for a new
// commit, not for files that git doesn't track.
func TestNothingChanged(t *testing.T) {
	b := newBench(t, ladder()...)
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"c", "z"}, Script: cat, Files: map[string]string{"data": "1\n"}}, "")
	git(t, dir, "init", "-q")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-qm", "one")

	want(t, "first", b.build(dir), "a.1", "app", "b.1", "c.1", "z.1")
	if got, want := exported(t, dir, alpine+"/bin/all"), "a\nb on a\nc on b on a\nz\n1\n"; got != want {
		t.Errorf("exported %q, want %q", got, want)
	}
	want(t, "second", b.build(dir))

	touch(t, dir)
	want(t, "touched", b.build(dir))

	git(t, dir, "commit", "-q", "--allow-empty", "-m", "two")
	want(t, "new commit", b.build(dir))

	write(t, dir, "notes.txt", "not for the build")
	want(t, "untracked file", b.build(dir))

	write(t, dir, "data", "2\n")
	want(t, "changed file", b.build(dir), "app")
	if got, want := exported(t, dir, alpine+"/bin/all"), "a\nb on a\nc on b on a\nz\n2\n"; got != want {
		t.Errorf("exported %q, want %q", got, want)
	}

	git(t, dir, "commit", "-qam", "three")
	want(t, "committed", b.build(dir))
}

// touch sets the times of all files of a project.
func touch(t *testing.T, dir string) {
	t.Helper()
	now := time.Now()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "dist") {
			return fs.SkipDir
		}
		return os.Chtimes(path, now, now)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A changed package rebuilds what depends on it, as far as its bytes differ.
func TestChangedDependency(t *testing.T) {
	b := newBench(t, ladder()...)
	depends := []string{"c", "z"}
	dir := b.project(shellworld.Package{Name: "app", Depends: depends, Script: cat}, "")
	want(t, "first", b.build(dir), "a.1", "app", "b.1", "c.1", "z.1")

	b.put(shellworld.Package{Name: "a", Script: "# a comment\n" + note("a", "a")})
	b.lock(dir, depends)
	want(t, "a comment", b.build(dir), "a.1")

	b.put(shellworld.Package{Name: "b", Depends: []string{"a"}, Script: note("b", "b2")})
	b.lock(dir, depends)
	want(t, "b installs something else", b.build(dir), "app", "b.1", "c.1")
	if got, want := exported(t, dir, alpine+"/bin/all"), "a\nb2\nc on b2\nz\n"; got != want {
		t.Errorf("exported %q, want %q", got, want)
	}

	b.put(shellworld.Package{Name: "b", Depends: []string{"a"}, Script: "true\n" + note("b", "b2")})
	b.lock(dir, depends)
	want(t, "b installs the same", b.build(dir), "b.1")

	b.put(ladder()...)
	b.lock(dir, depends)
	want(t, "as at first", b.build(dir))
}

// Two projects share what they both depend on.
func TestSharedPackages(t *testing.T) {
	b := newBench(t, ladder()...)
	one := b.project(shellworld.Package{Name: "one", Depends: []string{"c"}, Script: cat}, "")
	two := b.project(shellworld.Package{Name: "two", Depends: []string{"b", "z"}, Script: cat}, "")
	want(t, "one", b.build(one), "a.1", "b.1", "c.1", "one")
	want(t, "two", b.build(two), "two", "z.1")
	want(t, "one again", b.build(one))
	if got, want := exported(t, two, alpine+"/bin/all"), "a\nb on a\nz\n"; got != want {
		t.Errorf("exported %q, want %q", got, want)
	}
}

// Two targets differ in their roots: a step of one is never taken for the
// other's, though its sources and commands are the same.
func TestTwoTargets(t *testing.T) {
	b := newBench(t, shellworld.Package{Name: "a", Script: note("a", "$(cat /etc/target)")})
	app := shellworld.Package{Name: "app", Depends: []string{"a"}, Script: cat}
	dir := b.project(app, "", alpine, alpine21)
	want(t, "both", b.build(dir), "["+alpine+"] a.1", "["+alpine+"] app", "["+alpine21+"] a.1", "["+alpine21+"] app")
	for _, target := range []string{alpine, alpine21} {
		if got := exported(t, dir, target+"/bin/all"); got != target+"\n" {
			t.Errorf("%s has %q", target, got)
		}
	}
	want(t, "again", b.build(dir))
	b.lock(dir, app.Depends, alpine21)
	want(t, "one of them", b.build(dir))
}
