package link

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePkg(t *testing.T) {
	t.Parallel()
	const text = `# comment
prefix=/usr
libdir = ${prefix}/lib
Name: x # with a comment
Version: 1
Requires: a >= 1.2, b c < 2
Requires.private: d = 1 , e
Libs: -L${libdir} -lx "-L/a b" ${nothing}
Libs.private: -lz \
  -lm ${open
Cflags: -I${prefix}/include
`
	got := parsePkg(text, "/pc")
	if diff := cmp.Diff([]string{"-L/usr/lib", "-lx", "-L/a b", "-lz", "-lm", "${open"}, got.libs); diff != "" {
		t.Errorf("libs (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e"}, got.requires); diff != "" {
		t.Errorf("requires (-want +got)\n%s", diff)
	}
}

// TestNeedsAgreeWithPkgConfig compares the needs of every library whose package
// this machine has with what pkg-config --static answers for that package.
func TestNeedsAgreeWithPkgConfig(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("pkg-config")
	if err != nil {
		t.Skip("pkg-config is not installed")
	}
	out, err := exec.Command(tool, "--variable", "pc_path", "pkg-config").Output()
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, d := range filepath.SplitList(strings.TrimSpace(string(out))) {
		dirs = append(dirs, strings.TrimPrefix(d, "/"))
	}
	pkgs := readPackages(os.DirFS("/"), dirs)
	names := make([]string, 0, len(pkgs.owner))
	for name := range pkgs.owner {
		names = append(names, name)
	}
	slices.Sort(names)
	compared := 0
	for _, name := range names[:min(len(names), 40)] {
		cmd := exec.Command(tool, "--static", "--libs", pkgs.owner[name].name)
		cmd.Env = append(os.Environ(), "PKG_CONFIG_PATH=")
		out, err := cmd.Output()
		if err != nil {
			continue // a package it requires isn't installed
		}
		compared++
		if diff := cmp.Diff(libraryNames(split(string(out)), name), needNames(pkgs.needs(name))); diff != "" {
			t.Errorf("-l%s of %s.pc (-pkg-config +ours)\n%s", name, pkgs.owner[name].name, diff)
		}
	}
	t.Logf("compared %d libraries", compared)
}

func libraryNames(words []string, self string) []string {
	out := []string{}
	for _, w := range words {
		if w == "-pthread" {
			w = "-lpthread"
		}
		if n, ok := strings.CutPrefix(w, "-l"); ok && n != self {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func needNames(needs []need) []string {
	words := []string{}
	for _, n := range needs {
		if strings.HasSuffix(n.by, ".pc") {
			words = append(words, "-l"+n.name)
		}
	}
	return libraryNames(words, "")
}
