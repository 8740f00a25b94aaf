package opamrepo

import (
	"context"
	"errors"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/lock"
)

func TestGitLifecycle(t *testing.T) {
	r := newRemote(t)
	first := r.commit(repo("first", "a.1"))
	o := options(t)
	s := mustOpen(t, o, r.url("main"))
	has(t, s, "1")
	o.Locked = s.Repositories()
	if want := (lock.Repository{Name: "main", URL: r.url(first), Ref: "main"}); o.Locked[0] != want {
		t.Errorf("locked %+v, want %+v", o.Locked[0], want)
	}

	second := r.commit(repo("second", "a.2"))
	has(t, mustOpen(t, o, r.url("main")), "1")
	o.Update = true
	s = mustOpen(t, o, r.url("main"))
	has(t, s, "2", "1")
	if got := s.Repositories()[0].URL; got != r.url(second) {
		t.Errorf("after an update: %s, want %s", got, r.url(second))
	}
	has(t, mustOpen(t, o, r.url(first)), "1")

	if err := os.Rename(r.dir, r.dir+"-away"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(r.dir + "-away") })
	o.Update = false
	o.Git = "/nonexistent/git"
	has(t, mustOpen(t, o, r.url("main")), "1")
	has(t, mustOpen(t, o, r.url(second)), "2", "1")
}

func TestGitRefs(t *testing.T) {
	r := newRemote(t)
	one := r.commit(repo("r", "a.1"))
	r.git("tag", "--annotate", "--message=t", "v1")
	two := r.commit(repo("r", "a.2"))
	r.git("branch", "side/branch")
	three := r.commit(repo("r", "a.3"))
	for ref, want := range map[string]string{
		"": three, "HEAD": three, "main": three, "refs/heads/main": three, "v1": one, "side/branch": two,
		one: one, strings.ToUpper(two): two,
	} {
		s := mustOpen(t, options(t), r.url(ref))
		if got := s.Repositories()[0].URL; got != r.url(want) {
			t.Errorf("%q is %s, want %s", ref, got, want)
		}
	}
}

// TestGitOtherMachine opens a locked commit that isn't the newest one, from
// the lock alone.
func TestGitOtherMachine(t *testing.T) {
	r := newRemote(t)
	first := r.commit(repo("first", "a.1"))
	r.commit(repo("second", "a.2"))
	o := options(t)
	o.Locked = []lock.Repository{{Name: "main", URL: r.url(first)}}
	s, err := Open(context.Background(), FromLock(o.Locked), o)
	if err != nil {
		t.Fatal(err)
	}
	has(t, s, "1")
	if !slices.Equal(s.Repositories(), o.Locked) {
		t.Errorf("repositories: %v", s.Repositories())
	}
}

func TestGitGone(t *testing.T) {
	r := newRemote(t)
	commit := r.commit(repo("r", "a.1"))
	for ref, commitGone := range map[string]bool{commitB: true, "gone": false, commit[:12]: false} {
		_, err := Open(context.Background(), []Spec{{"main", r.url(ref)}}, options(t))
		var gone *GoneError
		if !errors.As(err, &gone) || gone.Ref != ref || gone.Commit() != commitGone || !strings.Contains(err.Error(), "opam repository main") {
			t.Errorf("%s: got %v", ref, err)
		}
	}
	var abbreviated *GoneError
	_, err := Open(context.Background(), []Spec{{"main", r.url(commit[:12])}}, options(t))
	if !errors.As(err, &abbreviated) || !strings.Contains(err.Error(), "all of its 40 digits") {
		t.Errorf("a shortened commit: %v", err)
	}
}

func TestGitErrors(t *testing.T) {
	r := newRemote(t)
	r.commit(map[string]string{"README": "no repository"})
	o := options(t)
	_, err := Open(context.Background(), []Spec{{"main", r.url("")}}, o)
	var none *NotRepositoryError
	if !errors.As(err, &none) || !strings.Contains(err.Error(), "packages") {
		t.Errorf("without packages: %v", err)
	}
	_, err = Open(context.Background(), []Spec{{"main", "git+file:///nonexistent/x"}}, o)
	var failed *GitError
	if !errors.As(err, &failed) || failed.Command != "fetch" || !strings.Contains(err.Error(), "does not appear to be a git repository") {
		t.Errorf("no such remote: %v", err)
	}
	o.Git = "/nonexistent/git"
	_, err = Open(context.Background(), []Spec{{"main", r.url("")}}, o)
	var missing *GitMissingError
	if !errors.As(err, &missing) {
		t.Errorf("no git: %v", err)
	}
	o = options(t)
	o.Fetcher.Offline = true
	_, err = Open(context.Background(), []Spec{{"main", "git+https://127.0.0.1:1/x#main"}}, o)
	var offline *OfflineError
	if !errors.As(err, &offline) || offline.Ref != "main" {
		t.Errorf("offline: %v", err)
	}
}

// TestGitUnreachable asks a port where nobody is, with a password that no
// message may have.
func TestGitUnreachable(t *testing.T) {
	newRemote(t)
	_, err := Open(context.Background(), []Spec{{"main", "git+http://me:secret@127.0.0.1:1/x"}}, options(t))
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	var failed *GitError
	if !errors.As(err, &failed) {
		t.Errorf("got %v", err)
	}
}

// TestGitFromShallow fetches from a clone without history, as CI has them.
func TestGitFromShallow(t *testing.T) {
	r := newRemote(t)
	r.commit(repo("r", "a.1"))
	r.commit(repo("r", "a.2"))
	dir := filepath.Join(t.TempDir(), "clone")
	r.git("clone", "--quiet", "--depth=1", "file://"+r.dir, dir)
	has(t, mustOpen(t, options(t), "git+file://"+dir), "2", "1")
}

// TestGitKilled finds what a git that was killed has left, a hook, and an
// environment that is meant for another checkout.
func TestGitKilled(t *testing.T) {
	r := newRemote(t)
	r.commit(repo("r", "a.1"))
	o := options(t)
	mustOpen(t, o, r.url(""))
	bare, err := filepath.Glob(filepath.Join(o.Cache, "git", "*.git"))
	if err != nil || len(bare) != 1 {
		t.Fatalf("bare repositories: %q, %v", bare, err)
	}
	write(t, bare[0], map[string]string{"shallow.lock": "", "refs/ofarm/fetched.lock": "", "hooks/reference-transaction": "#!/bin/sh\nexit 1\n"})
	if err := os.Chmod(filepath.Join(bare[0], "hooks/reference-transaction"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.commit(repo("r", "a.2"))
	t.Setenv("GIT_DIR", "/nonexistent")
	t.Setenv("GIT_CONFIG_COUNT", "x")
	has(t, mustOpen(t, o, r.url("")), "2", "1")
}

func TestGitInterrupted(t *testing.T) {
	r := newRemote(t)
	r.commit(repo("r", "a.1"))
	o := options(t)
	for _, when := range []string{"fetching", "unpacking"} {
		ctx, cancel := context.WithCancel(context.Background())
		o.Tell = func(_ Spec, doing string) {
			if doing == when {
				cancel()
			}
		}
		if _, err := Open(ctx, []Spec{{"main", r.url("")}}, o); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", when, err)
		}
		if kept, _ := filepath.Glob(filepath.Join(o.Cache, "git-*")); len(kept) > 0 {
			t.Errorf("%s: kept %q", when, kept)
		}
	}
	o.Tell = nil
	has(t, mustOpen(t, o, r.url("")), "1")
}

// TestGitHTTP fetches by git's own protocol over HTTP.
func TestGitHTTP(t *testing.T) {
	r := newRemote(t)
	first := r.commit(repo("r", "a.1"))
	r.commit(repo("r", "a.2"))
	backend := filepath.Join(r.git("--exec-path"), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		t.Skip("there is no git-http-backend")
	}
	srv := httptest.NewServer(&cgi.Handler{Path: backend, Env: []string{
		"GIT_PROJECT_ROOT=" + r.dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
	}})
	defer srv.Close()
	o := options(t)
	url := "git+" + srv.URL + "/.git"
	has(t, mustOpen(t, o, url+"#main"), "2", "1")
	has(t, mustOpen(t, o, url+"#"+first), "1")
	_, err := Open(context.Background(), []Spec{{"main", url + "#" + commitB}}, o)
	var gone *GoneError
	if !errors.As(err, &gone) || !gone.Commit() {
		t.Errorf("a commit that is gone: %v", err)
	}
	srv.Close()
	o.Locked = []lock.Repository{{Name: "main", URL: url + "#" + first, Ref: "main"}}
	o.Fetcher.Offline = true
	has(t, mustOpen(t, o, url+"#main"), "1")
}

// TestGitTwoBranches lays two branches of one remote over each other: the lock's
// entry of the same name counts.
func TestGitTwoBranches(t *testing.T) {
	r := newRemote(t)
	r.commit(repo("r", "a.1"))
	r.git("branch", "old")
	r.commit(repo("r", "a.2"))
	specs := []Spec{{"main", r.url("main")}, {"overlay-1", r.url("old")}}
	o := options(t)
	s, err := Open(context.Background(), specs, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Locked = s.Repositories()
	r.commit(repo("r", "a.3"))
	for range 2 {
		s, err = Open(context.Background(), specs, o)
		if err != nil || !slices.Equal(s.Repositories(), o.Locked) {
			t.Errorf("got %v, %v; want %v", s.Repositories(), err, o.Locked)
		}
		slices.Reverse(o.Locked)
		slices.Reverse(specs)
	}
}
