package opamrepo

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/input"
)

// archiveDigest is the sha256 of the archive of sources. When it changes, every
// lock with a source in git is broken.
const archiveDigest = "sha256:1a75d9b887eeecca075eb56432d3047575ad74e2212cc93c4973bde660b81536"

// sources commits a small project of which git would like to change some: a
// checkout has other line ends, and an export lacks lib-b. The commit itself has
// the line ends of Unix.
func sources(t testing.TB) (*testRemote, string) {
	t.Helper()
	r := newRemote(t)
	if err := os.Symlink("../lib/a.ml", filepath.Join(r.dir, "link")); err != nil {
		t.Fatal(err)
	}
	write(t, r.dir, map[string]string{"configure": "#!/bin/sh\n"})
	if err := os.Chmod(filepath.Join(r.dir, "configure"), 0o755); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("long-name/", 30) + "x.ml"
	return r, r.commit(map[string]string{
		"lib/a.ml": "let a = 1\r\n", "lib.ml": "", "lib-b/x": "x\n", "é.ml": "\n", "a b\tc": "$Format:%H$\n", long: "long\n",
		".gitattributes": "* text eol=crlf export-subst\nlib-b export-ignore\n",
	})
}

func archive(t testing.TB, g Git, url string) (data []byte, commit string) {
	t.Helper()
	var b bytes.Buffer
	commit, err := g.Archive(context.Background(), &b, url)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), commit
}

// TestArchiveDeterminism makes the same archive from a branch, from its commit
// elsewhere, and from a clone.
func TestArchiveDeterminism(t *testing.T) {
	r, commit := sources(t)
	first, got := archive(t, Git{Dir: t.TempDir()}, r.url("main"))
	if got != commit {
		t.Errorf("commit %s, want %s", got, commit)
	}
	if sum := input.SumBytes(first).String(); sum != archiveDigest {
		t.Errorf("the archive is %s, want %s", sum, archiveDigest)
	}
	clone := filepath.Join(t.TempDir(), "clone")
	r.git("clone", "--quiet", r.dir, clone)
	r.commit(map[string]string{"more": "x"})
	for _, url := range []string{r.url(commit), "git+file://" + clone} {
		again, got := archive(t, Git{Dir: t.TempDir()}, url)
		if got != commit || !bytes.Equal(first, again) {
			t.Errorf("%s: commit %s, the same archive: %v", url, got, bytes.Equal(first, again))
		}
	}
}

func TestArchiveContent(t *testing.T) {
	r, _ := sources(t)
	data, _ := archive(t, Git{Dir: t.TempDir()}, r.url(""))
	var got []string
	tr := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		if h.ModTime.Unix() != 0 || h.Uid != 0 || h.Gid != 0 || h.Uname != "" {
			t.Errorf("%s: %+v", h.Name, h)
		}
		got = append(got, fmt.Sprintf("%c %o %s %q%s", h.Typeflag, h.Mode, strings.ReplaceAll(h.Name, "long-name/", "l/"), content, h.Linkname))
	}
	want := []string{
		`5 755 source/ ""`,
		`0 644 source/.gitattributes "* text eol=crlf export-subst\nlib-b export-ignore\n"`,
		"0 644 source/a b\tc \"$Format:%H$\\n\"",
		`0 755 source/configure "#!/bin/sh\n"`,
		`0 644 source/lib-b/x "x\n"`,
		`0 644 source/lib.ml ""`,
		`0 644 source/lib/a.ml "let a = 1\n"`,
		`2 777 source/link ""../lib/a.ml`,
		"0 644 source/" + strings.Repeat("l/", 30) + `x.ml "long\n"`,
		`0 644 source/é.ml "\n"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// TestArchiveUnpacks holds the archive against tar and git checkout.
func TestArchiveUnpacks(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip("there is no tar")
	}
	r, _ := sources(t)
	r.git("rm", "--quiet", ".gitattributes")
	r.commit(nil)
	data, _ := archive(t, Git{Dir: t.TempDir()}, r.url(""))
	dir := t.TempDir()
	c := exec.Command("tar", "-x", "--strip-components=1", "-C", dir)
	c.Stdin = bytes.NewReader(data)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	if out, err := exec.Command("diff", "-r", "--no-dereference", "--exclude=.git", r.dir, dir).CombinedOutput(); err != nil {
		t.Errorf("diff: %v\n%s", err, out)
	}
}

func TestArchiveErrors(t *testing.T) {
	r := newRemote(t)
	commit := r.commit(map[string]string{"x": "x"})
	g := Git{Dir: t.TempDir()}
	r.git("update-index", "--add", "--cacheinfo", "160000,"+commit+",vendor/sub")
	r.git("commit", "--quiet", "--message=sub")
	_, err := g.Archive(context.Background(), io.Discard, r.url(""))
	var sub *SubmoduleError
	if !errors.As(err, &sub) || sub.Path != "vendor/sub" {
		t.Errorf("a submodule: %v", err)
	}
	if _, err := g.Archive(context.Background(), io.Discard, r.url(commit)); err != nil {
		t.Errorf("before the submodule: %v", err)
	}
	_, err = g.Archive(context.Background(), io.Discard, r.url(commitB))
	var gone *GoneError
	if !errors.As(err, &gone) || !gone.Commit() {
		t.Errorf("a commit that is gone: %v", err)
	}
	_, err = g.Archive(context.Background(), io.Discard, "https://example.org/x.tar.gz")
	var spec *SpecError
	if !errors.As(err, &spec) {
		t.Errorf("a tarball: %v", err)
	}
	full := errors.New("the disk is full")
	if _, err := g.Archive(context.Background(), writerFunc(func([]byte) (int, error) { return 0, full }), r.url(commit)); !errors.Is(err, full) {
		t.Errorf("a writer that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := g.Archive(ctx, writerFunc(func(b []byte) (int, error) { cancel(); return len(b), nil }), r.url(commit)); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
