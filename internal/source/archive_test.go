package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/oci"
)

// write writes a file and the folders above it.
func write(t testing.TB, path, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// describe lists entries with their content, one line each.
func describe(t testing.TB, entries []oci.Entry) []string {
	t.Helper()
	lines := []string{}
	for _, e := range entries {
		content := ""
		if e.Open != nil && e.Type == oci.File {
			r, err := e.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil || int64(len(b)) != e.Size {
				t.Fatalf("%s: %d bytes of %d, %v", e.Path, len(b), e.Size, err)
			}
			content = string(b)
		}
		line := fmt.Sprintf("%c %04o %s %s%s", e.Type, e.Mode, e.Path, e.Linkname, content)
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// layer writes a source and lists its tar.
func layer(t testing.TB, a Archive, extra ...File) ([]byte, error) {
	t.Helper()
	if a.TempDir == "" {
		a.TempDir = t.TempDir()
	}
	var out bytes.Buffer
	err := Layer(&out, a, extra)
	left, _ := os.ReadDir(a.TempDir)
	if len(left) != 0 {
		t.Errorf("left in the folder for temporary files: %v", left)
	}
	return out.Bytes(), err
}

// readTar describes a tar, one line per entry.
func readTar(t testing.TB, b []byte) []string {
	t.Helper()
	lines := []string{}
	tr := tar.NewReader(bytes.NewReader(b))
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%c %04o %s %s%s", h.Typeflag, h.Mode, h.Name, h.Linkname, content)
		lines = append(lines, strings.TrimSpace(line))
	}
}

// sourceTree makes a folder p-1.0 with all that a source may hold.
func sourceTree(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	top := filepath.Join(dir, "p-1.0")
	write(t, filepath.Join(top, "dune-project"), "(lang dune 3.0)")
	write(t, filepath.Join(top, "src/a.ml"), "let a = 1")
	write(t, filepath.Join(top, "configure"), "#!/bin/sh")
	err := errors.Join(
		os.Chmod(filepath.Join(top, "configure"), 0o700),
		os.Chmod(filepath.Join(top, "dune-project"), 0o600),
		os.Symlink("../configure", filepath.Join(top, "src/link")),
		os.Link(filepath.Join(top, "configure"), filepath.Join(top, "same")),
		os.Mkdir(filepath.Join(top, "void"), 0o700),
	)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// sourceWant is what sourceTree becomes.
func sourceWant() []string {
	return []string{
		"0 0755 configure #!/bin/sh",
		"0 0644 dune-project (lang dune 3.0)",
		"0 0755 same #!/bin/sh",
		"5 0755 src/",
		"0 0644 src/a.ml let a = 1",
		"2 0777 src/link ../configure",
		"5 0755 void/",
	}
}

// run runs a program in a folder.
func run(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The archives are made by the real programs. The names say nothing.
func TestLayerOfEveryKind(t *testing.T) {
	commands := map[string][]string{
		"tar":       {"tar", "-cf", "source", "p-1.0"},
		"v7 tar":    {"tar", "--format=v7", "-cf", "source", "p-1.0"},
		"pax tar":   {"tar", "--format=pax", "-cf", "source", "p-1.0"},
		"with dots": {"tar", "-cf", "source", "./p-1.0"},
		"gzip":      {"tar", "--gzip", "-cf", "source", "p-1.0"},
		"bzip2":     {"tar", "--bzip2", "-cf", "source", "p-1.0"},
		"xz":        {"tar", "--xz", "-cf", "source", "p-1.0"},
		"zstd":      {"tar", "--zstd", "-cf", "source", "p-1.0"},
		"zip":       {"sh", "-c", "zip --quiet --recurse-paths --symlinks - p-1.0 >source"},
	}
	packers := []string{"bzip2", "xz", "zstd", "zip"}
	for name, command := range commands {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(name); err != nil && slices.Contains(packers, name) {
				t.Skip(err)
			}
			dir := sourceTree(t)
			run(t, dir, command[0], command[1:]...)
			b, err := layer(t, Archive{Path: filepath.Join(dir, "source"), Name: "p.tar"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sourceWant(), readTar(t, b)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// makeTar writes a packed tar of the headers, each with its name as content.
func makeTar(t testing.TB, headers ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for _, h := range headers {
		if h.Typeflag == 0 || h.Typeflag == tar.TypeReg {
			h.Size = int64(len(h.Name))
		}
		err := tw.WriteHeader(&h)
		if err == nil && h.Size > 0 {
			_, err = io.WriteString(tw, h.Name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tw.Close(), zw.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "source")
	write(t, path, b.String())
	return path
}

func TestTopFolder(t *testing.T) {
	tests := map[string]struct {
		headers []tar.Header
		want    []string
	}{
		"two folders": {[]tar.Header{{Name: "a/x"}, {Name: "b/y"}},
			[]string{"5 0755 a/", "0 0644 a/x a/x", "5 0755 b/", "0 0644 b/y b/y"}},
		"folder and file": {[]tar.Header{{Name: "a/x"}, {Name: "y"}}, []string{"5 0755 a/", "0 0644 a/x a/x", "0 0644 y y"}},
		"one file":        {[]tar.Header{{Name: "x"}}, []string{"0 0644 x x"}},
		"only the top":    {[]tar.Header{{Name: "a/b/x"}}, []string{"5 0755 b/", "0 0644 b/x a/b/x"}},
		"not twice":       {[]tar.Header{{Name: "a/a/x"}}, []string{"5 0755 a/", "0 0644 a/x a/a/x"}},
		"global header": {[]tar.Header{{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header",
			PAXRecords: map[string]string{"comment": "commit"}}, {Name: "a/x"}}, []string{"0 0644 x a/x"}},
		"header as file": {[]tar.Header{{Name: "pax_global_header"}, {Name: "a/x"}}, []string{"0 0644 x a/x"}},
		"dot first":      {[]tar.Header{{Typeflag: tar.TypeDir, Name: "./"}, {Name: "./a/x"}}, []string{"0 0644 x ./a/x"}},
		"link at top":    {[]tar.Header{{Typeflag: tar.TypeSymlink, Name: "a", Linkname: "/etc"}}, []string{"2 0777 a /etc"}},
		"last one wins":  {[]tar.Header{{Name: "a/x"}, {Name: "a/./x"}}, []string{"0 0644 x a/./x"}},
		"setuid":         {[]tar.Header{{Name: "a/x", Mode: 0o6711}}, []string{"0 0755 x a/x"}},
		"hard to symlink": {[]tar.Header{{Typeflag: tar.TypeSymlink, Name: "a/l", Linkname: "t"},
			{Typeflag: tar.TypeLink, Name: "a/h", Linkname: "a/l"}}, []string{"2 0777 h t", "2 0777 l t"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b, err := layer(t, Archive{Path: makeTar(t, test.headers...), Name: "p"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, readTar(t, b)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestLayerRefuses(t *testing.T) {
	tests := map[string]struct {
		headers []tar.Header
		want    string
	}{
		"climbing":     {[]tar.Header{{Name: "a/../../x"}}, `unpacking p-1.0.tgz: "a/../../x": the path has a ..`},
		"absolute":     {[]tar.Header{{Name: "/etc/passwd"}}, `"/etc/passwd": the path is absolute`},
		"device":       {[]tar.Header{{Typeflag: tar.TypeChar, Name: "a/null"}}, `"a/null": it is neither a file`},
		"pipe":         {[]tar.Header{{Typeflag: tar.TypeFifo, Name: "a/pipe"}}, `"a/pipe": it is neither a file`},
		"through link": {[]tar.Header{{Typeflag: tar.TypeSymlink, Name: "l", Linkname: "/"}, {Name: "l/x"}}, `"l/x": "l" is not a folder`},
		"hard out":     {[]tar.Header{{Typeflag: tar.TypeLink, Name: "a", Linkname: "../b"}}, `hard link to "../b"`},
		"hard to none": {[]tar.Header{{Typeflag: tar.TypeLink, Name: "a", Linkname: "b"}}, `hard link to "b"`},
		"nothing":      {nil, "not a tar, or an empty one"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := layer(t, Archive{Path: makeTar(t, test.headers...), Name: "p-1.0.tgz"})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestDamagedArchives(t *testing.T) {
	whole, err := os.ReadFile(makeTar(t, tar.Header{Name: "a/x"}, tar.Header{Name: "a/y"}))
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	zw := zip.NewWriter(&zipped)
	zw.Create("x")
	zw.Close()
	tests := map[string][]byte{
		"truncated":   whole[:len(whole)-20],
		"only begun":  whole[:5],
		"changed":     bytes.Replace(whole, whole[30:34], []byte("XXXX"), 1),
		"packed text": packed("just text"),
		"zip's begin": zipped.Bytes()[:20],
		"xz's begin":  []byte("\xfd7zXZ\x00rubbish"),
		"zst's begin": []byte("\x28\xb5\x2f\xfdrubbish"),
		"bz2's begin": []byte("BZh9rubbish"),
	}
	for name, b := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "source")
			write(t, path, string(b))
			if _, err := layer(t, Archive{Path: path, Name: "p.tgz"}); err == nil || !strings.Contains(err.Error(), "unpacking p.tgz: ") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// packed packs a text with gzip.
func packed(text string) []byte {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	io.WriteString(zw, text)
	zw.Close()
	return b.Bytes()
}

func TestZerosAfterGzip(t *testing.T) {
	path := makeTar(t, tar.Header{Name: "a/x"})
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(make([]byte, 512))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if b, err := layer(t, Archive{Path: path, Name: "p"}); err != nil || len(readTar(t, b)) != 1 {
		t.Errorf("got %v", err)
	}
}

func TestSingleFileAndExtras(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"one": "let x = 1", "patch": "--- a", "other": "new"} {
		write(t, filepath.Join(dir, name), content)
	}
	extra := []File{{Name: "fix.patch", Path: filepath.Join(dir, "patch")}, {Name: "sub/file", Path: filepath.Join(dir, "patch")}}
	b, err := layer(t, Archive{Path: filepath.Join(dir, "one"), Name: "x.ml"}, extra...)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"0 0644 fix.patch --- a", "5 0755 sub/", "0 0644 sub/file --- a", "0 0644 x.ml let x = 1"}
	if diff := cmp.Diff(want, readTar(t, b)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	b, err = layer(t, Archive{Path: makeTar(t, tar.Header{Name: "a/x", Mode: 0o755}, tar.Header{Name: "a/y/z"})},
		File{Name: "x", Path: filepath.Join(dir, "other")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"0 0644 x new", "5 0755 y/", "0 0644 y/z a/y/z"}, readTar(t, b)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if b, err := layer(t, Archive{}); err != nil || len(readTar(t, b)) != 0 {
		t.Errorf("no source at all: %v", err)
	}
}

func TestExtrasRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	write(t, file, "x")
	archive := makeTar(t, tar.Header{Name: "a/x"}, tar.Header{Typeflag: tar.TypeDir, Name: "a/y/"})
	for name, f := range map[string]File{
		"climbing":     {Name: "../x", Path: file},
		"absolute":     {Name: "/x", Path: file},
		"missing":      {Name: "z", Path: file + "2"},
		"folder":       {Name: "z", Path: filepath.Dir(file)},
		"over folder":  {Name: "y", Path: file},
		"below a file": {Name: "x/z", Path: file},
	} {
		if _, err := layer(t, Archive{Path: archive, Name: "p"}, f); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, path := range map[string]string{"missing": file + "2", "folder": filepath.Dir(file)} {
		if _, err := layer(t, Archive{Path: path, Name: "p"}); err == nil {
			t.Errorf("archive %s: accepted", name)
		}
	}
}
