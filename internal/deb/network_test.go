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

	"github.com/ofarm/ofarm/targets"
)

// A world is a release as this machine's mirror has it: the merged indexes of a
// target's archives, and an apt that reads the same ones.
type world struct {
	universe *Universe
	apt      string // its configuration
	// installed are the packages that its root has, by name; none at first.
	installed map[string]string
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

// newWorld fetches the indexes of a release's archives and prepares an apt with
// a state of its own over the same ones.
func newWorld(t *testing.T, release targets.Release) world {
	t.Helper()
	main, security := mirrors(t)
	base := map[string]string{"debian": main, "debian-security": security}
	var archives [][]Package
	var sources strings.Builder
	for _, a := range release.Archives {
		if base[a.Name] == "" {
			continue
		}
		fmt.Fprintf(&sources, "deb [check-valid-until=no] %s %s main\n", base[a.Name], a.Suite)
		archives = append(archives, fetchIndex(t, base[a.Name]+"/dists/"+a.Suite))
	}
	u, err := Merge("amd64", archives...)
	if err != nil {
		t.Fatal(err)
	}
	return world{universe: u, apt: newApt(t, sources.String())}
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
	write(t, filepath.Join(dir, "status"), "")
	conf := filepath.Join(dir, "apt.conf")
	write(t, conf, fmt.Sprintf(`Dir::State "%[1]s"; Dir::State::lists "%[1]s/lists"; Dir::State::status "%[1]s/status";
Dir::Cache "%[1]s/cache"; Dir::Etc "%[1]s/etc"; Dir::Etc::sourcelist "%[1]s/etc/sources.list";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d"; Dir::Log "%[1]s/log";
APT::Architecture "amd64"; APT::Architectures "amd64"; Acquire::Languages "none"; APT::Sandbox::User "root";
`, dir))
	run(t, conf, "apt-get", "update")
	return conf
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs a program of apt with a configuration of its own.
func run(t *testing.T, conf, program string, args ...string) string {
	t.Helper()
	out, err := tryRun(conf, program, args...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return out
}

func tryRun(conf, program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "APT_CONFIG="+conf, "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// aptAnswer returns what apt would install, as sorted lines "NAME VERSION".
func aptAnswer(conf string, want ...string) ([]string, error) {
	out, err := tryRun(conf, "apt-get", append([]string{"install", "--no-install-recommends", "-s"}, want...)...)
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
	for _, release := range targets.Releases() {
		if release.Distro != targets.Debian {
			continue
		}
		t.Run(release.Codename, func(t *testing.T) {
			w := newWorld(t, release)
			var recorded []answer
			for name, want := range toolSets(w.universe, release) {
				lines := compareWithApt(t, w, name, want...)
				recorded = append(recorded, answer{Want: want, Chosen: lines})
			}
			compareOnBase(t, w, release)
			if *update {
				record(t, release.Codename, w.universe, recorded)
			}
		})
	}
}

// toolSets yields what a base needs: tools for an existing root, and for one
// that starts from nothing; and the base of a target.
func toolSets(u *Universe, release targets.Release) iter.Seq2[string, []string] {
	tools := strings.Fields("gcc libc6-dev make patch pkg-config m4 perl-base libssl-dev libev-dev libgmp-dev unzip bzip2 file diffutils")
	return func(yield func(string, []string) bool) {
		_ = yield("tools", tools) &&
			yield("essential", slices.Concat(u.essential(), tools)) &&
			yield("required", slices.Concat(u.required(), tools)) &&
			yield("base", slices.Concat(u.essential(), release.Toolchain))
	}
}

// compareWithApt returns what apt chooses for want, unless it fails.
func compareWithApt(t *testing.T, w world, name string, want ...string) []string {
	t.Helper()
	wantLines, aptErr := aptAnswer(w.apt, want...)
	s, err := Select(Options{Universe: w.universe, Want: want, Installed: w.installed})
	switch {
	case err != nil && aptErr != nil:
		t.Logf("%s: neither has an answer: %v", name, err)
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
