package apk

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// someInfo has every field a .PKGINFO can have.
func someInfo() Info {
	p := fullPackage()
	p.Replaces, p.ReplacesPriority = []Dependency{{Name: "old", Op: "<", Version: "1"}}, 3
	return Info{
		Package: p, Packager: "P", Triggers: []string{"/bin", "/usr/*"},
		Scripts: []Script{{".post-install", []byte("#!/bin/sh\n")}, {".trigger", []byte("#!/bin/sh\ntrue\n")}},
	}
}

func TestPackageRoundTrip(t *testing.T) {
	raw, p := written(t, someInfo(), [2]string{"usr/", ""}, [2]string{"usr/a", "hello"}, [2]string{"./usr/b", "->a"}, [2]string{"usr/c", "=>usr/a"})
	info, got, err := readAll(raw, OpenOptions{Checksum: p.Checksum, Keys: Keyring{testSigner().Key()}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"usr": "", "usr/a": "hello", "usr/b": "", "usr/c": ""}, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	want := someInfo()
	want.Checksum, want.Size, want.DataHash = p.Checksum, 0, info.DataHash
	if diff := cmp.Diff(want, info); diff != "" {
		t.Errorf("info (-written +read):\n%s", diff)
	}
	if p.Size != int64(len(raw)) {
		t.Errorf("size is %d, want %d", p.Size, len(raw))
	}
}

func TestEntryChecksum(t *testing.T) {
	raw, _ := written(t, someInfo(), [2]string{"a", "hello"}, [2]string{"b", "->a"})
	f, err := Open(bytes.NewReader(raw), OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// echo -n hello | sha1sum, echo -n a | sha1sum
	for _, want := range []string{"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"} {
		h, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		hex, _ := parseHexChecksum(want)
		if sum, ok := EntryChecksum(h); !ok || sum != hex {
			t.Errorf("%s: checksum %s, want %s", h.Name, sum, hex)
		}
	}
}

func TestPackageIsDeterministic(t *testing.T) {
	a, _ := written(t, someInfo(), [2]string{"a", "hello"})
	b, _ := written(t, someInfo(), [2]string{"a", "hello"})
	if !bytes.Equal(a, b) {
		t.Error("the same input gives other bytes")
	}
}

func TestPackageChanged(t *testing.T) {
	raw, p := written(t, someInfo(), [2]string{"a", strings.Repeat("hello", 100)})
	other, _ := written(t, Info{Package: Package{Name: "other", Version: "1"}}, [2]string{"a", "x"})
	var sum *ChecksumError
	if _, _, err := readAll(other, OpenOptions{Checksum: p.Checksum}); !errors.As(err, &sum) {
		t.Errorf("another package: %v", err)
	}
	for i := signatureSize(t, raw); i < len(raw); i++ { // the signature's own member has bits that mean nothing
		changed := bytes.Clone(raw)
		changed[i] ^= 0x40
		if _, _, err := readAll(changed, OpenOptions{Checksum: p.Checksum}); err == nil {
			t.Errorf("byte %d of %d changed, and nobody sees it", i, len(raw))
		}
	}
}

// signatureSize is the length of a package file's first member.
func signatureSize(t *testing.T, raw []byte) int {
	t.Helper()
	r := bytes.NewReader(raw)
	if _, err := readMember(r); err != nil {
		t.Fatal(err)
	}
	return len(raw) - r.Len()
}

func TestPackageTruncated(t *testing.T) {
	raw, p := written(t, someInfo(), [2]string{"a", strings.Repeat("hello", 100)})
	for n := range len(raw) {
		if _, _, err := readAll(raw[:n], OpenOptions{Checksum: p.Checksum}); err == nil {
			t.Fatalf("the first %d of %d bytes are taken for the package", n, len(raw))
		}
	}
}

func TestPackageSignature(t *testing.T) {
	raw, _ := written(t, someInfo())
	var unknown *UnknownKeyError
	stranger := testSigner().Key()
	stranger.Name = "stranger.rsa.pub"
	if _, _, err := readAll(raw, OpenOptions{Keys: Keyring{stranger}}); !errors.As(err, &unknown) {
		t.Errorf("unknown key: %v", err)
	}
	unsigned := raw[signatureSize(t, raw):]
	var none *UnsignedError
	if _, _, err := readAll(unsigned, OpenOptions{Keys: Keyring{testSigner().Key()}}); !errors.As(err, &none) {
		t.Errorf("unsigned package: %v", err)
	}
	if _, _, err := readAll(unsigned, OpenOptions{}); err != nil {
		t.Errorf("unsigned package, no signature asked for: %v", err)
	}
}

func TestPackageMistakes(t *testing.T) {
	for name, want := range map[string]string{"../a": "leaves the root", "/etc/a": "leaves the root", "b/../../a": "leaves the root"} {
		raw, _ := written(t, someInfo(), [2]string{name, "x"})
		if _, _, err := readAll(raw, OpenOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(strings.NewReader("!<arch>\n"), OpenOptions{}); err == nil {
		t.Error("a .deb's start is taken for a package file")
	}
	index := writtenIndex(t, testSigner())
	if _, err := Open(bytes.NewReader(index), OpenOptions{}); err == nil || !strings.Contains(err.Error(), "no .PKGINFO") {
		t.Errorf("an index: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	raw, _ := written(f, someInfo(), [2]string{"usr/", ""}, [2]string{"usr/a", "hello"})
	f.Add(raw)
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _, _ = readAll(b, OpenOptions{})
	})
}

func FuzzParseInfo(f *testing.F) {
	f.Add(string(someInfo().appendTo(nil)))
	f.Fuzz(func(t *testing.T, text string) {
		info, err := parseInfo(text)
		if err != nil {
			return
		}
		if _, err := parseInfo(string(info.appendTo(nil))); err != nil {
			t.Errorf("%+v can't be read again: %v", info, err)
		}
	})
}
