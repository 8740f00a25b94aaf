package base

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/deb"
)

// realEpoch is later than some packages and earlier than others.
const realEpoch = "1700000000"

// needRealDebian skips a test that fetches packages from this machine's mirror and configures them in a chroot.
func needRealDebian(t *testing.T) {
	t.Helper()
	if os.Getenv("OFARM_TEST_NETWORK") != "1" || os.Getuid() != 0 {
		t.Skip("set OFARM_TEST_NETWORK=1 and be root to assemble real Debian packages")
	}
	for _, tool := range []string{"apt-get", "chroot", "unshare", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
}

// TestDebianReal assembles what a base of each release holds from real packages, twice configures it offline, and
// compares the trees; then installs one more package with dpkg itself.
func TestDebianReal(t *testing.T) {
	needRealDebian(t)
	tools := strings.Fields("gcc libc6-dev make patch pkg-config m4 perl-base unzip bzip2 file diffutils")
	for codename, want := range map[string][]string{"bullseye": tools, "bookworm": append(tools, "usr-is-merged")} {
		t.Run(codename, func(t *testing.T) {
			mirror, u := realUniverse(t, codename)
			s, err := deb.Select(deb.Options{Universe: u, Essential: true, Want: want})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			layer := filepath.Join(dir, "layer.tar")
			assembleReal(t, layer, realInputs(t, mirror, s, dir))
			first, second := configureReal(t, layer), configureReal(t, layer)
			sameTrees(t, first, second)
			tryCompiler(t, first)
			tryExtra(t, first, u, mirror, s)
			tryExtra(t, second, u, mirror, s)
			sameTrees(t, first, second)
		})
	}
}

// realUniverse reads a release's index from this machine's mirror.
func realUniverse(t *testing.T, codename string) (mirror string, u *deb.Universe) {
	t.Helper()
	out := run(t, "apt-get", "indextargets", "--format", "$(REPO_URI)")
	for line := range strings.Lines(out) {
		if m, err := url.Parse(strings.TrimSpace(line)); err == nil && path.Base(m.Path) == "debian" {
			mirror = strings.TrimSuffix(m.String(), "/")
		}
	}
	if mirror == "" {
		t.Skip("no Debian mirror among apt's sources")
	}
	dist := mirror + "/dists/" + codename + "/"
	release, err := deb.ParseRelease(get(t, dist+"InRelease"), deb.BuiltinKeys())
	if err != nil {
		t.Fatal(err)
	}
	f, err := release.Index("main", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := deb.Decompress(f.Path, bytes.NewReader(get(t, dist+f.Path)))
	if err != nil {
		t.Fatal(err)
	}
	packages, err := deb.ReadPackages(f.Path, plain)
	if err != nil {
		t.Fatal(err)
	}
	if u, err = deb.Merge("amd64", packages); err != nil {
		t.Fatal(err)
	}
	return mirror, u
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
	return data
}

// realInputs fetches the packages of a selection into a folder.
func realInputs(t *testing.T, mirror string, s *deb.Selection, dir string) []Input {
	t.Helper()
	var inputs []Input
	for _, p := range s.Packages {
		data := get(t, mirror+"/"+p.Filename)
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != p.SHA256 {
			t.Fatalf("%s is not what the index says", p.Filename)
		}
		file := filepath.Join(dir, p.Name+".deb")
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		open := func() (io.ReadCloser, error) { return os.Open(file) }
		inputs = append(inputs, Input{Name: p.Name, Version: p.Version, Arch: p.Architecture, Open: open})
	}
	return inputs
}

func assembleReal(t *testing.T, layer string, inputs []Input) {
	t.Helper()
	f, err := os.Create(layer)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := Debian(f, inputs, Options{Epoch: time.Unix(1_700_000_000, 0)}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d packages assembled in %v", len(inputs), time.Since(start))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// configureReal unpacks a layer and configures it; it returns the root.
func configureReal(t *testing.T, layer string) string {
	t.Helper()
	root := t.TempDir()
	run(t, "tar", "-C", root, "--numeric-owner", "-xpf", layer)
	inRoot(t, root, ConfigureScript())
	return root
}

// inRoot runs a script in a root without network, with nothing but /proc and the usual devices.
func inRoot(t *testing.T, root, script string, args ...string) string {
	t.Helper()
	const setup = `mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev" || exit
for d in null zero full random urandom; do : >"$0/dev/$d"; mount --bind "/dev/$d" "$0/dev/$d" || exit; done
ln -s /proc/self/fd "$0/dev/fd"; root=$0; s=$1; shift
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin SOURCE_DATE_EPOCH=` + realEpoch + ` /bin/sh -c "$s" sh "$@"`
	return run(t, "unshare", append([]string{"-n", "-m", "-p", "-f", "sh", "-c", setup, root, script}, args...)...)
}

// run returns what a program prints, and fails the test if it fails.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out, all bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, &all), &all
	if err := cmd.Run(); err != nil {
		tail := all.String()
		t.Fatalf("%s: %v\n%s", name, err, tail[max(0, len(tail)-3000):])
	}
	return out.String()
}

// sameTrees compares two trees byte for byte, with modes, owners and times.
func sameTrees(t *testing.T, first, second string) {
	t.Helper()
	if out := run(t, "diff", "-r", "--no-dereference", first, second); out != "" {
		t.Errorf("contents differ:\n%s", out)
	}
	if diff := cmp.Diff(strings.Split(listing(t, first), "\n"), strings.Split(listing(t, second), "\n")); diff != "" {
		t.Errorf("modes, owners or times differ:\n%s", diff)
	}
}

// listing describes a tree but for the contents.
func listing(t *testing.T, root string) string {
	return run(t, "sh", "-c", `cd "$0" && find . -mindepth 1 ! -path './dev' ! -path './proc' -printf '%p %M %U:%G %T@ %l\n' | LC_ALL=C sort`, root)
}

// tryCompiler compiles and runs a program in a configured root.
func tryCompiler(t *testing.T, root string) {
	t.Helper()
	const script = `set -eu
cd /tmp
printf '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n' >a.c
gcc -o a a.c
./a
rm a a.c
dpkg --audit
dpkg --verify
test "$(dpkg-query -W -f '${Status}\n' | sort -u)" = "install ok installed"`
	if out := inRoot(t, root, script); out != "hello\n" {
		t.Errorf("in the configured root:\n%s", out)
	}
}

// tryExtra installs one more package into a configured root.
func tryExtra(t *testing.T, root string, u *deb.Universe, mirror string, s *deb.Selection) {
	t.Helper()
	installed := make(map[string]string)
	for _, p := range s.Packages {
		installed[p.Name] = p.Version
	}
	extra, err := deb.Select(deb.Options{Universe: u, Want: []string{"libev-dev", "libssl-dev", "ca-certificates", "fontconfig"}, Installed: installed})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "srv/extra")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	realInputs(t, mirror, extra, dir)
	inRoot(t, root, ExtraScript(), "/srv/extra")
	run(t, "rm", "-r", dir)
	run(t, "touch", "-d", "@"+realEpoch, filepath.Dir(dir))
	want := fmt.Sprint(len(s.Packages) + len(extra.Packages))
	if got := strings.TrimSpace(inRoot(t, root, "dpkg-query -W -f '${Status}\n' | grep -c '^install ok installed$'")); got != want {
		t.Errorf("%s packages are installed, want %s", got, want)
	}
	if _, err := os.Stat(filepath.Join(root, "usr/include/ev.h")); err != nil {
		t.Error(err)
	}
}
