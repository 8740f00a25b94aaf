package source

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
)

// GitMissingError says that a project is a git checkout, and there is no git to
// ask for its files.
type GitMissingError struct {
	// Dir is the project's folder.
	Dir string
	// Err says where git was looked for.
	Err error
}

func (e *GitMissingError) Error() string {
	return fmt.Sprintf("%q is in a git checkout, but git can't be run: %v", e.Dir, e.Err)
}

func (e *GitMissingError) Unwrap() error { return e.Err }

// GitError says that git refused to list a project's files.
type GitError struct {
	// Dir is the project's folder.
	Dir string
	// Stderr is what git wrote.
	Stderr string
	// Err is how git ended.
	Err error
}

func (e *GitError) Error() string {
	return fmt.Sprintf("git ls-files in %q: %s", e.Dir, cmp.Or(e.Stderr, e.Err.Error()))
}

func (e *GitError) Unwrap() error { return e.Err }

// Ownership reports whether git refused because the checkout belongs to
// somebody else (git's setting safe.directory).
func (e *GitError) Ownership() bool { return strings.Contains(e.Stderr, "dubious ownership") }

// UntrackedError says that git tracks no file of a project that lies in a
// checkout.
type UntrackedError struct {
	// Dir is the project's folder.
	Dir string
}

func (e *UntrackedError) Error() string {
	return fmt.Sprintf("git tracks no file below %q", e.Dir)
}

// listTracked asks git for the tracked paths below dir, relative to it, sorted
// and each once.
func listTracked(dir, git string) ([]string, error) {
	cmd := exec.Command(cmp.Or(git, "git"), "ls-files", "-z", "--cached", "--recurse-submodules")
	cmd.Dir = dir
	cmd.Env = gitEnv(cmd.Environ())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return nil, &GitMissingError{Dir: dir, Err: err}
	}
	if err != nil {
		return nil, &GitError{Dir: dir, Stderr: strings.TrimSpace(stderr.String()), Err: err}
	}
	names := strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
	slices.Sort(names)
	return slices.Compact(names), nil
}

// gitEnv takes the variables out that a git hook has set for another checkout,
// and makes messages English.
func gitEnv(env []string) []string {
	env = slices.DeleteFunc(env, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}, name)
	})
	return append(env, "LC_ALL=C")
}
