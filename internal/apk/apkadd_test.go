package apk

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestApkAddsWhatWasWritten has the real apk verify and install packages from a repository of this package's making.
func TestApkAddsWhatWasWritten(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("apk add needs root")
	}
	apk := realApk(t)
	repo, keys := t.TempDir(), t.TempDir()
	long := "usr/share/" + strings.Repeat("long/", 40) + "name"
	first := Info{Package: Package{Name: "first", Version: "1.0-r0", Arch: "x86_64",
		Depends: []Dependency{{Name: "cmd:second"}}}}
	second := someInfo()
	second.Name, second.Depends, second.InstallIf = "second", nil, nil
	second.Provides = []Dependency{{Name: "cmd:second", Op: "=", Version: "2"}}
	index := Index{Description: "test"}
	addTo(t, repo, &index, first, [2]string{"usr/", ""}, [2]string{"usr/a", "hello"}, [2]string{"usr/b", "->a"},
		[2]string{"usr/c", "=>usr/a"}, [2]string{long, "deep"})
	addTo(t, repo, &index, second)
	save(t, filepath.Join(repo, "x86_64", "APKINDEX.tar.gz"), writtenIndex(t, testSigner(), index.Packages...))
	pem, err := testSigner().Key().PEM()
	if err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(keys, testSigner().KeyName), pem)
	root := t.TempDir()
	out, err := apk.command("--root", root, "--initdb", "--arch", "x86_64", "--keys-dir", keys, "--repository", repo,
		"--no-network", "--no-cache", "--no-scripts", "add", "first").CombinedOutput()
	if err != nil {
		t.Fatalf("apk add: %v: %s", err, out)
	}
	for name, want := range map[string]string{"usr/a": "hello", "usr/b": "hello", "usr/c": "hello", long: "deep"} {
		if b, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(b) != want {
			t.Errorf("%s holds %q, %v", name, b, err)
		}
	}
	if out := apk.output(t, "--root", root, "--keys-dir", keys, "info", "-v"); out != "first-1.0-r0\nsecond-1.2.3-r4\n" {
		t.Errorf("installed are %q", out)
	}
}

// TestApkRefusesAnotherKey makes sure that the real apk looked at the signature at all.
func TestApkRefusesAnotherKey(t *testing.T) {
	apk := realApk(t)
	repo := t.TempDir()
	save(t, filepath.Join(repo, "x86_64", "APKINDEX.tar.gz"), writtenIndex(t, testSigner(), fullPackage()))
	out, err := apk.command("--root", t.TempDir(), "--initdb", "--arch", "x86_64", "--keys-dir", t.TempDir(), "--repository", repo,
		"--no-network", "--no-cache", "add", "full").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "UNTRUSTED") {
		t.Errorf("apk add: %v: %s", err, out)
	}
}

func addTo(t *testing.T, repo string, index *Index, info Info, list ...[2]string) {
	t.Helper()
	var b bytes.Buffer
	p, err := WritePackage(&b, info, files(t, list...), testSigner())
	if err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(repo, info.Arch, p.File()), b.Bytes())
	index.Packages = append(index.Packages, p)
}

func save(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
