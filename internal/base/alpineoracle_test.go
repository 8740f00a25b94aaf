package base

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ofarm/ofarm/internal/apk"
)

// knownDifferences are the paths of the minirootfs that no package in its database has, or that differ for a reason.
var knownDifferences = []string{
	"dev/pts", "dev/shm", // left out when the minirootfs is unpacked
	"etc/alpine-release", "etc/issue", "etc/os-release", "etc/secfixes.d", "etc/secfixes.d/alpine", // laid over it
	"etc/apk/repositories", "etc/apk/world", // what was asked for
	"lib/apk/db/installed", "lib/apk/db/scripts.tar", "lib/apk/db/triggers", // other control members, other order
	"proc", // apk makes it 0555, whatever its package says
}

// TestAlpineIsTheMinirootfs assembles the packages of a root that apk made, with their scripts, and compares.
func TestAlpineIsTheMinirootfs(t *testing.T) {
	root := minirootfs(t)
	_, got := assemble(t, repack(t, root))
	want := onDisk(t, root)
	for _, name := range knownDifferences {
		delete(got, name)
		delete(want, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the assembled root (-minirootfs +ours):\n%s", diff)
	}
}

// TestAlpineAsApkAdds has the real apk install the same packages without scripts, from a signed repository, and
// compares tree and database.
func TestAlpineAsApkAdds(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("apk add needs root")
	}
	root := minirootfs(t)
	pkgs := repack(t, root)
	into := apkAdd(t, root, pkgs)
	_, got := assemble(t, pkgs)
	want := onDisk(t, into)
	for _, name := range []string{"lib/apk/db/installed", "lib/apk/db/triggers"} {
		if diff := cmp.Diff(sortedStanzas(want[name]), sortedStanzas(got[name])); diff != "" {
			t.Errorf("%s (-apk +ours):\n%s", name, diff)
		}
	}
	for _, tree := range []map[string]string{got, want} {
		maps.DeleteFunc(tree, func(name, line string) bool {
			device := name != "dev" && strings.HasPrefix(name, "dev/")
			busyboxLink := strings.Contains(line, " /bin/busybox ") // its script would make them
			return device || busyboxLink || slices.Contains(knownDifferences, name)
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the assembled root (-apk +ours):\n%s", diff)
	}
}

// TestApkAcceptsTheRoot has the real apk look for differences between the assembled root and its database, and for
// anything it would change.
func TestApkAcceptsTheRoot(t *testing.T) {
	root := minirootfs(t)
	layer, _ := assemble(t, repack(t, root))
	into := t.TempDir()
	untar := exec.Command("tar", "-xpf", "-", "-C", into)
	untar.Stdin = bytes.NewReader(layer)
	if out, err := untar.CombinedOutput(); err != nil {
		t.Fatalf("unpacking the layer: %v: %s", err, out)
	}
	if out, err := apkCommand(root, "--root", into, "audit", "--system").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("apk audit: %v: %s", err, out)
	}
	out, err := apkCommand(root, "--root", into, "--no-network", "fix", "--simulate").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "OK: ") || !strings.Contains(string(out), "in 14 packages") {
		t.Errorf("apk fix: %v: %s", err, out)
	}
}

// apkCommand is the minirootfs's apk, run by its own musl loader.
func apkCommand(root string, args ...string) *exec.Cmd {
	path := filepath.Join(root, "lib") + ":" + filepath.Join(root, "usr/lib")
	args = append([]string{"--library-path", path, filepath.Join(root, "sbin/apk")}, args...)
	return exec.Command(filepath.Join(root, "lib/ld-musl-x86_64.so.1"), args...)
}

// apkAdd installs packages with the minirootfs's apk and gives the new root.
func apkAdd(t *testing.T, root string, pkgs []Input) string {
	t.Helper()
	repo, keys, into := filepath.Join(t.TempDir(), "repo"), t.TempDir(), t.TempDir()
	var index apk.Index
	var names []string
	for _, in := range pkgs {
		index.Packages = append(index.Packages, place(t, in, filepath.Join(repo, "x86_64")))
		names = append(names, in.Name)
	}
	var b bytes.Buffer
	if err := apk.WriteIndex(&b, index, testSigner()); err != nil {
		t.Fatal(err)
	}
	pem, err := testSigner().Key().PEM()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(repo, "x86_64", "APKINDEX.tar.gz"), b.Bytes())
	write(t, filepath.Join(keys, testSigner().KeyName), pem)
	args := []string{
		"--root", into, "--initdb", "--arch", "x86_64", "--keys-dir", keys, "--repository", repo, "--no-network",
		"--no-cache", "--no-scripts", "add",
	}
	out, err := apkCommand(root, append(args, names...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("apk add: %v: %s", err, out)
	}
	return into
}

// place puts a package file into a repository's folder and gives its entry for the index.
func place(t *testing.T, in Input, folder string) apk.Package {
	t.Helper()
	r, err := in.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	f, err := apk.Open(bytes.NewReader(b), apk.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f.Size = int64(len(b))
	write(t, filepath.Join(folder, f.Package.File()), b)
	return f.Package
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, b, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// sortedStanzas are the stanzas, or in a file without such the lines, of one of onDisk's files.
func sortedStanzas(line string) []string {
	body, err := hex.DecodeString(line[strings.LastIndexByte(line, ' ')+1:])
	if err != nil {
		return []string{err.Error()}
	}
	separator := "\n\n"
	if !bytes.Contains(body, []byte(separator)) {
		separator = "\n"
	}
	return slices.Sorted(strings.SplitSeq(strings.TrimSpace(string(body)), separator))
}

// minirootfs unpacks the test bed's Alpine root, or skips the test.
func minirootfs(t *testing.T) string {
	t.Helper()
	bed := os.Getenv("OFARM_TESTBED")
	if bed == "" {
		t.Skip("OFARM_TESTBED is not set")
	}
	root := t.TempDir()
	tarball := filepath.Join(bed, "alpine", "alpine-minirootfs-3.20.3-x86_64.tar.gz")
	out, err := exec.Command("tar", "-xzpf", tarball, "-C", root, "--exclude=./dev/*").CombinedOutput()
	if err != nil {
		t.Fatalf("unpacking the minirootfs: %v: %s", err, out)
	}
	return root
}

// repack makes the minirootfs's packages again by its own database.
func repack(t *testing.T, root string) []Input {
	t.Helper()
	db, err := os.ReadFile(filepath.Join(root, "lib/apk/db/installed"))
	if err != nil {
		t.Fatal(err)
	}
	var out []Input
	for stanza := range strings.SplitSeq(strings.TrimSpace(string(db)), "\n\n") {
		out = append(out, repackOne(t, root, stanza))
	}
	return out
}

func repackOne(t *testing.T, root, stanza string) Input {
	t.Helper()
	head, _, _ := strings.Cut(stanza, "\nF:")
	info, checksum := infoOf(t, head)
	info.Scripts = scriptsOf(t, root, info.ID())
	info.Triggers = triggersOf(t, root, checksum)
	var files bytes.Buffer
	tw := tar.NewWriter(&files)
	dir, last := "", (*tar.Header)(nil)
	flush := func() {
		if last == nil {
			return
		}
		if err := writeFrom(tw, root, last); err != nil {
			t.Fatal(err)
		}
		last = nil
	}
	for line := range strings.SplitSeq(stanza, "\n") {
		switch value := line[2:]; line[:2] {
		case "F:":
			flush()
			dir, last = value, &tar.Header{Name: value + "/", Mode: 0o755, Typeflag: tar.TypeDir}
		case "R:":
			flush()
			last = &tar.Header{Name: path.Join(dir, value), Mode: 0o644}
		case "M:", "a:":
			if _, err := fmt.Sscanf(value, "%d:%d:%o", &last.Uid, &last.Gid, &last.Mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	flush()
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return packTar(t, info, &files)
}

func writeFrom(tw *tar.Writer, root string, h *tar.Header) error {
	if h.Typeflag == tar.TypeDir {
		return tw.WriteHeader(h)
	}
	name := filepath.Join(root, h.Name)
	fi, err := os.Lstat(name)
	if err != nil {
		return err
	}
	h.ModTime = fi.ModTime()
	if fi.Mode()&fs.ModeSymlink != 0 {
		h.Typeflag = tar.TypeSymlink
		h.Linkname, err = os.Readlink(name)
		return errors.Join(err, tw.WriteHeader(h))
	}
	body, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	h.Typeflag, h.Size = tar.TypeReg, int64(len(body))
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	_, err = tw.Write(body)
	return err
}

// infoOf reads the lines of the database that an index has too, by way of a signed index.
func infoOf(t *testing.T, head string) (apk.Info, string) {
	t.Helper()
	p, err := apk.ParsePackage(head)
	if err != nil {
		t.Fatal(err)
	}
	return apk.Info{Package: p}, p.Checksum.String()
}

func scriptsOf(t *testing.T, root, id string) []apk.Script {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "lib/apk/db/scripts.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []apk.Script
	tr := tar.NewReader(f)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(h.Name, id+".Q1") {
			out = append(out, apk.Script{Name: path.Ext(h.Name), Body: body})
		}
	}
}

func triggersOf(t *testing.T, root, checksum string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "lib/apk/db/triggers"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if f := strings.Fields(line); len(f) > 1 && f[0] == checksum {
			return f[1:]
		}
	}
	return nil
}

// onDisk is a root as unpackInto gives it.
func onDisk(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		fi, err := d.Info()
		if err != nil {
			return err
		}
		h, err := tar.FileInfoHeader(fi, "")
		if err != nil {
			return err
		}
		var body []byte
		switch {
		case h.Typeflag == tar.TypeSymlink:
			h.Linkname, err = os.Readlink(name)
		case h.Typeflag == tar.TypeReg:
			body, err = os.ReadFile(name)
		}
		out[rel] = fmt.Sprintf("%c %o %d:%d %s %x", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Linkname, body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
