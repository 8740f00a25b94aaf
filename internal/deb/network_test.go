package deb

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A world is a release as this machine's mirror has it: the merged indexes, and
// an apt that reads the same ones.
type world struct {
	universe *Universe
	apt      string // its configuration
}

// needNetwork skips a test that fetches from this machine's Debian mirror.
func needNetwork(t *testing.T) {
	t.Helper()
	if os.Getenv("OFARM_TEST_NETWORK") != "1" {
		t.Skip("set OFARM_TEST_NETWORK=1 to compare with apt over this machine's mirror")
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skip("no apt-get")
	}
}

// mirrors finds the mirrors of Debian and of its security archive in apt's own
// list of sources.
func mirrors(t *testing.T) (main, security string) {
	t.Helper()
	out, err := exec.Command("apt-get", "indextargets", "--format", "$(REPO_URI)").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		u, err := url.Parse(strings.TrimSpace(line))
		if err != nil {
			continue
		}
		switch filepath.Base(u.Path) {
		case "debian":
			main = strings.TrimSuffix(u.String(), "/")
		case "debian-security":
			security = strings.TrimSuffix(u.String(), "/")
		}
	}
	if main == "" {
		t.Skip("no Debian mirror among apt's sources")
	}
	return main, security
}

func fetch(t *testing.T, url string) []byte {
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

// fetchIndex fetches and verifies one suite's index.
func fetchIndex(t *testing.T, dist string) []Package {
	t.Helper()
	release, err := ParseRelease(fetch(t, dist+"/InRelease"), BuiltinKeys())
	if err != nil {
		t.Fatal(err)
	}
	f, err := release.Index("main", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	data := fetch(t, dist+"/"+f.Path)
	sum := sha256.Sum256(data)
	if int64(len(data)) != f.Size || hex.EncodeToString(sum[:]) != f.SHA256 {
		t.Fatalf("%s/%s is not the file that its release lists", dist, f.Path)
	}
	plain, err := Decompress(f.Path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	packages, err := ReadPackages(f.Path, plain)
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// newWorld fetches a release and prepares an apt with a state of its own.
func newWorld(t *testing.T, codename string) world {
	t.Helper()
	main, security := mirrors(t)
	dists := []string{main + "/dists/" + codename, main + "/dists/" + codename + "-updates"}
	sources := fmt.Sprintf("deb [check-valid-until=no] %s %s main\ndeb [check-valid-until=no] %s %s-updates main\n", main, codename, main, codename)
	if security != "" {
		dists = append(dists, security+"/dists/"+codename+"-security")
		sources += fmt.Sprintf("deb [check-valid-until=no] %s %s-security main\n", security, codename)
	}
	var archives [][]Package
	for _, dist := range dists {
		archives = append(archives, fetchIndex(t, dist))
	}
	u, err := Merge("amd64", archives...)
	if err != nil {
		t.Fatal(err)
	}
	return world{u, newApt(t, sources)}
}

// newApt makes a configuration of apt with a state of its own and updates it.
func newApt(t *testing.T, sources string) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d", "log"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "etc/sources.list"), sources)
	conf := filepath.Join(dir, "apt.conf")
	write(t, conf, fmt.Sprintf(`Dir::State "%[1]s"; Dir::State::lists "%[1]s/lists"; Dir::State::status "/dev/null";
Dir::Cache "%[1]s/cache"; Dir::Etc "%[1]s/etc"; Dir::Etc::sourcelist "%[1]s/etc/sources.list";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d"; Dir::Log "%[1]s/log";
APT::Architecture "amd64"; APT::Architectures "amd64"; Acquire::Languages "none"; APT::Sandbox::User "root";
`, dir))
	apt(t, conf, "update")
	return conf
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// apt runs apt-get with a configuration of its own.
func apt(t *testing.T, conf string, args ...string) string {
	t.Helper()
	out, err := tryApt(conf, args...)
	if err != nil {
		t.Fatalf("apt-get %v: %v\n%s", args, err, out)
	}
	return out
}

func tryApt(conf string, args ...string) (string, error) {
	cmd := exec.Command("apt-get", args...)
	cmd.Env = append(os.Environ(), "APT_CONFIG="+conf, "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// aptAnswer returns what apt would install, as sorted lines "NAME VERSION".
func aptAnswer(conf string, want ...string) ([]string, error) {
	out, err := tryApt(conf, append([]string{"install", "--no-install-recommends", "-s"}, want...)...)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	var lines []string
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) > 2 && words[0] == "Inst" {
			lines = append(lines, words[1]+" "+strings.TrimPrefix(words[2], "("))
		}
	}
	slices.Sort(lines)
	return lines, nil
}

func lines(s *Selection) []string {
	var out []string
	for _, p := range s.Packages {
		out = append(out, p.String())
	}
	slices.Sort(out)
	return out
}

func TestSelectAsApt(t *testing.T) {
	needNetwork(t)
	for _, codename := range []string{"bullseye", "bookworm"} {
		t.Run(codename, func(t *testing.T) {
			w := newWorld(t, codename)
			var recorded []answer
			for name, want := range toolSets(w.universe) {
				lines := compareWithApt(t, w, name, want...)
				recorded = append(recorded, answer{Want: want, Chosen: lines})
			}
			for _, name := range depexts() {
				compareWithApt(t, w, name, name)
			}
			if *update {
				record(t, codename, w.universe, recorded)
			}
		})
	}
}

// toolSets yields what a base needs: tools for an existing root, and for one
// that starts from nothing.
func toolSets(u *Universe) iter.Seq2[string, []string] {
	tools := strings.Fields("gcc libc6-dev make patch pkg-config m4 perl-base libssl-dev libev-dev libgmp-dev unzip bzip2 file diffutils")
	return func(yield func(string, []string) bool) {
		_ = yield("tools", tools) &&
			yield("essential", slices.Concat(u.essential(), tools)) &&
			yield("required", slices.Concat(u.required(), tools))
	}
}

// depexts lists packages that opam packages ask for.
func depexts() []string {
	return strings.Fields(`autoconf automake build-essential capnproto cmake curl g++ gfortran git gnuplot graphviz
		libao-dev libasound2-dev libavcodec-dev libblas-dev libcairo2-dev libcurl4-gnutls-dev libffi-dev libfontconfig1-dev
		libgdbm-dev libglpk-dev libgsl-dev libgtk-3-dev libgtksourceview-3.0-dev liblapacke-dev libleveldb-dev liblz4-dev
		libmariadb-dev libmpfr-dev libncurses5-dev libopenblas-dev libpcre3-dev libpq-dev libprotoc-dev libsdl2-dev
		libseccomp-dev libsqlite3-dev libsystemd-dev libuv1-dev libxxhash-dev libzmq3-dev libzstd-dev llvm-dev
		postgresql-common protobuf-compiler python3 python3-dev qtbase5-dev rsync ruby tcl-dev texinfo time tk-dev
		unixodbc-dev wget zlib1g-dev`)
}

// compareWithApt returns what apt chooses for want, unless it fails.
func compareWithApt(t *testing.T, w world, name string, want ...string) []string {
	t.Helper()
	wantLines, aptErr := aptAnswer(w.apt, want...)
	s, err := Select(Options{Universe: w.universe, Want: want})
	switch {
	case err != nil && aptErr != nil:
	case err != nil:
		t.Errorf("%s: Select fails: %v; apt installs %d packages", name, err, len(wantLines))
	case aptErr != nil:
		t.Errorf("%s: Select chooses %d packages; apt fails: %v", name, len(s.Packages), aptErr)
	default:
		if diff := cmp.Diff(wantLines, lines(s)); diff != "" {
			t.Errorf("%s (-apt +Select):\n%s", name, diff)
		}
	}
	return wantLines
}
