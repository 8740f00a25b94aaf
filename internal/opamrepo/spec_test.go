package opamrepo

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ofarm/ofarm/internal/lock"
)

const (
	commitA = "97014be61691efb695da5de8e860cba5d74fa1f5"
	commitB = "0123456789012345678901234567890123456789"
)

func TestParseKind(t *testing.T) {
	for text, want := range map[string]Kind{
		"../opam-repository":                        Folder,
		"/srv/opam/":                                Folder,
		"file:///srv/opam":                          Folder,
		"with#hash":                                 Folder,
		"../x.tar.gz":                               Tarball,
		"/srv/x.tgz":                                Tarball,
		"file:///srv/x.tar.zst":                     Tarball,
		"https://example.org/index.tar.gz":          Tarball,
		"http://example.org/x.tar.xz?raw=1":         Tarball,
		"https://example.org/x.tar.bz2":             Tarball,
		"git+https://example.org/x#main":            GitCommit,
		"git+ssh://git@example.org/x.git":           GitCommit,
		"git+file:///srv/x#" + commitA:              GitCommit,
		"git://example.org/x":                       GitCommit,
		"https://example.org/x.git#v1.0":            GitCommit,
		"git+http://example.org/x#refs/heads/a/b-c": GitCommit,
	} {
		got, err := ParseKind(text)
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseKindErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "is empty",
		"../my repository":             "has a blank",
		"https://example.org":          "neither a tarball",
		"https://example.org/x.zip":    "neither a tarball",
		"ftp://example.org/x.tar.gz":   `the scheme "ftp"`,
		"git+ftp://example.org/x":      `the scheme "git+ftp"`,
		"git@example.org:x/y":          "git+ssh://",
		"git+x":                        "is not a URL",
		"file://host/x":                `on the host "host"`,
		"git+https://x/y#--upload=x":   `the ref "--upload=x"`,
		"git+https://x/y#+a:b":         `the ref "+a:b"`,
		"git+https://x/y#a..b":         `the ref "a..b"`,
		"https://u:secret@host/x.zip":  "u:xxxxx@host",
		"https://example.org/%zz.tar":  "is not a URL",
		"hg+https://example.org/x.tar": `the scheme "hg+https"`,
	} {
		_, err := ParseKind(text)
		var wrong *SpecError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one with %q", text, err, want)
		}
	}
}

func TestSatisfied(t *testing.T) {
	const remote = "git+https://example.org/x"
	tests := map[string]struct {
		spec   string
		locked lock.Repository
		want   bool
	}{
		"same folder":          {"../a/", lock.Repository{URL: "../a"}, true},
		"other folder":         {"../a", lock.Repository{URL: "../b"}, false},
		"same tarball":         {"https://h/x.tar.gz", lock.Repository{URL: "https://h/x.tar.gz", SHA256: "ab"}, true},
		"tarball without sum":  {"https://h/x.tar.gz", lock.Repository{URL: "https://h/x.tar.gz"}, false},
		"other tarball":        {"https://h/x.tar.gz", lock.Repository{URL: "https://h/y.tar.gz", SHA256: "ab"}, false},
		"branch":               {remote + "#master", lock.Repository{URL: remote + "#" + commitA, Ref: "master"}, true},
		"other branch":         {remote + "#main", lock.Repository{URL: remote + "#" + commitA, Ref: "master"}, false},
		"HEAD and a branch":    {remote, lock.Repository{URL: remote + "#" + commitA, Ref: "master"}, false},
		"a branch's commit":    {remote + "#" + commitA, lock.Repository{URL: remote + "#" + commitA, Ref: "master"}, true},
		"HEAD":                 {remote, lock.Repository{URL: remote + "#" + commitA}, true},
		"HEAD of .git":         {"https://h/x.git", lock.Repository{URL: "git+https://h/x.git#" + commitA}, true},
		"same commit":          {remote + "#" + strings.ToUpper(commitA), lock.Repository{URL: remote + "#" + commitA}, true},
		"other commit":         {remote + "#" + commitB, lock.Repository{URL: remote + "#" + commitA}, false},
		"other remote":         {remote + "y#master", lock.Repository{URL: remote + "#" + commitA}, false},
		"lock without commit":  {remote + "#master", lock.Repository{URL: remote + "#master"}, false},
		"folder and its git":   {"/x", lock.Repository{URL: "git+file:///x#" + commitA}, false},
		"nonsense in the spec": {"", lock.Repository{URL: "x"}, false},
		"nonsense in the lock": {"x", lock.Repository{URL: ""}, false},
	}
	for name, test := range tests {
		if got := (Spec{URL: test.spec}).Satisfied(test.locked); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestRelative(t *testing.T) {
	for url, want := range map[string]string{
		"/srv/opam":                   "../opam",
		"/srv/project/x.tar.gz":       "x.tar.gz",
		"./a/../b/":                   "b",
		"file:///srv/opam":            "../opam",
		"https://h/x.tar.gz":          "https://h/x.tar.gz",
		"git+https://h/x#" + commitA:  "git+https://h/x#" + commitA,
		"file:///srv/project/x.tar.z": "x.tar.z",
	} {
		got, err := Spec{Name: "main", URL: url}.Relative("/srv/project")
		if err != nil || got.URL != want {
			t.Errorf("%q: got %q, %v; want %q", url, got.URL, err, want)
		}
	}
}

// TestLockedURL holds that a git URL with a commit satisfies every spelling of
// the URL it was made of, and stays as it is when it is locked again.
func TestLockedURL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scheme := rapid.SampledFrom([]string{"git+https", "git+ssh", "git+file", "git+http", "git"}).Draw(t, "scheme")
		path := rapid.StringMatching(`[a-z0-9]{1,8}(/[a-zA-Z0-9._-]{1,8}){1,3}`).Draw(t, "path")
		ref := rapid.SampledFrom([]string{"", "#", "#main", "#a/b", "#v1.0"}).Draw(t, "ref")
		url := scheme + "://" + path + ref
		locked, err := LockedURL(url, commitA)
		if err != nil {
			t.Fatal(err)
		}
		again, err := LockedURL(locked, commitA)
		if err != nil || again != locked {
			t.Fatalf("%q became %q, %v", locked, again, err)
		}
		if !(Spec{URL: url}).Satisfied(lock.Repository{URL: locked, Ref: strings.TrimPrefix(ref, "#")}) {
			t.Fatalf("%q is not satisfied by %q", url, locked)
		}
	})
}

// FuzzParseKind looks for panics, and for accepted texts that no lock can hold.
func FuzzParseKind(f *testing.F) {
	for _, text := range []string{"../x", "git+https://h/x#a", "https://h/x.tar.gz", "file:///x", "git@h:x", "://", "git+://#"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePlace(text)
		if err == nil && (strings.ContainsAny(text, " \n\t") || p.base == "") {
			t.Errorf("%q is accepted as %+v", text, p)
		}
		if err != nil && err.Error() == "" {
			t.Errorf("%q: an error without words", text)
		}
	})
}
