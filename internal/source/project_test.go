package source

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// git runs git with a configuration of its own.
func git(t testing.TB, dir string, args ...string) {
	t.Helper()
	run(t, dir, "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always",
		"-c", "init.defaultBranch=main"}, args...)...)
}

// checkout makes a git checkout with a project in the folder sub.
func checkout(t *testing.T) (dir string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	dir = t.TempDir()
	git(t, dir, "init", "-q")
	for name, content := range map[string]string{
		"README": "top", "sub/p.opam": "opam", "sub/bin/a.ml": "a", "sub/gone.ml": "gone", "sub/run.sh": "#!", "sub/ünï code": "u",
		"sub/dist/tracked": "t", "sub/d/x": "x",
	} {
		write(t, filepath.Join(dir, name), content)
	}
	if err := errors.Join(os.Chmod(filepath.Join(dir, "sub/run.sh"), 0o755), os.Symlink("bin/a.ml", filepath.Join(dir, "sub/link"))); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-qm", "one")
	return dir
}

// names lists a project.
func names(t *testing.T, dir string, opts ProjectOptions) []string {
	t.Helper()
	entries, err := Project(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return describe(t, entries)
}

func TestProjectInGit(t *testing.T) {
	dir := checkout(t)
	sub := filepath.Join(dir, "sub")
	write(t, filepath.Join(sub, "untracked"), "no")
	write(t, filepath.Join(sub, "bin/a.ml"), "changed")
	write(t, filepath.Join(sub, "staged"), "yes")
	git(t, sub, "add", "staged")
	if err := os.Remove(filepath.Join(sub, "gone.ml")); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"0 0644 bin/a.ml changed",
		"0 0644 d/x x",
		"0 0644 dist/tracked t",
		"2 0000 link bin/a.ml",
		"0 0644 p.opam opam",
		"0 0755 run.sh #!",
		"0 0644 staged yes",
		"0 0644 ünï code u",
	}
	if diff := cmp.Diff(want, names(t, sub, ProjectOptions{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(want[1:], names(t, sub, ProjectOptions{Exclude: []string{"bin"}})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := names(t, dir, ProjectOptions{}); got[0] != "0 0644 README top" || len(got) != len(want)+1 {
		t.Errorf("the whole checkout: %v", got)
	}
}

// A folder that became a symlink has no tracked files any more, wherever it
// points.
func TestProjectFolderBecameSymlink(t *testing.T) {
	dir := checkout(t)
	outside := t.TempDir()
	write(t, filepath.Join(outside, "x"), "secret")
	d := filepath.Join(dir, "sub/d")
	if err := errors.Join(os.RemoveAll(d), os.Symlink(outside, d)); err != nil {
		t.Fatal(err)
	}
	for _, line := range names(t, filepath.Join(dir, "sub"), ProjectOptions{}) {
		if strings.Contains(line, "secret") {
			t.Errorf("got %s", line)
		}
	}
}

func TestProjectWithSubmodule(t *testing.T) {
	dir, lib := checkout(t), checkout(t)
	git(t, dir, "submodule", "--quiet", "add", lib, "sub/vendor")
	has := func() bool {
		return strings.Contains(strings.Join(names(t, filepath.Join(dir, "sub"), ProjectOptions{}), "\n"), "0 0644 vendor/sub/bin/a.ml a")
	}
	if !has() {
		t.Error("the submodule's files are missing")
	}
	git(t, dir, "commit", "-qm", "two")
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, dir, "clone", "-q", dir, clone)
	dir = clone
	if has() {
		t.Error("files of a submodule that isn't checked out")
	}
	if got := strings.Join(names(t, filepath.Join(dir, "sub"), ProjectOptions{}), "\n"); !strings.HasSuffix(got, "5 0755 vendor\n0 0644 ünï code u") {
		t.Errorf("got %s", got)
	}
}

func TestProjectErrors(t *testing.T) {
	dir := checkout(t)
	var missing *GitMissingError
	for _, program := range []string{"/none/git", "no-such-git"} {
		if _, err := Project(dir, ProjectOptions{Git: program}); !errors.As(err, &missing) {
			t.Errorf("got %v", err)
		}
	}
	empty := filepath.Join(dir, "empty")
	write(t, filepath.Join(empty, "file"), "")
	var untracked *UntrackedError
	if _, err := Project(empty, ProjectOptions{}); !errors.As(err, &untracked) || untracked.Dir != empty {
		t.Errorf("got %v", err)
	}
	write(t, filepath.Join(dir, ".git", "HEAD"), "rubbish")
	var refused *GitError
	if _, err := Project(dir, ProjectOptions{}); !errors.As(err, &refused) || refused.Stderr == "" {
		t.Errorf("got %v", err)
	}
	for name, bad := range map[string]string{"missing": dir + "/none", "file": dir + "/README"} {
		if _, err := Project(bad, ProjectOptions{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestProjectOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("giving a folder away needs root")
	}
	dir := checkout(t)
	for _, name := range []string{dir, filepath.Join(dir, ".git")} {
		if err := os.Chown(name, 12345, 12345); err != nil {
			t.Fatal(err)
		}
	}
	var refused *GitError
	if _, err := Project(dir, ProjectOptions{}); !errors.As(err, &refused) || !refused.Ownership() {
		t.Errorf("got %v", err)
	}
}

// A git hook's variables speak of another checkout.
func TestProjectInAGitHook(t *testing.T) {
	dir, other := checkout(t), checkout(t)
	want := names(t, dir, ProjectOptions{})
	write(t, filepath.Join(other, "other"), "x")
	git(t, other, "add", ".")
	t.Setenv("GIT_DIR", filepath.Join(other, ".git"))
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other, ".git", "index"))
	if diff := cmp.Diff(want, names(t, dir, ProjectOptions{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestProjectWithoutGit(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"p.opam", "bin/a.ml", "sub/dist/x", ".ocamlformat", "#notes",
		"_build/log", "sub/_build/log", "_opam/x", "dist/x", "p.install", "sub/p.install", "a.ml~", ".a.ml.swp", "#a.ml#", ".hg/x",
		"keep/big.bin",
	} {
		write(t, filepath.Join(dir, name), "x")
	}
	err := errors.Join(os.Symlink("bin", filepath.Join(dir, "link")), syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644),
		os.Chmod(filepath.Join(dir, "bin/a.ml"), 0o755))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"0 0644 #notes x",
		"0 0644 .ocamlformat x",
		"0 0755 bin/a.ml x",
		"2 0000 link bin",
		"0 0644 p.install x",
		"0 0644 p.opam x",
		"0 0644 sub/dist/x x",
	}
	if diff := cmp.Diff(want, names(t, dir, ProjectOptions{Exclude: []string{"keep", "!p.install"}})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDigestOfProject(t *testing.T) {
	dir := checkout(t)
	digest := func() string {
		entries, err := Project(dir, ProjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d, err := Digest(entries)
		if err != nil {
			t.Fatal(err)
		}
		return d.String()
	}
	before := digest()
	file := filepath.Join(dir, "sub/bin/a.ml")
	then := time.Unix(1e9, 0)
	git(t, dir, "commit", "-q", "--allow-empty", "-m", "two")
	if err := os.Chtimes(file, then, then); err != nil || digest() != before {
		t.Errorf("a touched file or a new commit changes the digest: %v", err)
	}
	if err := os.Chmod(file, 0o755); err != nil || digest() == before {
		t.Errorf("an executable bit doesn't change the digest: %v", err)
	}
	write(t, file, "b")
	changed := digest()
	write(t, file, "c")
	if digest() == changed {
		t.Error("content doesn't change the digest")
	}
}

// Files that are known are listed as they are, without git and without patterns.
func TestProjectOfKnownFiles(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"b/_build/x": "x", "a.install": "a", "other": "o"} {
		write(t, filepath.Join(dir, name), content)
	}
	got := names(t, dir, ProjectOptions{Files: []string{"b/_build/x", "gone", "a.install"}, Exclude: []string{"*"}})
	if diff := cmp.Diff([]string{"0 0644 a.install a", "0 0644 b/_build/x x"}, got); diff != "" {
		t.Error(diff)
	}
	if got := names(t, dir, ProjectOptions{Files: []string{}}); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if _, err := Project(dir, ProjectOptions{Files: []string{"../x"}}); err == nil || !strings.Contains(err.Error(), `"../x" is no path in the project`) {
		t.Errorf("%v", err)
	}
}
