package apk

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func writtenIndex(t testing.TB, s Signer, packages ...Package) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteIndex(&b, Index{Description: "test", Packages: packages}, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestIndexRoundTrip(t *testing.T) {
	for _, sha256 := range []bool{false, true} {
		s := testSigner()
		s.SHA256 = sha256
		other := Package{Name: "another", Version: "1", Arch: "x86_64"}
		got, err := ReadIndex(bytes.NewReader(writtenIndex(t, s, fullPackage(), other)), Keyring{s.Key()})
		if err != nil {
			t.Fatal(err)
		}
		want := &Index{Description: "test", Packages: []Package{other, fullPackage()}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("index read again (-written +read):\n%s", diff)
		}
	}
}

// TestFullPackageIsFull makes sure that a new field is tested.
func TestFullPackageIsFull(t *testing.T) {
	v := reflect.ValueOf(fullPackage())
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() != strings.HasPrefix(name, "Replaces") {
			t.Errorf("fullPackage: %s is not as an index can have it", name)
		}
	}
}

func TestIndexIsDeterministic(t *testing.T) {
	a, b := fullPackage(), Package{Name: "another", Version: "1", Arch: "x86_64"}
	if !bytes.Equal(writtenIndex(t, testSigner(), a, b), writtenIndex(t, testSigner(), b, a)) {
		t.Error("the order of packages changes the index")
	}
}

func TestIndexSignature(t *testing.T) {
	s := testSigner()
	raw := writtenIndex(t, s, fullPackage())
	stranger := s
	stranger.KeyName = "stranger.rsa.pub"
	changed := bytes.Clone(raw)
	changed[len(changed)-1] ^= 1
	unsigned, err := packMember([]tarEntry{{"APKINDEX", 0o644, nil}}, time.Unix(0, 0), true)
	if err != nil {
		t.Fatal(err)
	}
	var unknown *UnknownKeyError
	if _, err := ReadIndex(bytes.NewReader(writtenIndex(t, stranger)), Keyring{s.Key()}); !errors.As(err, &unknown) {
		t.Errorf("unknown key: %v", err)
	} else if unknown.Keys[0] != "stranger.rsa.pub" || unknown.Trusted[0] != "test.rsa.pub" {
		t.Errorf("unknown key: %+v", unknown)
	}
	var bad *SignatureError
	if _, err := ReadIndex(bytes.NewReader(changed), Keyring{s.Key()}); !errors.As(err, &bad) {
		t.Errorf("changed index: %v", err)
	}
	var none *UnsignedError
	if _, err := ReadIndex(bytes.NewReader(unsigned), Keyring{s.Key()}); !errors.As(err, &none) {
		t.Errorf("unsigned index: %v", err)
	}
	if _, err := ReadIndex(bytes.NewReader(raw), nil); !errors.As(err, &unknown) {
		t.Errorf("no key trusted: %v", err)
	}
}

func TestIndexTruncated(t *testing.T) {
	raw := writtenIndex(t, testSigner(), fullPackage())
	for n := range len(raw) {
		if _, err := ReadIndex(bytes.NewReader(raw[:n]), Keyring{testSigner().Key()}); err == nil {
			t.Fatalf("the first %d of %d bytes are taken for an index", n, len(raw))
		}
	}
	if _, err := ReadIndex(strings.NewReader(""), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("empty index: %v", err)
	}
}

func TestIndexMistakes(t *testing.T) {
	tests := map[string]string{
		"P:a\nV:1\n\nP:b\nS:x\n":  "APKINDEX:5: S:x is not a number",
		"P:a\nV:1\nC:Q2abc\n":     "APKINDEX:3: \"Q2abc\" is not a checksum: it has to start with Q1",
		"P:a\nV:1\nnonsense\n":    "APKINDEX:3: \"nonsense\" is not of the form K:VALUE",
		"V:1\n\n":                 "APKINDEX:2: package without a name (P:)",
		"P:a\n":                   "APKINDEX:2: package \"a\" without a version (V:)",
		"P:../a\nV:1\n":           "APKINDEX:3: package \"../a\", version \"1\", architecture \"\": must not hold slashes or blanks",
		"P:a\nV:1\nD:=1\n\n\nP:b": "APKINDEX:3: \"=1\" is not a package name, optionally with a version (gcc, gcc=13.2.1-r0, gcc>=13)",
	}
	for text, want := range tests {
		if _, err := parseIndex(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// TestRealIndex reads an index of Alpine's own, with its signature by one of Alpine's keys. Its file's name says
// x86_64, but it is aarch64's, so that x86_64's keys must not do.
func TestRealIndex(t *testing.T) {
	index := readTestbedIndex(t)
	if n := len(index.Packages); n != 5004 || index.Description != "v3.17.3-216-g54a39ace82a" {
		t.Errorf("%d packages of %q", n, index.Description)
	}
	for _, p := range index.Packages {
		if !ValidVersion(p.Version) || p.Checksum.IsZero() || p.Size == 0 {
			t.Errorf("%s has no version, checksum or size", p.ID())
		}
	}
	keys, err := BuiltinKeys("x86_64")
	if err != nil {
		t.Fatal(err)
	}
	var unknown *UnknownKeyError
	if _, err := ReadIndex(bytes.NewReader(testbedIndex(t)), keys); !errors.As(err, &unknown) {
		t.Errorf("with another architecture's keys: %v", err)
	}
}

func FuzzParseIndex(f *testing.F) {
	f.Add(string(fullPackage().AppendIndex(nil)))
	f.Add("P:a\nV:1\n\n\nP:b\nV:2\nD:a=x !c\n")
	f.Fuzz(func(t *testing.T, text string) {
		packages, err := parseIndex(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, p := range packages {
			if _, err := ParsePackage(string(p.AppendIndex(nil))); err != nil {
				t.Errorf("%+v can't be read again: %v", p, err)
			}
		}
	})
}

func TestBuiltinKeys(t *testing.T) {
	entries, err := keyFiles.ReadDir("keys")
	if err != nil || len(entries) != len(builtinKeys) {
		t.Errorf("%d key files for %d rows, %v", len(entries), len(builtinKeys), err)
	}
	for _, k := range builtinKeys {
		if _, err := k.load(); err != nil {
			t.Error(err)
		}
	}
	for arch, want := range map[string]int{"x86_64": 3, "aarch64": 2, "x86": 3, "riscv64": 2} {
		if keys, err := BuiltinKeys(arch); err != nil || len(keys) != want {
			t.Errorf("%s: keys %v, %v", arch, keys.Names(), err)
		}
	}
	if _, err := BuiltinKeys("amd64"); err == nil || !strings.Contains(err.Error(), "aarch64") {
		t.Errorf("amd64: %v", err)
	}
}
