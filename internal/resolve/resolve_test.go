package resolve

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/apk"
	"github.com/ofarm/ofarm/internal/deb"
	"github.com/ofarm/ofarm/internal/input"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/internal/resolve/versions"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sumHex(kind, text string) string {
	if kind == "md5" {
		sum := md5.Sum([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	sum := sha512.Sum512([]byte(text))
	return hex.EncodeToString(sum[:])
}

// What a random key has signed has another hash and size each time.
var signed = regexp.MustCompile(`(?m)^(  archive .*|  (?:base|extra) .* x86_64) sha256:[0-9a-f]{64}( [0-9]+)?`)

func TestGoldenLock(t *testing.T) {
	w := newWorld(t)
	result, err := Lock(context.Background(), w.options())
	if err != nil {
		t.Fatal(err)
	}
	file := result.Lock
	got := signed.ReplaceAll(file.Append(nil), []byte("$1 sha256:SIGNED"))
	path := filepath.Join("testdata", "tiny.lock")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s (-want +got), -update writes it anew:\n%s", path, diff)
	}
	checkSigned(t, w, file)
}

// checkSigned holds the hashes that the golden file leaves open against what
// the world serves.
func checkSigned(t *testing.T, w *world, file *lock.File) {
	t.Helper()
	sums := map[string]string{}
	for at, data := range w.files {
		sums[input.SumBytes(data).Hex()] = at
	}
	for _, target := range file.Targets {
		for _, a := range target.Archives {
			if at := sums[a.SHA256]; !strings.HasSuffix(at, "InRelease") && !strings.HasSuffix(at, "APKINDEX.tar.gz") {
				t.Errorf("%s: archive %s has the hash of %q", target, a.Name, at)
			}
		}
		for _, p := range append(target.Base, target.Extra...) {
			if p.Archive == "alpine" && sums[p.SHA256] != alpineURL+p.Path {
				t.Errorf("%s: %s has the hash of %q", target, p.Path, sums[p.SHA256])
			}
		}
	}
}

// TestLockAgain wants the same bytes whatever the order of what is asked for,
// and from a store that has everything.
func TestLockAgain(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	first, err := Lock(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	opt.Targets = []Target{tinyAlpine(), tinyDebian(), tinyAlpine()}
	delete(w.files, "https://up.example.org/alpha.tar.gz")
	second, err := Lock(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(first.Lock.Append(nil)), string(second.Lock.Append(nil))); diff != "" {
		t.Error(diff)
	}
}

func TestSnapshot(t *testing.T) {
	for date, want := range map[string]string{
		"2026-03-04T20:16:31Z":      "20260305T081631Z",
		"2026-03-04T02:00:00+02:00": "20260304T120000Z",
		"2025-12-31T12:00:00Z":      "20260101T000000Z",
	} {
		at, err := time.Parse(time.RFC3339, date)
		if err != nil {
			t.Fatal(err)
		}
		if got := Snapshot(at); got != want {
			t.Errorf("%s: got %s, want %s", date, got, want)
		}
	}
}

// TestErrors changes one thing of the world and wants an error of a type, and
// with words that say where.
func TestErrors(t *testing.T) {
	tests := map[string]struct {
		change func(w *world, o *Options)
		want   []string
		as     any
	}{
		"bad signature": {
			func(w *world, _ *Options) {
				w.replace(debianURL+"dists/tiny/InRelease", "Origin: Tiny", "Origin: Evil")
			},
			[]string{"locking debian-tiny: archive debian tiny: "}, new(*deb.BadSignatureError),
		},
		"unknown key": {
			func(_ *world, o *Options) { o.DebianKeys = nil },
			[]string{"locking debian-tiny: archive debian tiny: "}, new(*deb.UnknownKeyError),
		},
		"no index": {
			func(w *world, _ *Options) { delete(w.files, securityURL+"dists/tiny-security/InRelease") },
			[]string{"locking debian-tiny: archive debian-security tiny-security: "}, new(*input.NotFoundError),
		},
		"another suite's index": {
			func(w *world, _ *Options) {
				w.files[debianURL+"dists/tiny/InRelease"] = w.files[securityURL+"dists/tiny-security/InRelease"]
			},
			[]string{"archive debian tiny: the mirror's index is of tiny-security (oldtiny-security), not of tiny"}, nil,
		},
		"damaged list of packages": {
			func(w *world, _ *Options) {
				for at := range w.files {
					if strings.HasPrefix(at, debianURL) && strings.Contains(at, "by-hash") {
						w.files[at] = append([]byte("x"), w.files[at]...)
					}
				}
			},
			[]string{"locking debian-tiny: archive debian tiny: "}, new(*input.ChecksumError),
		},
		"no such component": {
			func(_ *world, o *Options) { o.Targets[0].Release.Archives[0].Components = []string{"contrib"} },
			[]string{`lists no contrib/binary-amd64/Packages`}, nil,
		},
		"toolchain package missing": {
			func(_ *world, o *Options) { o.Targets[0].Release.Toolchain = []string{"gcc", "icc"} },
			[]string{"locking debian-tiny: choosing the packages of the base: ", "icc"}, new(*deb.UnknownPackageError),
		},
		"depext missing": {
			func(w *world, _ *Options) { w.opam("beta.2", `depexts: ["libbar-dev"] {os-family = "debian"}`) },
			[]string{"locking debian-tiny: choosing the packages of depexts: ", "libbar-dev"}, new(*deb.UnknownPackageError),
		},
		"Alpine: damaged index": {
			func(w *world, _ *Options) {
				at := alpineURL + "v9.9/main/x86_64/APKINDEX.tar.gz"
				data := bytes.Clone(w.files[at])
				data[len(data)-1] ^= 1
				w.files[at] = data
			},
			[]string{"locking alpine-9.9: archive alpine v9.9/main: "}, new(*apk.SignatureError),
		},
		"Alpine: unknown key": {
			func(_ *world, o *Options) { o.AlpineKeys = nil },
			[]string{"locking alpine-9.9: archive alpine v9.9/main: "}, new(*apk.UnknownKeyError),
		},
		"Alpine: another package's file": {
			func(w *world, _ *Options) {
				w.files[alpineURL+"v9.9/main/x86_64/gcc-1-r0.apk"] = w.files[alpineURL+"v9.9/main/x86_64/musl-1-r0.apk"]
			},
			[]string{"locking alpine-9.9: ", "gcc-1-r0"}, nil,
		},
		"Alpine: package file gone": {
			func(w *world, _ *Options) { delete(w.files, alpineURL+"v9.9/main/x86_64/libfoo-1-r0.apk") },
			[]string{"locking alpine-9.9: ", "libfoo-1-r0"}, new(*input.NotFoundError),
		},
		"Alpine: toolchain package missing": {
			func(_ *world, o *Options) { o.Targets[1].Release.Toolchain = []string{"clang"} },
			[]string{"locking alpine-9.9: choosing the packages of the base: ", "clang"}, new(*apk.NotFoundError),
		},
		"both targets fail": {
			func(_ *world, o *Options) { o.AlpineKeys, o.DebianKeys = nil, nil },
			[]string{"locking debian-tiny: ", "locking alpine-9.9: "}, nil,
		},
		"no such version": {
			func(_ *world, o *Options) { o.Versions = map[string]string{"alpha": "1", "beta": "3"} },
			[]string{`no opam repository has version "3" of beta; the newest is "10"`}, new(*opamrepo.MissingError),
		},
		"no version given": {
			func(_ *world, o *Options) { o.Versions = map[string]string{"alpha": "1"} },
			[]string{"app.opam asks for beta < 10 (there is no package beta)"}, new(*versions.NoSolutionError),
		},
		"unavailable": {
			func(w *world, o *Options) {
				w.opam("beta.2", `available: os-distribution = "debian"`)
				o.Versions = map[string]string{"alpha": "1", "beta": "2"}
			},
			[]string{`beta.2 is not available on alpine-9.9 (available: os-distribution = "debian")`}, new(*versions.NoSolutionError),
		},
		"no solution": {
			func(_ *world, o *Options) { o.Constraints = demand(t, "beta", ">", "10") },
			[]string{"app.opam asks for beta < 10\n  --opam asks for beta > 10"}, new(*versions.NoSolutionError),
		},
		"mistake in an opam file": {
			func(w *world, _ *Options) { w.opam("beta.2", "depends: 3\n") },
			[]string{"beta.2/opam:2:10: "}, new(*opam.Error),
		},
		"md5 alone": {
			func(w *world, _ *Options) {
				w.opam("beta.2", urlField("https://up.example.org/b", "md5="+sumHex("md5", "b")))
			},
			[]string{"beta.2: its source has only an md5 checksum, which other bytes can be made to have"}, new(*SourceError),
		},
		"no checksum": {
			func(w *world, _ *Options) { w.opam("beta.2", `url { src: "https://up.example.org/b" }`) },
			[]string{"beta.2: its source has no checksum"}, new(*SourceError),
		},
		"extra source with md5 alone": {
			func(w *world, _ *Options) {
				w.opam("beta.2", strings.Replace(urlField("https://up.example.org/b", "md5="+sumHex("md5", "b")), "url", `extra-source "b"`, 1))
			},
			[]string{`beta.2: its extra source "b" has only an md5 checksum`}, new(*SourceError),
		},
		"checkout": {
			func(w *world, _ *Options) { w.opam("beta.2", `url { src: "git+https://up.example.org/b.git" }`) },
			[]string{`beta.2: its source "git+https://up.example.org/b.git" is not a file that can be downloaded`}, new(*SourceError),
		},
		"wrong bytes of a source": {
			func(w *world, _ *Options) { w.files["https://up.example.org/alpha.tar.gz"] = []byte("other") },
			[]string{"locking the sources of opam packages: ", "alpha.1"}, new(*input.ChecksumError),
		},
		"wrong bytes beside an opam file": {
			func(w *world, _ *Options) { w.beside("alpha.1", "beside.txt", "other") },
			[]string{`alpha.1: taking in the files beside its opam file: "beside.txt": `}, nil,
		},
		"file beside an opam file missing": {
			func(w *world, _ *Options) {
				if err := os.Remove(filepath.Join(w.dir, "repo/packages/alpha/alpha.1/files/beside.txt")); err != nil {
					w.t.Fatal(err)
				}
			},
			[]string{`alpha.1: its opam file lists the file "beside.txt", which is not in "`}, new(*SourceError),
		},
		"two wrong packages at once": {
			func(_ *world, o *Options) { o.Versions = map[string]string{"alpha": "7", "beta": "8"} },
			[]string{`"7" of alpha`, `"8" of beta`}, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			opt := w.options()
			tt.change(w, &opt)
			file, err := Lock(context.Background(), opt)
			if err == nil || file != nil {
				t.Fatalf("got a lock (%v) and error %v", file != nil, err)
			}
			for _, text := range tt.want {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("no %q in %v", text, err)
				}
			}
			if tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("got %v, want a %T", err, tt.as)
			}
		})
	}
}

func urlField(src, checksum string) string {
	return "url {\n  src: \"" + src + "\"\n  checksum: \"" + checksum + "\"\n}\n"
}

func (w *world) replace(at, old, text string) {
	w.files[at] = bytes.Replace(w.files[at], []byte(old), []byte(text), 1)
}

func TestNeeds(t *testing.T) {
	alone := map[string][]string{"a": {"liba", "libz"}, "b": {"libb"}}
	got := needs([]string{"a", "b"}, alone, []string{"libz", "libb", "liba"})
	want := []lock.Depext{{Name: "a", Needs: []string{"liba", "libz"}}, {Name: "b", Needs: []string{"libb"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Together they bring another choice than one by one.
	got = needs([]string{"a", "b"}, alone, []string{"libz-ng", "libb", "liba"})
	all := []string{"liba", "libb", "libz-ng"}
	want = []lock.Depext{{Name: "a", Needs: all}, {Name: "b", Needs: all}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
