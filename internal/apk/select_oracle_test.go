package apk

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "ask the real apk again and write testdata/select.golden")

// goldenSets are the requests whose answers by apk 2.14.4 are in testdata/select.golden. The index there is Alpine
// 3.17's main for aarch64.
var goldenSets = []string{
	"bash",
	"build-base",
	"build-base bash perl m4 pkgconf patch make",
	"build-base busybox openssl-dev openssl-libs-static libev-dev gmp-dev zlib-static zlib-dev bash perl m4 pkgconf musl-dev patch make gcc",
	"busybox",
	"dash",
	"alpine-base",
	"busybox alpine-base openrc",
	"cmd:gcc",
	"so:libz.so.1",
	"pc:zlib",
	"pkgconfig",
	"docs gcc make bash",
	"bash-completion kmod openrc",
	"python3 py3-pip",
	"git openssh curl",
	"gcc<13",
	"make>=4 !bash perl",
	"musl~1.2 busybox-static",
	"nginx php81 postgresql15",
	"samba",
	"qt5-qtbase-dev",
	"llvm15-dev clang15",
	"ruby rust cargo",
	"nodejs npm mariadb",
	"docs alpine-sdk",
	"linux-lts",
	"xorg-server mesa-dri-gallium",
	"gtk+3.0-dev",
	"ocaml",
	"ssl_client libssl3 busybox",
	"lang openldap-clients",
	"ca-certificates wget tar xz zstd",
	"cmd:awk",
	"cmd:sh",
	"/bin/sh",
	"musl-dev libc-dev linux-headers g++ cmake samurai meson",
	"nosuchpackage",
	"gcc>=99",
	"bash !musl",
	"build-bas",
}

// simulate asks the real apk what it would add to an empty root.
func simulate(t *testing.T, apk real, words string) string {
	t.Helper()
	root := t.TempDir()
	repo := filepath.Join(t.TempDir(), "repo")
	if err := os.MkdirAll(filepath.Join(repo, "aarch64"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(repo, "aarch64", "APKINDEX.tar.gz"), testbedIndex(t), 0o644); err != nil {
		t.Fatal(err)
	}
	common := []string{
		"--root", root, "--arch", "aarch64", "--keys-dir", filepath.Join(apk.root, "usr/share/apk/keys"),
		"--repository", repo, "--no-network", "--no-cache",
	}
	if out, err := apk.command(append(common, "--initdb", "add")...).CombinedOutput(); err != nil {
		t.Fatalf("apk --initdb: %v: %s", err, out)
	}
	cmd := apk.command(append(append(common, "--simulate", "add"), strings.Fields(words)...)...)
	out, err := cmd.CombinedOutput()
	if _, exit := err.(*exec.ExitError); err != nil && !exit {
		t.Fatal(err)
	}
	if err != nil {
		return "error"
	}
	var got []string
	for _, m := range regexp.MustCompile(`Installing (\S+) \((\S+)\)`).FindAllStringSubmatch(string(out), -1) {
		got = append(got, m[1]+"-"+m[2])
	}
	sort.Strings(got)
	return strings.Join(got, "\n")
}

func testbedIndex(t *testing.T) []byte {
	t.Helper()
	bed := os.Getenv("OFARM_TESTBED")
	if bed == "" {
		t.Skip("OFARM_TESTBED is not set")
	}
	b, err := os.ReadFile(filepath.Join(bed, "alpine", "APKINDEX-3.17-main-x86_64.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readTestbedIndex(t *testing.T) *Index {
	t.Helper()
	keys, err := BuiltinKeys("aarch64")
	if err != nil {
		t.Fatal(err)
	}
	index, err := ReadIndex(bytes.NewReader(testbedIndex(t)), keys)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// answer is Select's, in the golden file's form.
func answer(index *Index, words string) string {
	s, err := Select(SelectOptions{Repositories: []*Index{index}, Want: strings.Fields(words)})
	if err != nil {
		return "error"
	}
	var out []string
	for _, p := range s.Packages {
		out = append(out, p.ID())
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

// TestSelectAsApkDoes compares with the real apk's answers over the real index.
func TestSelectAsApkDoes(t *testing.T) {
	index := readTestbedIndex(t)
	if *update {
		recordGolden(t, index)
	}
	compareGolden(t, index)
}

// TestSelectAsApkDoesReduced does the same over what of the index the answers touch, which is kept in testdata.
func TestSelectAsApkDoesReduced(t *testing.T) {
	b, err := os.ReadFile("testdata/select.apkindex")
	if err != nil {
		t.Fatal(err)
	}
	packages, err := parseIndex(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, &Index{Packages: packages})
}

func compareGolden(t *testing.T, index *Index) {
	t.Helper()
	golden := readGolden(t)
	for _, words := range goldenSets {
		want, ok := golden[words]
		if !ok {
			t.Errorf("%s: not in the golden file; run the test with -update", words)
		}
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(answer(index, words), "\n")); diff != "" {
			t.Errorf("Select(%s) (-apk +ours):\n%s", words, diff)
		}
	}
}

func recordGolden(t *testing.T, index *Index) {
	t.Helper()
	apk := realApk(t)
	var b bytes.Buffer
	chosen := map[string]bool{}
	for _, words := range goldenSets {
		answer := simulate(t, apk, words)
		fmt.Fprintf(&b, "# %s\n%s\n\n", words, answer)
		for id := range strings.SplitSeq(answer, "\n") {
			chosen[id] = true
		}
	}
	save(t, "testdata/select.golden", b.Bytes())
	save(t, "testdata/select.apkindex", reduced(index, chosen))
}

// reduced is the index's text of the chosen packages and of those that provide what the chosen need, without what
// choosing doesn't look at.
func reduced(index *Index, chosen map[string]bool) []byte {
	needed := map[string]bool{}
	for _, p := range index.Packages {
		for _, d := range p.Depends {
			needed[d.Name] = needed[d.Name] || chosen[p.ID()]
		}
	}
	var b []byte
	for _, p := range index.Packages {
		rival := slices.ContainsFunc(p.Provides, func(d Dependency) bool { return needed[d.Name] })
		if chosen[p.ID()] || rival {
			b = append(Package{
				Name: p.Name, Version: p.Version, ProviderPriority: p.ProviderPriority, Checksum: p.Checksum,
				Depends: p.Depends, Provides: p.Provides, InstallIf: p.InstallIf,
			}.AppendIndex(b), '\n')
		}
	}
	return b
}

func readGolden(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile("testdata/select.golden")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for stanza := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n\n") {
		words, packages, _ := strings.Cut(strings.TrimPrefix(stanza, "# "), "\n")
		out[words] = packages
	}
	return out
}
