package resolve

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/resolve/versions"
	"github.com/ofarm/ofarm/internal/source"
)

// commit makes a git repository of a world's folder, or a further commit in it,
// with the files, and returns its URL and the commit.
func (w *world) commit(dir string, files map[string]string) (url, commit string) {
	w.t.Helper()
	for name, text := range files {
		w.write(filepath.Join(dir, name), text)
	}
	dir = filepath.Join(w.dir, dir)
	git := func(args ...string) string {
		w.t.Helper()
		c := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_DATE=2020-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2020-01-01T00:00:00Z")
		out, err := c.CombinedOutput()
		if err != nil {
			w.t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "--quiet", "--initial-branch=main")
	git("add", "--all")
	git("commit", "--quiet", "--allow-empty", "--message=x")
	return "git+file://" + dir, git("rev-parse", "HEAD")
}

// archive publishes a source archive with the files in one folder.
func (w *world) archive(url string, files map[string]string) {
	w.t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	tw := tar.NewWriter(z)
	for name, text := range files {
		if err := tw.WriteHeader(&tar.Header{Name: "top/" + name, Mode: 0o644, Typeflag: tar.TypeReg, Size: int64(len(text))}); err != nil {
			w.t.Fatal(err)
		}
		if _, err := io.WriteString(tw, text); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := errors.Join(tw.Close(), z.Close()); err != nil {
		w.t.Fatal(err)
	}
	w.files[url] = b.Bytes()
}

const opamHead = "opam-version: \"2.0\"\n"

// project is an opam file of the project.
func (w *world) project(name, text string) Project {
	w.t.Helper()
	file, err := opam.Parse(name+".opam", []byte(opamHead+text))
	if err != nil {
		w.t.Fatal(err)
	}
	return Project{
		Locked: lock.Project{File: name + ".opam", SHA256: strings.Repeat("0", 64)}, Name: name, Version: "dev", File: file,
	}
}

// pinning locks a project that needs alpha and beta with some pins.
func (w *world) pinning(pins ...string) Options {
	opt := w.options()
	opt.Projects = []Project{w.project("app", `depends: ["alpha" "beta"] pin-depends: [ `+pinText(pins...)+" ]")}
	opt.Sources = source.Fetcher{Git: opamrepo.Git{Dir: filepath.Join(w.dir, "git")}, TempDir: w.t.TempDir()}
	return opt
}

func pinText(pins ...string) string {
	var b strings.Builder
	for i := 0; i < len(pins); i += 2 {
		b.WriteString(`["` + pins[i] + `" "` + pins[i+1] + `"] `)
	}
	return b.String()
}

// packageOf is the lock's package of a name.
func packageOf(t *testing.T, f *lock.File, name string) lock.Package {
	t.Helper()
	for _, p := range f.Packages {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("the lock has no %s:\n%s", name, f.Append(nil))
	return lock.Package{}
}

// offline is how the same is locked again where nothing can be connected to:
// remotes on this machine are gone, too.
func offline(t *testing.T, opt Options, remotes ...string) Options {
	t.Helper()
	for _, url := range remotes {
		if err := os.RemoveAll(strings.TrimPrefix(url, "git+file://")); err != nil {
			t.Fatal(err)
		}
	}
	opt.Fetcher.Transport, opt.Fetcher.Offline = nil, true
	return opt
}

func TestPins(t *testing.T) {
	w := newWorld(t)
	url, commit := w.commit("one", map[string]string{
		// Neither the version nor the url of its own counts, nor do its pins.
		"beta.opam": opamHead + `version: "3" depends: ["alpha" {<= "1"}] pin-depends: ["gone.1" "https://gone.example.org/"]
			build: ["make" version] url { src: "https://gone.example.org/" checksum: "md5=` + strings.Repeat("0", 32) + `" }`,
		"Makefile": "all:\n",
	})
	w.archive("https://up.example.org/alpha-dev.tgz", map[string]string{"opam/alpha.opam": opamHead, "opam/opam": "no opam file"})
	unneeded, _ := w.commit("two", map[string]string{"opam": opamHead})
	opt := w.pinning("beta.0.1", url+"#main", "alpha.0.9", "https://up.example.org/alpha-dev.tgz", "unneeded.1", unneeded, "app.1", "https://gone.example.org/")
	got := mustLock(t, opt)
	beta, alpha := packageOf(t, got, "beta"), packageOf(t, got, "alpha")
	want := lock.Package{
		Name: "beta", Version: "0.1", OpamFile: beta.OpamFile, OpamPath: "beta.opam", Depends: []string{"alpha"},
		Source: &lock.Source{Input: beta.Source.Input, URLs: []string{url + "#" + commit}},
	}
	if diff := cmp.Diff(want, beta, cmpopts.EquateEmpty()); diff != "" || len(got.Packages) != 2 {
		t.Errorf("beta (-want +got):\n%s\n%s", diff, got.Append(nil))
	}
	if beta.Source.Size == 0 || beta.OpamFile.Size == 0 || alpha.Version != "0.9" || alpha.OpamPath != "opam/alpha.opam" {
		t.Errorf("beta is %v, alpha is %v", beta, alpha)
	}
	if sum := input.SumBytes(w.files["https://up.example.org/alpha-dev.tgz"]).Hex(); alpha.Source.SHA256 != sum {
		t.Errorf("alpha's source has %s, want %s", alpha.Source.SHA256, sum)
	}

	again := offline(t, opt, url, unneeded)
	again.Old = got
	again.Projects = []Project{w.project("app", `depends: ["alpha" "beta"] pin-depends: [ `+
		pinText("beta.0.1", url+"#main", "alpha.0.9", "https://up.example.org/alpha-dev.tgz")+" ]")}
	if diff := cmp.Diff(string(got.Append(nil)), string(mustLock(t, again).Append(nil))); diff != "" {
		t.Errorf("locked again (-old +new):\n%s", diff)
	}
}

// TestPinsMove: what is pinned moves when it is updated, and not before.
func TestPinsMove(t *testing.T) {
	w := newWorld(t)
	url, first := w.commit("one", map[string]string{"beta.opam": opamHead})
	w.archive("https://up.example.org/alpha-dev.tgz", map[string]string{"alpha.opam": opamHead})
	opt := w.pinning("beta.dev", url, "alpha.dev", "https://up.example.org/alpha-dev.tgz")
	old := mustLock(t, opt)
	// The opam file stays the same, the source doesn't.
	_, second := w.commit("one", map[string]string{"more": "more"})
	w.archive("https://up.example.org/alpha-dev.tgz", map[string]string{"alpha.opam": opamHead, "more": "more"})
	opt.Old = old
	if diff := cmp.Diff(string(old.Append(nil)), string(mustLock(t, opt).Append(nil))); diff != "" {
		t.Errorf("nothing was to change (-old +new):\n%s", diff)
	}
	ends := func(opt Options, alpha, beta bool) *lock.File {
		t.Helper()
		got := mustLock(t, opt)
		moved := packageOf(t, got, "alpha").Source.SHA256 != packageOf(t, old, "alpha").Source.SHA256
		at := packageOf(t, got, "beta").Source.URLs[0]
		want := map[bool]string{false: url + "#" + first, true: url + "#" + second}[beta]
		if moved != alpha || at != want {
			t.Errorf("alpha moved: %v, want %v; beta is %s, want %s", moved, alpha, at, want)
		}
		return got
	}
	opt.Update.Names = []string{"beta"}
	ends(opt, false, true)
	opt.Update = Update{All: true}
	old2 := ends(opt, true, true)
	// Another whole commit counts without an update.
	opt.Old, opt.Update = old2, Update{}
	opt.Projects = w.pinning("beta.dev", url+"#"+first, "alpha.dev", "https://up.example.org/alpha-dev.tgz").Projects
	ends(opt, true, false)
	// A package that isn't pinned any more is from the repository again, even
	// with the same opam file.
	w.opam("beta.dev", "")
	opt.Old, opt.Repositories = old, w.repositories()
	opt.Projects = []Project{w.project("app", `depends: ["alpha" "beta" {= "dev"}]`)}
	if p := packageOf(t, mustLock(t, opt), "beta"); p.InSource() || p.Repository != "main" || p.Source != nil {
		t.Errorf("beta is %v", p)
	}
}

// TestPinsElsewhere locks again with an empty store: the commit and the archive
// are those that were locked, or it is an error.
func TestPinsElsewhere(t *testing.T) {
	w := newWorld(t)
	url, _ := w.commit("one", map[string]string{"beta.opam": opamHead})
	w.archive("https://up.example.org/alpha-dev.tgz", map[string]string{"alpha.opam": opamHead})
	opt := w.pinning("beta.dev", url, "alpha.dev", "https://up.example.org/alpha-dev.tgz")
	old := mustLock(t, opt)
	w.commit("one", map[string]string{"beta.opam": "no opam file"})
	elsewhere := func() Options {
		o := opt
		store, err := input.Open(filepath.Join(t.TempDir(), "store"))
		if err != nil {
			t.Fatal(err)
		}
		o.Old, o.Fetcher.Store, o.Sources.Git.Dir = old, store, t.TempDir()
		return o
	}
	if diff := cmp.Diff(string(old.Append(nil)), string(mustLock(t, elsewhere()).Append(nil))); diff != "" {
		t.Errorf("elsewhere (-old +new):\n%s", diff)
	}
	w.archive("https://up.example.org/alpha-dev.tgz", map[string]string{"alpha.opam": opamHead, "more": "more"})
	var wrong *input.ChecksumError
	if _, err := Lock(context.Background(), elsewhere()); !errors.As(err, &wrong) || wrong.Name != "alpha.dev" {
		t.Errorf("changed archive: %v", err)
	}
	var none *input.OfflineError
	if _, err := Lock(context.Background(), offline(t, elsewhere())); !errors.As(err, &none) || !strings.Contains(err.Error(), "alpha.dev") {
		t.Errorf("offline: %v", err)
	}
}

func TestPinErrors(t *testing.T) {
	w := newWorld(t)
	empty, _ := w.commit("empty", map[string]string{"README": ""})
	good, _ := w.commit("good", map[string]string{"beta.opam": opamHead})
	broken, _ := w.commit("broken", map[string]string{"beta.opam": "depends: 3"})
	files, _ := w.commit("files", map[string]string{"beta.opam": opamHead + `extra-files: ["a" "md5=` + strings.Repeat("0", 32) + `"]`})
	weak, _ := w.commit("weak", map[string]string{"beta.opam": opamHead +
		`extra-source "a" { src: "https://up.example.org/a" checksum: "md5=` + strings.Repeat("0", 32) + `" }`})
	needy, _ := w.commit("needy", map[string]string{"beta.opam": opamHead + `depends: ["alpha" {< "1"}]`})
	tests := map[string]struct {
		pins []string
		want string
		as   any
	}{
		"no opam file":     {[]string{"beta.dev", empty}, "app.opam pins beta.dev to " + empty + ", where no opam file is: neither beta.opam nor", new(*PinError)},
		"broken opam file": {[]string{"beta.dev", broken}, "beta.dev/beta.opam:1:10: ", new(*opam.Error)},
		"extra files":      {[]string{"beta.dev", files}, "whose opam file lists extra-files", new(*PinError)},
		"weak checksum":    {[]string{"beta.dev", weak}, `beta.dev: its extra source "a" has only an md5`, new(*SourceError)},
		"no such branch":   {[]string{"beta.dev", good + "#stable"}, `beta.dev: archiving ` + good + `#stable: file://` + filepath.Join(w.dir, "good") + ` has no branch or tag "stable"`, new(*opamrepo.GoneError)},
		"no such commit":   {[]string{"beta.dev", good + "#" + strings.Repeat("1", 40)}, "is not, or no longer, in file://", new(*opamrepo.GoneError)},
		"wrong ref":        {[]string{"beta.dev", good + "#a..b"}, `which has the ref "a..b"`, new(*PinError)},
		"darcs":            {[]string{"beta.dev", "darcs+https://user:secret@example.org/"}, "app.opam pins beta.dev to darcs+https://user:xxxxx@example.org/, which is neither a git repository", new(*PinError)},
		"folder":           {[]string{"beta.dev", strings.TrimPrefix(good, "git+")}, "which is a folder; a lock can name a commit in it: git+file://…", new(*PinError)},
		"blank":            {[]string{"beta.dev", "https://example.org/a b"}, "which has a blank", new(*PinError)},
		"name":             {[]string{"be ta.dev", good}, `and "be ta.dev" is not NAME.VERSION`, new(*PinError)},
		"archive gone":     {[]string{"beta.dev", "https://up.example.org/gone.tgz"}, "beta.dev: no place has it", new(*input.NotFoundError)},
		"two at once":      {[]string{"beta.dev", empty, "alpha.dev", "x"}, "app.opam pins alpha.dev to x", new(*PinError)},
		"twice":            {[]string{"beta.dev", good, "beta.dev", empty}, "app.opam pins beta.dev to " + good + ", and app.opam pins beta.dev to " + empty, new(*PinConflictError)},
		"no solution":      {[]string{"beta.dev", needy}, "app.opam asks for beta", new(*versions.NoSolutionError)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			opt := w.pinning(tt.pins...)
			if name == "no solution" {
				opt.Constraints = demand(t, "beta", "=", "1")
			}
			_, err := Lock(context.Background(), opt)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.As(err, tt.as) {
				t.Errorf("got %v\nwant %q of a %T", err, tt.want, tt.as)
			}
		})
	}
}

// TestPinConflict has two files that pin one package: alike, then differently.
func TestPinConflict(t *testing.T) {
	w := newWorld(t)
	url, _ := w.commit("one", map[string]string{"beta.opam": opamHead})
	opt := w.pinning("beta.dev", url)
	opt.Projects = append(opt.Projects, w.project("lib", "pin-depends: [ "+pinText("beta.dev", url)+"]"))
	if got := packageOf(t, mustLock(t, opt), "beta"); !got.InSource() {
		t.Errorf("beta is %v", got)
	}
	opt.Projects[1] = w.project("lib", "pin-depends: [ "+pinText("beta.1", url)+"]")
	_, err := Lock(context.Background(), opt)
	want := "app.opam pins beta.dev to " + url + ", and lib.opam pins beta.1 to " + url
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// TestPinsOfOneSource has two packages in one remote, which is fetched once; so
// is its failure.
func TestPinsOfOneSource(t *testing.T) {
	w := newWorld(t)
	url, _ := w.commit("one", map[string]string{"alpha.opam": opamHead, "beta.opam": opamHead})
	opt := w.pinning("alpha.dev", url, "beta.dev", url)
	var told []string
	opt.Sources.Tell = func(name, _ string) { told = append(told, name) }
	got := mustLock(t, opt)
	if diff := cmp.Diff(packageOf(t, got, "alpha").Source, packageOf(t, got, "beta").Source); diff != "" || len(told) != 1 {
		t.Errorf("%s was fetched (-alpha +beta):\n%s", told, diff)
	}
	_, err := Lock(context.Background(), w.pinning("alpha.dev", url+"#none", "beta.dev", url+"#none"))
	if err == nil || strings.Count(err.Error(), "has no branch") != 1 {
		t.Errorf("got %v", err)
	}
}

// TestGivenPins: a pin wins over a list of versions, which needn't have it.
func TestGivenPins(t *testing.T) {
	w := newWorld(t)
	url, _ := w.commit("one", map[string]string{"beta.opam": opamHead})
	opt := w.pinning("beta.dev", url)
	for _, list := range []map[string]string{{"alpha": "1", "beta": "77"}, {"alpha": "1"}} {
		opt.Versions = list
		if got := packageOf(t, mustLock(t, opt), "beta"); got.Version != "dev" {
			t.Errorf("%v: beta is %v", list, got)
		}
	}
}
