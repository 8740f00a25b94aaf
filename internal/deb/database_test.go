package deb

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// addTo reads a package file into a database and, if root isn't "", unpacks the
// regular files of it there.
func addTo(t *testing.T, d *Database, data []byte, root string) {
	t.Helper()
	a, err := Open(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var files []File
	for {
		h, err := a.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(a)
		if err != nil {
			t.Fatal(err)
		}
		f := File{Path: h.Name}
		if h.Typeflag == '0' {
			sum := md5.Sum(body)
			f.MD5 = hex.EncodeToString(sum[:])
			place(t, root, h.Name, body)
		}
		if h.Typeflag == '1' {
			f.MD5 = sumOf(files, h.Linkname)
		}
		files = append(files, f)
	}
	if err := d.Add(a, files); err != nil {
		t.Fatal(err)
	}
}

func sumOf(files []File, path string) string {
	i := slices.IndexFunc(files, func(f File) bool { return f.Path == path })
	return files[i].MD5
}

func place(t *testing.T, root, name string, body []byte) {
	t.Helper()
	if root == "" {
		return
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, name), string(body))
}

func libControl() []item {
	return []item{
		{name: "control", body: "Package: libhello1\nVersion: 2\nArchitecture: amd64\nMulti-Arch: same\n" +
			"Homepage: https://example.org\nMaintainer: A <a@example.org>\nDepends: hello\nDescription: library\n long\nEssential: yes\n"},
		{name: "md5sums", body: "d41d8cd98f00b204e9800998ecf8427e  usr/lib/libhello.so.1\n"},
		{name: "triggers", body: "# a comment\ninterest-noawait /usr/share/hello\ninterest hello-cache\nactivate-noawait ldconfig\n"},
	}
}

func TestDatabase(t *testing.T) {
	var d Database
	addTo(t, &d, packDeb(t, ".gz", libControl(), []item{{name: "./"}, {name: "./usr/"}, {name: "./usr/lib/"}, {name: "./usr/lib/libhello.so.1"}}), "")
	addTo(t, &d, packDeb(t, ".gz", helloControl(), helloFiles()), "")
	got := make(map[string]string)
	for _, f := range d.Files() {
		got[f.Name] = string(f.Data)
		if want := strings.HasSuffix(f.Name, ".postinst"); want != (f.Mode == 0o755) {
			t.Errorf("%s has mode %o", f.Name, f.Mode)
		}
	}
	want := map[string]string{
		"available": "", "diversions": "", "statoverride": "", "info/format": "1\n", "triggers/Unincorp": "",
		"triggers/File":        "/usr/share/hello libhello1:amd64/noawait\n",
		"triggers/hello-cache": "libhello1:amd64\n",
		"status": "Package: hello\nStatus: install ok unpacked\nMaintainer: A <a@example.org>\nArchitecture: amd64\nVersion: 1.0-1\n" +
			"Conffiles:\n /etc/hello 9dd4e461268c8034f5c8564e155c67a6\nDescription: says hello\n\n" +
			"Package: libhello1\nEssential: yes\nStatus: install ok unpacked\nMaintainer: A <a@example.org>\nArchitecture: amd64\n" +
			"Multi-Arch: same\nVersion: 2\nDepends: hello\nDescription: library\n long\nHomepage: https://example.org\n\n",
		"info/hello.conffiles": "/etc/hello\nremove-on-upgrade /etc/gone\n",
		"info/hello.postinst":  "#!/bin/sh\n",
		"info/hello.list":      "/.\n/usr\n/usr/bin\n/usr/bin/hello\n/usr/bin/hi\n/usr/bin/out\n/etc\n/etc/hello\n",
		"info/hello.md5sums": "5d41402abc4b2a76b9719d911017c592  usr/bin/hello\n" +
			"5d41402abc4b2a76b9719d911017c592  usr/bin/hi\n9dd4e461268c8034f5c8564e155c67a6  etc/hello\n",
		"info/libhello1:amd64.list":     "/.\n/usr\n/usr/lib\n/usr/lib/libhello.so.1\n",
		"info/libhello1:amd64.md5sums":  libControl()[1].body,
		"info/libhello1:amd64.triggers": libControl()[2].body,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDatabaseErrors(t *testing.T) {
	for name, control := range map[string][]item{
		"a conffile that is a link": {helloControl()[1], {name: "conffiles", body: "/usr/bin/out\n"}},
		"a bad trigger":             {helloControl()[1], {name: "triggers", body: "interest ../x\n"}},
		"a trigger without a name":  {helloControl()[1], {name: "triggers", body: "interest\n"}},
	} {
		a, err := Open(bytes.NewReader(packDeb(t, "", control, helloFiles())))
		if err != nil {
			t.Fatal(err)
		}
		var d Database
		if err := d.Add(a, []File{{Path: "usr/bin/out"}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestDatabaseAsDpkg compares with the database that dpkg writes when it
// unpacks the same package files.
func TestDatabaseAsDpkg(t *testing.T) {
	if _, err := exec.LookPath("dpkg"); err != nil || os.Getuid() != 0 {
		t.Skip("needs dpkg and root")
	}
	data := [][]byte{
		packDeb(t, ".gz", helloControl(), helloFiles()),
		packDeb(t, ".gz", libControl(), []item{{name: "./"}, {name: "./usr/"}, {name: "./usr/lib/"}, {name: "./usr/lib/libhello.so.1"}}),
	}
	theirs := t.TempDir()
	for _, dir := range []string{"info", "updates", "triggers", "parts"} {
		if err := os.MkdirAll(filepath.Join(theirs, "var/lib/dpkg", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(theirs, "var/lib/dpkg/status"), "")
	args := []string{"--root=" + theirs, "--force-depends", "--force-not-root", "--log=/dev/null", "--no-triggers", "--unpack"}
	var d Database
	for i, b := range data {
		addTo(t, &d, b, "")
		file := filepath.Join(t.TempDir(), string(rune('a'+i))+".deb")
		write(t, file, string(b))
		args = append(args, file)
	}
	if out, err := exec.Command("dpkg", args...).CombinedOutput(); err != nil {
		t.Skipf("this dpkg doesn't unpack into a folder: %v\n%s", err, out)
	}
	for _, f := range d.Files() {
		want, err := os.ReadFile(filepath.Join(theirs, "var/lib/dpkg", f.Name))
		if os.IsNotExist(err) && len(f.Data) == 0 {
			continue // dpkg makes empty files when it needs them
		}
		if err != nil {
			t.Error(err)
			continue
		}
		got := string(f.Data)
		if f.Name == "status" { // ours has the conffiles in place already
			want = bytes.ReplaceAll(want, []byte("/etc/hello newconffile"), []byte("/etc/hello 9dd4e461268c8034f5c8564e155c67a6"))
			want = bytes.ReplaceAll(want, []byte("\n /etc/gone newconffile remove-on-upgrade"), nil)
		}
		if strings.HasSuffix(f.Name, ".list") { // dpkg puts links last
			want, got = sortLines(want), string(sortLines(f.Data))
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-dpkg +Database)\n%s", f.Name, diff)
		}
	}
}

func sortLines(b []byte) []byte {
	lines := slices.Collect(bytes.Lines(b))
	slices.SortFunc(lines, bytes.Compare)
	return bytes.Join(lines, nil)
}
