package testworld

import (
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/input"
)

// fakePool serves files as a Debian mirror does and returns a table of them.
func fakePool(t *testing.T, files map[string]string) (s *Server, table string) {
	t.Helper()
	dir := t.TempDir()
	rows := "package\tsha256\tsize\tpool path\tsuite\n"
	for name, text := range files {
		path := filepath.Join("pool/main", name+".tar.gz")
		writeTest(t, filepath.Join(dir, path), text)
		rows += fmt.Sprintf("%s\t%s\t%d\t%s\tsid\n", name, input.SumBytes([]byte(text)).Hex(), len(text), path)
	}
	table = filepath.Join(t.TempDir(), "sources.tsv")
	writeTest(t, table, rows)
	s, err := Serve(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, table
}

func writeTest(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// byHash is where a by-hash mirror has a text under one kind of checksum.
func byHash(dir, kind, text string) string {
	var sum string
	switch kind {
	case "md5":
		s := md5.Sum([]byte(text))
		sum = hex.EncodeToString(s[:])
	case "sha512":
		s := sha512.Sum512([]byte(text))
		sum = hex.EncodeToString(s[:])
	default:
		sum = input.SumBytes([]byte(text)).Hex()
	}
	return filepath.Join(dir, kind, sum[:2], sum)
}

func TestFillMirror(t *testing.T) {
	s, table := fakePool(t, map[string]string{"lwt.5.6.1": "lwt", "ssl.0.7.0": "ssl"})
	extra := t.TempDir()
	writeTest(t, filepath.Join(extra, input.SumBytes([]byte("patch")).Hex()), "patch")
	fill := Fill{Dir: t.TempDir(), Table: table, Extra: extra, Debian: []string{s.URL}}
	if err := FillMirror(t.Context(), fill); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"lwt", "ssl", "patch"} {
		for _, kind := range []string{"sha256", "sha512", "md5"} {
			got, err := os.ReadFile(byHash(fill.Dir, kind, text))
			if err != nil || string(got) != text {
				t.Errorf("%s by %s: %q, %v", text, kind, got, err)
			}
		}
	}
	asked := s.Requests("*")
	if err := FillMirror(t.Context(), fill); err != nil {
		t.Fatal(err)
	}
	if again := s.Requests("*"); again != asked {
		t.Errorf("filling a full mirror asks %d times", again-asked)
	}
}

func TestFillMirrorPackages(t *testing.T) {
	s, table := fakePool(t, map[string]string{"lwt.5.6.1": "lwt", "ssl.0.7.0": "ssl"})
	fill := Fill{Dir: t.TempDir(), Table: table, Packages: []string{"ssl.0.7.0"}, Debian: []string{s.URL}}
	if err := FillMirror(t.Context(), fill); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(byHash(fill.Dir, "sha256", "lwt")); !os.IsNotExist(err) {
		t.Errorf("lwt was fetched too: %v", err)
	}
}

func TestFillMirrorFaults(t *testing.T) {
	s, table := fakePool(t, map[string]string{"good": "good", "gone": "gone", "bad": "bad"})
	s.Fail("/pool/main/gone.tar.gz", Fault{Status: 404})
	s.Fail("/pool/main/bad.tar.gz", Fault{Garbage: []byte("<h1>")})
	fill := Fill{Dir: t.TempDir(), Table: table, Debian: []string{s.URL}}
	err := FillMirror(t.Context(), fill)
	if err == nil || !strings.Contains(err.Error(), "gone") || !strings.Contains(err.Error(), "bad") {
		t.Errorf("error %v, want one that names gone and bad", err)
	}
	for name, want := range map[string]bool{"good": true, "gone": false, "bad": false, "<h1>": false} {
		_, err := os.Stat(byHash(fill.Dir, "sha256", name))
		if (err == nil) != want {
			t.Errorf("%s in the mirror: %v, want %v", name, err == nil, want)
		}
	}
}

func TestFillMirrorMisnamedExtra(t *testing.T) {
	_, table := fakePool(t, nil)
	extra := t.TempDir()
	writeTest(t, filepath.Join(extra, "abcd"), "patch")
	err := FillMirror(t.Context(), Fill{Dir: t.TempDir(), Table: table, Extra: extra})
	if err == nil || !strings.Contains(err.Error(), "not its name's") {
		t.Errorf("error %v", err)
	}
}
