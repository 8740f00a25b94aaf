package lock

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is a lock without the lines that a build doesn't read; locks of early
// versions of ofarm are so. whole has every kind of line.
func small(t testing.TB) []byte { return fixture(t, "small.lock") }
func whole(t testing.TB) []byte { return fixture(t, "whole.lock") }

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParseAppend(t *testing.T) {
	data := small(t)
	f, err := Parse("ofarm.lock", data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(data), string(f.Append(nil))); diff != "" {
		t.Errorf("Append (-want +got):\n%s", diff)
	}
	debian := TargetID{"debian-bullseye", "linux/amd64"}
	var names []string
	for _, p := range f.PackagesOf(debian) {
		names = append(names, p.ID())
	}
	if diff := cmp.Diff([]string{"conf-libev.4-12", "dune.3.17.2"}, names); diff != "" {
		t.Errorf("PackagesOf (-want +got):\n%s", diff)
	}
	if got := f.PackagesOf(TargetID{"alpine-3.20", "linux/amd64"}); len(got) != 1 {
		t.Errorf("alpine has %d packages, want 1", len(got))
	}
}

func TestMistakes(t *testing.T) {
	zeros := strings.Repeat("5", 64)
	tests := map[string]struct{ old, new, want string }{
		"version":           {"ofarm.lock 1", "ofarm.lock 2", `ofarm.lock:1: lock version "2" is not one that this ofarm reads (it reads 1)`},
		"not a lock":        {"ofarm.lock 1", "hello", `lock version "hello"`},
		"unknown field":     {"epoch 1785000000", "epock 1785000000", `ofarm.lock:2: unknown field "epock"`},
		"unknown word":      {"  only debian", "  onyl debian", `ofarm.lock:12: unknown field "onyl"`},
		"no sha256":         {"source sha256:" + zeros, "source md5:" + zeros, "ofarm.lock:16: dune.3.17.2: no sha256"},
		"short sha256":      {"sha256:" + zeros, "sha256:55", `ofarm.lock:16: dune.3.17.2: "55" is not a sha256 of 64 hex digits`},
		"few words":         {" 2392889", "", "ofarm.lock:16: source: want sha256:HEX SIZE"},
		"bad size":          {" 2392889", " -1", `ofarm.lock:16: dune.3.17.2: "-1" is not a number`},
		"twice":             {"opam dune.3.17.2", "opam conf-libev.4-12", "ofarm.lock:14: opam conf-libev.4-12 is already on line 7"},
		"order":             {"opam dune.3.17.2", "opam alpha.1", "ofarm.lock:1: the opam entries are not sorted"},
		"unknown repo":      {"opam-file other", "opam-file elsewhere", `ofarm.lock:14: dune.3.17.2: repository "elsewhere" is not in the lock`},
		"unknown target":    {"only debian-bullseye", "only debian-sid", `ofarm.lock:7: conf-libev.4-12: target "debian-sid linux/amd64" is not in the lock`},
		"unknown archive":   {" debian pool/main/g", " ubuntu pool/main/g", `ofarm.lock:27: gcc-10: archive "ubuntu" is not in the target`},
		"missing extra":     {"depext libev-dev libev-dev", "depext libev-dev libev-dev libev4", `ofarm.lock:29: depext libev-dev: extra package "libev4" is not in the target`},
		"extra unused":      {"  depext libev-dev libev-dev\n", "", "ofarm.lock:28: extra package libev-dev: no depext needs it"},
		"climbing":          {" pool/main/g/", " ../../g/", `is not a path below its folder`},
		"climbing file":     {"extra-file one.patch", "extra-file ../one.patch", `"../one.patch" is not a path below its folder`},
		"spelling":          {"epoch 1785000000", "epoch 01785000000", `ofarm.lock:2: not the canonical spelling, which has "epoch 1785000000" here`},
		"no url":            {"    url https://example.org/dune-3.17.2.tbz\n    url https://mirror.example.org/dune-3.17.2.tbz\n", "", "dune.3.17.2: its source has no url"},
		"no extra url":      {"    url https://example.org/build.sh\n", "", `ofarm.lock:7: conf-libev.4-12: its extra-source "build.sh" has no url`},
		"truncated":         {"  depext pkg-config\n", "  depext pkg-config", "not the canonical spelling"},
		"source first":      {"opam conf-libev.4-12\n", "", "opam-file does not belong here"},
		"checksum kind":     {"checksum md5=", "checksum crc32=", "is not a checksum such as md5=HEX or sha512=HEX"},
		"opam without name": {"opam dune.3.17.2", "opam dune", `"dune" is not NAME.VERSION`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			mistake(t, small(t), tt.old, tt.new, tt.want)
		})
	}
}

func TestPinMistakes(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"no path":       {" 120 opam/mine.opam", " 120", "ofarm.lock:31: opam-file: want REPOSITORY sha256:HEX SIZE or - sha256:HEX SIZE PATH"},
		"path and repo": {"opam-file -", "opam-file main", "ofarm.lock:31: opam-file: want REPOSITORY"},
		"climbing path": {" opam/mine.opam", " ../mine.opam", `ofarm.lock:31: "../mine.opam" is not a path below its folder`},
		"branch":        {"mine.git#0123456789012345678901234567890123456789", "mine.git#main", "ofarm.lock:33: mine.dev: the URL of a git repository doesn't end in the commit, #HEX"},
		"git protocol":  {"git+https://example.org/mine.git#0123456789012345678901234567890123456789", "git://example.org/mine.git", "ofarm.lock:33: mine.dev: the URL of a git"},
		"repository":    {"git+https://example.org/repo.git#0123456789012345678901234567890123456789", "git://example.org/repo.git#main", "ofarm.lock:8: repository git: its URL doesn't end in the commit"},
		"no source": {
			"  source sha256:" + strings.Repeat("e", 64) + " 10240\n    url git+https://example.org/mine.git#0123456789012345678901234567890123456789\n", "",
			"ofarm.lock:30: mine.dev: its opam file is in its source, and it has no source",
		},
		"file beside it": {
			"mine.git#0123456789012345678901234567890123456789\n", "mine.git#0123456789012345678901234567890123456789\n  extra-file a sha256:" + strings.Repeat("1", 64) + " 1\n",
			"ofarm.lock:30: mine.dev: its opam file is in its source, and it has an extra-file from a repository",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { mistake(t, whole(t), tt.old, tt.new, tt.want) })
	}
}

// mistake puts one into a fixture and wants an error that has some text.
func mistake(t *testing.T, data []byte, old, new, want string) {
	t.Helper()
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%q is not in the fixture", old)
	}
	_, err := Parse("ofarm.lock", bytes.Replace(data, []byte(old), []byte(new), 1))
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v\nwant it to have %q", err, want)
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	data := bytes.ReplaceAll(small(t), []byte("sha256:5"), []byte("sha1:5"))
	data = bytes.Replace(data, []byte("epoch"), []byte("era"), 1)
	_, err := Parse("ofarm.lock", data)
	for _, want := range []string{"ofarm.lock:2:", "ofarm.lock:16:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v\nwant it to have %q", err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small(f))
	f.Add(whole(f))
	f.Add([]byte("ofarm.lock 1\nepoch 0\nproject a.opam sha256:" + strings.Repeat("0", 64) + "\n  depends a b\n"))
	f.Add([]byte("ofarm.lock 1\nepoch 0\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("ofarm.lock", data)
		if err != nil {
			return
		}
		if got := file.Append(nil); !bytes.Equal(got, data) {
			t.Errorf("accepted %q\nbut writes %q", data, got)
		}
	})
}
