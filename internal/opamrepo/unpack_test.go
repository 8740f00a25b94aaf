package opamrepo

import (
	"archive/tar"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// reg, sym and hard are tar entries.
func reg(name, data string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Linkname: data}
}

func sym(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}
}

func hard(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target}
}

// unpackHere unpacks a tar of these entries into a folder of its own, beside
// which lies a secret, and returns where the repository is.
func unpackHere(t testing.TB, dir string, entries ...tar.Header) (string, error) {
	t.Helper()
	write(t, dir, map[string]string{"secret": "secret", "into/x": ""})
	root, err := os.OpenRoot(filepath.Join(dir, "into"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	err = unpack(context.Background(), strings.NewReader(string(pack(t, entries...))), root)
	return filepath.Join(dir, "into", readyDir), err
}

func TestHostileTarballs(t *testing.T) {
	ok := reg("packages/a/a.1/opam", "x")
	for name, test := range map[string]struct {
		entries []tar.Header
		want    string
	}{
		"parent":              {[]tar.Header{ok, reg("packages/../../secret", "evil")}, "not a path below"},
		"parent that returns": {[]tar.Header{ok, reg("packages/a/../a/x", "evil")}, "not a path below"},
		"parent of all":       {[]tar.Header{ok, reg("../secret", "evil")}, "not a path below"},
		"absolute":            {[]tar.Header{ok, reg("/packages/x", "evil")}, "not a path below"},
		"backslash":           {[]tar.Header{ok, reg(`packages\..\x`, "evil")}, "not a path below"},
		"symlink out":         {[]tar.Header{ok, sym("packages/l", "../../../secret")}, "no part of the repository"},
		"absolute symlink":    {[]tar.Header{ok, sym("packages/l", "/etc/passwd")}, "no part of the repository"},
		"chain of symlinks":   {[]tar.Header{ok, sym("packages/a/l", "../a/a.1"), sym("packages/m", "a/l/../../../../secret")}, "no part of the repository"},
		"dangling symlink":    {[]tar.Header{ok, sym("packages/l", "nothing")}, "no part of the repository"},
		"symlink in a circle": {[]tar.Header{ok, sym("packages/l", "l")}, "no part of the repository"},
		"packages a symlink":  {[]tar.Header{sym("packages", "/etc")}, errNoPackages.Error()},
		"hard link out":       {[]tar.Header{ok, hard("packages/l", "../secret")}, "no part of the repository"},
		"hard link aside":     {[]tar.Header{ok, reg("README", "x"), hard("packages/l", "README")}, "no part of the repository"},
		"hard link too early": {[]tar.Header{hard("packages/l", "packages/a/a.1/opam"), ok}, "no file before it"},
		"fifo":                {[]tar.Header{ok, {Typeflag: tar.TypeFifo, Name: "packages/f"}}, "neither a file"},
		"device":              {[]tar.Header{ok, {Typeflag: tar.TypeChar, Name: "packages/d"}}, "neither a file"},
		"two repositories":    {[]tar.Header{reg("a/packages/x/x.1/opam", "x"), reg("b/packages/x/x.1/opam", "y")}, "second repository"},
		"file below a file":   {[]tar.Header{ok, reg("packages/a/a.1/opam/x", "x")}, `"packages/a/a.1/opam/x": mkdirat`},
		"link below a file":   {[]tar.Header{ok, sym("packages/a/a.1/opam/x", "opam")}, "lies in what is no folder"},
		"nothing":             {nil, errNoPackages.Error()},
	} {
		dir := t.TempDir()
		_, err := unpackHere(t, dir, test.entries...)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
		checkOutside(t, name, dir)
	}
}

// checkOutside looks for traces of unpacking beside the folder.
func checkOutside(t interface{ Errorf(string, ...any) }, name, dir string) {
	data, err := os.ReadFile(filepath.Join(dir, "secret"))
	entries, readErr := os.ReadDir(dir)
	if err != nil || readErr != nil || string(data) != "secret" || len(entries) != 2 {
		t.Errorf("%s: outside there is now %q, %q: %v", name, data, entries, errors.Join(err, readErr))
	}
}

func TestUnpack(t *testing.T) {
	dir, err := unpackHere(t, t.TempDir(),
		tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": commitA}},
		reg("top/README", "not taken"),
		reg("top/docs/packages/x/x.1/opam", "not taken"),
		reg("top/repo", "r"),
		sym("top/packages/b/b.1/files", "../../a/a.1/files"),
		reg("top/packages/a/a.1/opam", "first"),
		hard("top/packages/a/a.2/opam", "top/packages/a/a.1/opam"),
		reg("top/packages/a/a.1/opam", "second"),
		tar.Header{Typeflag: tar.TypeReg, Name: "top/packages/a/a.1/files/run", Mode: 0o4775, Linkname: "run"},
		reg("top/packages/b/b.1/opam", "b"),
	)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"repo": "r", "packages/a/a.1/opam": "second", "packages/a/a.2/opam": "first",
		"packages/b/b.1/opam": "b", "packages/b/b.1/files/run": "run",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"README", "docs"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "packages/a/a.1/files/run")); err != nil || info.Mode()&^0o022 != 0o755 {
		t.Errorf("mode: %v, %v", info.Mode(), err)
	}
}

// TestTopWins holds that packages at the top is the repository, whatever comes
// before or after it.
func TestTopWins(t *testing.T) {
	dir, err := unpackHere(t, t.TempDir(), reg("docs/packages/x", "docs"), reg("packages/x", "top"), reg("tests/packages/x", "tests"), sym("docs/packages/l", "/etc"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "packages/x")); err != nil || string(got) != "top" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestUnpackAnything unpacks tars of odd entries: whatever comes of it, nothing
// outside changes, and no link of what came of it leads outside.
func TestUnpackAnything(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			rt.Fatal(err)
		}
		names := rapid.SampledFrom([]string{"packages", "packages/a", "packages/a/b", "packages/a/b/c", "x/packages/a", "repo", "../secret", "packages/a/../../../secret", "/packages", "packages//a/.", "secret"})
		kinds := rapid.SampledFrom([]byte{tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeLink, tar.TypeFifo})
		var entries []tar.Header
		for range rapid.IntRange(0, 8).Draw(rt, "entries") {
			entries = append(entries, tar.Header{Typeflag: kinds.Draw(rt, "kind"), Name: names.Draw(rt, "name"), Linkname: names.Draw(rt, "link"), Mode: 0o755})
		}
		ready, err := unpackHere(t, dir, entries...)
		checkOutside(rt, "unpacking", dir)
		if err != nil {
			return
		}
		filepath.WalkDir(ready, func(path string, _ os.DirEntry, err error) error {
			real, evalErr := filepath.EvalSymlinks(path)
			if err != nil || evalErr != nil || !strings.HasPrefix(real, ready) {
				rt.Errorf("%s leads to %s: %v, %v", path, real, err, evalErr)
			}
			return nil
		})
	})
}
