package opamrepo

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/ofarm/ofarm/internal/input"
)

// opamFile is an opam file that says where it is from.
func opamFile(from string) string {
	return "opam-version: \"2.0\"\nsynopsis: \"" + from + "\"\n"
}

// repo is the content of a small repository: the versions, each of which says
// where it is from.
func repo(from string, ids ...string) map[string]string {
	files := map[string]string{"repo": "opam-version: \"2.0\"\n"}
	for _, id := range ids {
		name, _, _ := strings.Cut(id, ".")
		files["packages/"+name+"/"+id+"/opam"] = opamFile(from)
	}
	return files
}

// write writes files below a folder.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// files are the entries of a tar with these files, below a top folder.
func files(top string, files map[string]string) []tar.Header {
	var entries []tar.Header
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, tar.Header{Name: top + name, Typeflag: tar.TypeReg, Mode: 0o644, Linkname: files[name]})
	}
	return entries
}

// pack makes a tar. The Linkname of a file is its content.
func pack(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		data := ""
		if h.Typeflag == tar.TypeReg {
			data, h.Linkname = h.Linkname, ""
			h.Size = int64(len(data))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zip(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// options are those of a project in a folder of its own.
func options(t testing.TB) Options {
	t.Helper()
	dir := t.TempDir()
	store, err := input.Open(filepath.Join(dir, "inputs"))
	if err != nil {
		t.Fatal(err)
	}
	return Options{Dir: filepath.Join(dir, "project"), Cache: filepath.Join(dir, "cache"), Fetcher: input.Fetcher{Store: store, Retries: -1}}
}

// testRemote is a git repository made by a test.
type testRemote struct {
	t   testing.TB
	dir string
}

func newRemote(t testing.TB) *testRemote {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	r := &testRemote{t, t.TempDir()}
	r.git("init", "--quiet", "--initial-branch=main")
	return r
}

// git runs git as the same person at the same time, whoever runs the test.
func (r *testRemote) git(args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	c.Dir = r.dir
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_AUTHOR_DATE=2020-01-01T00:00:00Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org", "GIT_COMMITTER_DATE=2020-01-01T00:00:00Z",
	}
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit commits everything and returns the commit.
func (r *testRemote) commit(files map[string]string) string {
	r.t.Helper()
	write(r.t, r.dir, files)
	r.git("add", "--all")
	r.git("commit", "--quiet", "--allow-empty", "--message=x")
	return r.git("rev-parse", "HEAD")
}

func (r *testRemote) url(ref string) string {
	if ref == "" {
		return "git+file://" + r.dir
	}
	return "git+file://" + r.dir + "#" + ref
}

// leftovers lists what shouldn't stay in a cache folder.
func leftovers(t testing.TB, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), tempPrefix) {
			found = append(found, path)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return found
}
