package daemontest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/solve"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// mixed installs files of several modes, links and owners.
const mixed = `cd "$OPAM_SWITCH_PREFIX"
mkdir -p bin lib "share/two words"
echo one >bin/one
chmod 755 bin/one
echo two >bin/two
chmod 640 bin/two
echo three >"bin/with blank"
chmod 555 "bin/with blank"
ln -s one bin/relative
echo kept >lib/kept
ln -s "$OPAM_SWITCH_PREFIX/lib/kept" bin/absolute
echo words >"share/two words/text"
echo not >share/not-exported
chown 1234:1234 bin/one
touch -d 2001-02-03 bin/one
`

// What is exported: the files that match, links followed, modes kept, with the
// caller as owner and the time that was asked for.
func TestExport(t *testing.T) {
	b := newBench(t)
	dir := b.project(shellworld.Package{Name: "app", Script: mixed}, "export = [\"bin/*\", \"share/two words\"]\n")
	o := b.options(dir)
	built, err := b.run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]string{}
	target := filepath.Join(dir, "dist", alpine)
	err = filepath.WalkDir(target, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(target, path)
		modes[rel] = info.Mode().String()
		if !info.ModTime().Equal(modTime) {
			t.Errorf("%s: time %v", rel, info.ModTime())
		}
		if st := info.Sys().(*syscall.Stat_t); int(st.Uid) != os.Getuid() || int(st.Gid) != os.Getgid() {
			t.Errorf("%s: owner %d:%d", rel, st.Uid, st.Gid)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	expect := map[string]string{
		".": "drwxr-xr-x", "bin": "drwxr-xr-x", "share": "drwxr-xr-x", "share/two words": "drwxr-xr-x",
		"bin/one": "-rwxr-xr-x", "bin/two": "-rw-r-----", "bin/with blank": "-r-xr-xr-x", "bin/relative": "-rwxr-xr-x",
		"bin/absolute": "-rw-r--r--", "share/two words/text": "-rw-r--r--",
	}
	if diff := cmp.Diff(expect, modes); diff != "" {
		t.Errorf("exported files (-want +got):\n%s", diff)
	}
	checkArtifacts(t, dir, o.LockDigest, built, 6)
}

// checkArtifacts holds artifacts.json against the files.
func checkArtifacts(t *testing.T, dir, lockDigest string, built *farm.Built, n int) {
	t.Helper()
	described, err := farm.ReadArtifacts(filepath.Join(dir, "dist", farm.ArtifactsName))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(built.Artifacts, described); diff != "" || len(described) != n {
		t.Errorf("%d artifacts, want %d (-of the build +in the file):\n%s", len(described), n, diff)
	}
	for _, a := range described {
		data := exported(t, dir, a.Path)
		sum := sha256.Sum256([]byte(data))
		if a.SHA256 != hex.EncodeToString(sum[:]) || a.Size != int64(len(data)) || a.Target != alpine ||
			a.Platform != "linux/amd64" || a.Lock != lockDigest || a.Kind != "other" {
			t.Errorf("%+v of %q", a, data)
		}
	}
}

// tell is a project that exports whatever a build could find out of where and
// when it runs.
func tell() shellworld.Package {
	return shellworld.Package{Name: "app", Depends: []string{"c", "z"}, Script: cat + `{
	env | sort
	pwd
	hostname
	id
	umask
	ls -l "$OPAM_SWITCH_PREFIX"/lib/a | sed 's/.* //'
	find / -xdev ! -path '/proc/*' ! -path '/sys/*' | sort
	stat -c '%n %a %u %g %s' "$0" data
	cat "$0"
} >"$OPAM_SWITCH_PREFIX/bin/tell" 2>&1
`, Files: map[string]string{"data": "1"}}
}

// Two builds with empty caches on two fresh daemons, from different folders,
// give the same bytes.
func TestTwiceTheSame(t *testing.T) {
	var sums []map[string]string
	for _, name := range []string{"first", "the second one"} {
		b := newBench(t, ladder()...)
		b.dir = filepath.Join(b.dir, name)
		b.farm = b.newFarm("cache of " + name)
		dir := b.project(tell(), "", alpine, alpine21)
		built, err := b.try(dir)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(built.Results[0].Executed); n != 5 {
			t.Errorf("executed %q: the cache isn't empty", built.Results[0].Executed)
		}
		found := map[string]string{}
		for _, a := range built.Artifacts {
			found[a.Path] = a.SHA256
		}
		sums = append(sums, found)
	}
	if diff := cmp.Diff(sums[0], sums[1]); diff != "" || len(sums[0]) != 4 {
		t.Errorf("%d artifacts, want 4 (-first +second):\n%s", len(sums[0]), diff)
	}
}

// A definition is of use without ofarm: buildctl makes the same files of it.
func TestBuildctl(t *testing.T) {
	b := newBench(t, ladder()...)
	dir := b.project(shellworld.Package{Name: "app", Depends: []string{"c"}, Script: cat}, "")
	b.build(dir)
	ofarm, buildctl := program(t, "ofarm"), filepath.Join(b.dir, "buildctl")
	if err := shellworld.Build(t.Context(), buildctl, "github.com/moby/buildkit/cmd/buildctl"); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(ofarm, b.flags("llb", dir)...)
	cmd.Stderr = &stderr
	definition, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	// A cache of its own, so that all of it runs again.
	e := engine()
	e.StateDir, e.BinDir = filepath.Join(b.dir, "other"), b.bin
	daemon, err := solve.Find(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	out := filepath.Join(b.dir, "out")
	cmd = exec.Command(buildctl, "--addr", daemon.Addr, "build", "--progress", "plain",
		"--oci-layout", "ofarm="+b.farm.Layout.Dir(), "--output", "type=local,dest="+out)
	cmd.Stdin = bytes.NewReader(definition)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	data, err := os.ReadFile(filepath.Join(out, "bin/all"))
	if err != nil {
		t.Fatal(err)
	}
	if want := exported(t, dir, alpine+"/bin/all"); string(data) != want || strings.TrimSpace(want) == "" {
		t.Errorf("buildctl made %q, ofarm %q", data, want)
	}
}
