package opamrepo

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Git fetches commits with the git program.
type Git struct {
	// Dir keeps a bare repository per remote; it is made when needed.
	Dir string
	// Offline forbids connections. Remotes on this machine are still read.
	Offline bool
	// Program is the git program; empty means "git" on the PATH.
	Program string
}

// remote is a git remote and the bare repository of what was fetched from it.
type remote struct {
	git  Git
	url  string // as the git program has it
	bare string
}

// fetchedRef is the ref in a bare repository that what was fetched last is kept
// under. The next fetch tells the server so, and gets only what is new.
const fetchedRef = "refs/ofarm/fetched"

// remote returns the remote of a place.
func (g Git) remote(p place) (*remote, error) {
	if p.kind != GitCommit {
		return nil, &SpecError{URL: p.base, Reason: "is not a git repository (git+https://…)"}
	}
	sum := sha256.Sum256([]byte(p.base))
	return &remote{git: g, url: p.base, bare: filepath.Join(g.Dir, hex.EncodeToString(sum[:8])+".git")}, nil
}

// name is the remote in messages.
func (r *remote) name() string { return redact(r.url) }

// fetch sees that what a ref stands for is here, and returns its commit. A
// commit that is here already needs no connection.
func (r *remote) fetch(ctx context.Context, ref string) (string, error) {
	if isCommit(ref) && r.has(ctx, ref) {
		return ref, nil
	}
	if r.git.Offline && !strings.HasPrefix(r.url, "file:") {
		return "", &OfflineError{Remote: r.name(), Ref: ref}
	}
	unlock, err := takeTurn(ctx, r.bare+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if err := r.prepare(ctx); err != nil {
		return "", err
	}
	_, err = r.run(ctx, "fetch", "--quiet", "--no-tags", "--depth=1", "--no-write-fetch-head", "--no-recurse-submodules",
		"--end-of-options", r.url, "+"+cmp.Or(ref, "HEAD")+":"+fetchedRef)
	if err != nil {
		return "", r.gone(ref, err)
	}
	out, err := r.run(ctx, "rev-parse", "--verify", "--quiet", fetchedRef+"^{commit}")
	return strings.TrimSpace(string(out)), err
}

// has reports whether the commit was fetched before.
func (r *remote) has(ctx context.Context, commit string) bool {
	if !isDir(r.bare) {
		return false
	}
	_, err := r.run(ctx, "cat-file", "-e", commit+"^{tree}")
	return err == nil
}

// prepare makes the bare repository, and removes the lock files of a git that
// was killed. The caller has our own lock.
func (r *remote) prepare(ctx context.Context) error {
	for _, pattern := range []string{"*.lock", "refs/ofarm/*.lock", "objects/pack/tmp_*"} {
		stale, err := filepath.Glob(filepath.Join(r.bare, pattern))
		if err != nil {
			return err
		}
		for _, name := range stale {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err := os.MkdirAll(r.bare, 0o755); err != nil {
		return err
	}
	_, err := r.run(ctx, "init", "--quiet", "--bare", "--template=", "--object-format=sha1", ".")
	return err
}

// gone turns git's complaint that the remote lacks something into its own error.
func (r *remote) gone(ref string, err error) error {
	var failed *GitError
	if !errors.As(err, &failed) {
		return err
	}
	complaints := []string{"not our ref", "unadvertised object", "couldn't find remote ref", "no such remote ref"}
	if slices.ContainsFunc(complaints, func(c string) bool { return strings.Contains(failed.Stderr, c) }) {
		return &GoneError{Remote: r.name(), Ref: ref}
	}
	return err
}

// run runs git in the bare repository and returns what it writes.
func (r *remote) run(ctx context.Context, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := r.start(ctx, nil, func(stdout io.Reader) error {
		_, err := out.ReadFrom(stdout)
		return err
	}, args...)
	return out.Bytes(), err
}

// start runs git in the bare repository, with stdin for it to read and a
// function that reads what it writes.
func (r *remote) start(ctx context.Context, stdin io.Reader, read func(stdout io.Reader) error, args ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.command(ctx, args)
	cmd.Stdin = stdin
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return &GitMissingError{Remote: r.name(), Err: err}
	}
	readErr := read(stdout)
	if readErr != nil {
		cancel()
	}
	err = cmd.Wait()
	switch {
	case readErr != nil && stderr.Len() == 0:
		return readErr
	case err != nil && readErr == nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return &GitError{Remote: r.name(), Command: args[0], Stderr: lastLines(redactIn(stderr.String(), r.url)), Err: err}
	}
	return readErr
}

// command is git with a session of its own: without a terminal neither git nor
// ssh can ask anybody anything.
func (r *remote) command(ctx context.Context, args []string) *exec.Cmd {
	settings := []string{
		"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
		"-c", "fetch.writeCommitGraph=false", "-c", "protocol.version=2",
	}
	cmd := exec.CommandContext(ctx, cmp.Or(r.git.Program, "git"), append(settings, args...)...)
	cmd.Dir = r.bare
	cmd.Env = gitEnv(cmd.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// gitEnv is the environment for git: the user's, without what was meant for
// another checkout or could make git stop and ask.
func gitEnv(env []string) []string {
	access := []string{"GIT_EXEC_PATH", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_PROXY_COMMAND"}
	env = slices.DeleteFunc(env, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "GIT_") && !slices.Contains(access, name)
	})
	return append(env, "LC_ALL=C", "GIT_DIR=.", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=",
		"SSH_ASKPASS_REQUIRE=never", "GIT_ALLOW_PROTOCOL=file:git:http:https:ssh", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_NO_LAZY_FETCH=1")
}

// lastLines are the last lines of what git wrote, in one.
func lastLines(stderr string) string {
	lines := strings.FieldsFunc(stderr, func(r rune) bool { return r == '\n' || r == '\r' })
	return strings.Join(lines[max(0, len(lines)-4):], "; ")
}

// redactIn takes a URL's password out of a text.
func redactIn(text, url string) string { return strings.ReplaceAll(text, url, redact(url)) }
