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

	"github.com/ofarm/ofarm/targets"
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
	toolchain,
	onToolchain + "openssl-dev openssl-libs-static libev-dev gmp-dev zlib-dev zlib-static",
	onToolchain + "libpq-dev",
	onToolchain + "postgresql15-dev sqlite-dev sqlite-static",
	onToolchain + "mariadb-dev mariadb-connector-c-dev",
	onToolchain + "curl-dev curl-static",
	onToolchain + "pcre-dev pcre2-dev",
	onToolchain + "zstd-dev zstd-static lz4-dev xz-dev bzip2-dev",
	onToolchain + "mesa-dev glu-dev libjpeg-turbo-dev libpng-dev freetype-dev",
	onToolchain + "gtk+3.0-dev cairo-dev pango-dev",
	onToolchain + "lapack-dev openblas-dev libc-dev",
	onToolchain + "mpfr-dev gdbm-dev libffi-dev fftw-dev",
	onToolchain + "ncurses-dev readline-dev libedit-dev",
	onToolchain + "llvm15-dev llvm15-static clang15-dev clang15-static",
	onToolchain + "llvm-dev clang",
	onToolchain + "g++ autoconf automake libtool cmake",
	onToolchain + "git curl wget rsync",
	onToolchain + "protobuf protobuf-dev",
	onToolchain + "alsa-lib-dev libsamplerate-dev flac-dev libvorbis-dev",
	onToolchain + "libx11-dev libxcursor-dev libxi-dev libxinerama-dev libxrandr-dev",
	onToolchain + "libseccomp-dev libuv-dev libevent-dev eudev-dev",
	onToolchain + "python3 python3-dev py3-yaml",
	onToolchain + "krb5-dev linux-pam-dev openldap-dev",
	onToolchain + "gnutls-dev libsodium-dev argon2-dev",
	onToolchain + "libxml2-dev expat-dev libzip-dev",
	onToolchain + "gettext-dev flex bison",
	onToolchain + "tcl-dev tk-dev ruby",
	onToolchain + "libunwind-dev elfutils-dev binutils-dev",
	onToolchain + "pkgconfig so:libz.so.1 cmd:gcc",
	onToolchain + "gcc make pkgconf",
	onToolchain + "libressl-dev openssl-dev",
	onToolchain + "nosuchpackage zlib-dev",
}

// onToolchain begins requests to a root that has the toolchain of Alpine's
// releases already, as depexts are asked for. Their answers are what is added.
const onToolchain = "on the toolchain: "

var toolchain = func() string {
	r, err := targets.Find("alpine-3.20", nil)
	if err != nil {
		panic(err)
	}
	return strings.Join(r.Toolchain, " ")
}()

// splitRequest gives the words of what a root has already, and of what is asked
// for.
func splitRequest(words string) (has, want []string) {
	if rest, ok := strings.CutPrefix(words, onToolchain); ok {
		return strings.Fields(toolchain), strings.Fields(rest)
	}
	return nil, strings.Fields(words)
}

// simulate asks the real apk what it would add to a root that has some packages.
func simulate(t *testing.T, apk real, index *Index, words string) string {
	t.Helper()
	has, want := splitRequest(words)
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
	installInto(t, root, index, has)
	cmd := apk.command(append(append(common, "--simulate", "add"), want...)...)
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
	return spell(got)
}

// spell writes package IDs as the golden file has them.
func spell(ids []string) string {
	if len(ids) == 0 {
		return "nothing"
	}
	sort.Strings(ids)
	return strings.Join(ids, "\n")
}

// installInto makes some packages and what they need the installed ones of a
// root. Apk's list of them has the format of an index.
func installInto(t *testing.T, root string, index *Index, has []string) {
	t.Helper()
	var installed []byte
	for _, p := range kept(t, index, has) {
		installed = append(p.AppendIndex(installed), '\n')
	}
	save(t, filepath.Join(root, "lib/apk/db/installed"), installed)
	save(t, filepath.Join(root, "etc/apk/world"), []byte(strings.Join(has, "\n")+"\n"))
}

// kept is some packages with what they need.
func kept(t *testing.T, index *Index, has []string) []Package {
	t.Helper()
	s, err := Select(SelectOptions{Repositories: []*Index{index}, Want: has})
	if err != nil {
		t.Fatal(err)
	}
	var out []Package
	for _, p := range s.Packages {
		out = append(out, p.Package)
	}
	return out
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
func answer(t *testing.T, index *Index, words string) string {
	t.Helper()
	has, want := splitRequest(words)
	s, err := Select(SelectOptions{Repositories: []*Index{index}, Want: want, Keep: kept(t, index, has)})
	if err != nil {
		return "error"
	}
	var out []string
	for _, p := range s.Packages {
		if p.Repository >= 0 {
			out = append(out, p.ID())
		}
	}
	return spell(out)
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
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(answer(t, index, words), "\n")); diff != "" {
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
		answer := simulate(t, apk, index, words)
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
