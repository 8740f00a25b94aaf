package deb

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

var signed = time.Date(2026, 7, 11, 10, 16, 37, 0, time.UTC)

const releaseText = `Origin: Test
Suite: oldstable
Codename: bookworm
Date: Sat, 11 Jul 2026 10:16:37 UTC
Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC
Acquire-By-Hash: yes
Architectures: all amd64
Components: main
SHA256:
 1111111111111111111111111111111111111111111111111111111111111111 20 main/binary-amd64/Packages.xz
 0000000000000000000000000000000000000000000000000000000000000000 10 main/binary-amd64/Packages
- dashed: no
`

// newKey makes a signing key that lives for a year from created.
func newKey(t *testing.T, name string, created time.Time) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", name+"@example.org", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, KeyLifetimeSecs: 365 * 24 * 3600,
		Time: func() time.Time { return created },
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// keyring returns the public keys of entities, through their binary spelling.
func keyring(t *testing.T, entities ...*openpgp.Entity) Keyring {
	t.Helper()
	var b bytes.Buffer
	for _, e := range entities {
		if err := e.Serialize(&b); err != nil {
			t.Fatal(err)
		}
	}
	k, err := ReadKeyring(&b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// signRelease signs text with all keys.
func signRelease(t *testing.T, text string, entities ...*openpgp.Entity) []byte {
	t.Helper()
	var keys []*packet.PrivateKey
	for _, e := range entities {
		keys = append(keys, e.PrivateKey)
	}
	var b bytes.Buffer
	w, err := clearsign.EncodeMulti(&b, keys, &packet.Config{Time: func() time.Time { return signed }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParseRelease(t *testing.T) {
	text := strings.Replace(releaseText, "- dashed: no\n", "", 1)
	alice, bob := newKey(t, "alice", signed.AddDate(0, -1, 0)), newKey(t, "bob", signed.AddDate(0, -1, 0))
	r, err := ParseRelease(signRelease(t, text, bob, alice), keyring(t, alice))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Signers) != 1 || !strings.Contains(r.Signers[0].Name, "alice") {
		t.Errorf("signed by %v, want alice alone", r.Signers)
	}
	r.Signers = nil
	want := &Release{
		Origin: "Test", Suite: "oldstable", Codename: "bookworm", Date: signed, ValidUntil: signed.AddDate(0, 0, 7), ByHash: true,
		Architectures: []string{"all", "amd64"}, Components: []string{"main"},
		Files: []IndexFile{
			{"main/binary-amd64/Packages", 10, strings.Repeat("0", 64)},
			{"main/binary-amd64/Packages.xz", 20, strings.Repeat("1", 64)},
		},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	f, err := r.Index("main", "amd64")
	if err != nil || f != r.Files[1] {
		t.Errorf("index %v, %v", f, err)
	}
	if got, want := f.ByHashPath(), "main/binary-amd64/by-hash/SHA256/"+f.SHA256; got != want {
		t.Errorf("by hash: %s, want %s", got, want)
	}
	if _, err := r.Index("main", "arm64"); err == nil {
		t.Error("an index that isn't listed was found")
	}
	if err := r.CheckValid(signed.AddDate(0, 0, 7)); err != nil {
		t.Error(err)
	}
	var stale *StaleReleaseError
	if err := r.CheckValid(signed.AddDate(0, 0, 8)); !errors.As(err, &stale) {
		t.Errorf("after its end: %v", err)
	}
}

func TestReleaseSignatures(t *testing.T) {
	text := strings.Replace(releaseText, "- dashed: no\n", "", 1)
	alice, bob := newKey(t, "alice", signed.AddDate(0, -1, 0)), newKey(t, "bob", signed.AddDate(0, -1, 0))
	old := newKey(t, "old", signed.AddDate(-2, 0, 0))
	good := signRelease(t, text, alice)
	var unknown *UnknownKeyError
	var bad *BadSignatureError
	var expired *ExpiredKeyError

	_, err := ParseRelease(good, keyring(t, bob))
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), keyring(t, alice).Keys()[0].Fingerprint) ||
		!strings.Contains(err.Error(), keyring(t, bob).Keys()[0].Fingerprint) {
		t.Errorf("unknown key: %v", err)
	}
	if _, err := ParseRelease(good, Keyring{}); !errors.As(err, &unknown) {
		t.Errorf("no keys: %v", err)
	}
	changed := bytes.Replace(good, []byte(" 20 main"), []byte(" 21 main"), 1)
	if _, err := ParseRelease(changed, keyring(t, alice)); !errors.As(err, &bad) || !strings.Contains(err.Error(), "alice") {
		t.Errorf("changed text: %v", err)
	}
	if _, err := ParseRelease(signRelease(t, text, old), keyring(t, old)); !errors.As(err, &expired) {
		t.Errorf("expired key: %v", err)
	}
	if _, err := ParseRelease(signRelease(t, text, old, alice), keyring(t, old, alice)); err != nil {
		t.Errorf("an expired key beside a good one: %v", err)
	}
	if _, err := ParseRelease(good, keyring(t, alice).At(signed.AddDate(3, 0, 0))); !errors.As(err, &expired) {
		t.Errorf("expired at another time: %v", err)
	}
}

func TestReleaseIsNothingElse(t *testing.T) {
	text := strings.Replace(releaseText, "- dashed: no\n", "", 1)
	alice := newKey(t, "alice", signed.AddDate(0, -1, 0))
	keys := keyring(t, alice)
	good := signRelease(t, text, alice)
	for name, data := range map[string][]byte{
		"unsigned":       []byte(text),
		"text before":    append([]byte("Suite: evil\n"), good...),
		"text after":     append(bytes.Clone(good), "\nSuite: evil\n"...),
		"cut":            good[:len(good)-100],
		"empty":          nil,
		"no date":        signRelease(t, strings.Replace(text, "Date: Sat", "Data: Sat", 1), alice),
		"bad date":       signRelease(t, strings.Replace(text, "Date: Sat, 11 Jul", "Date: yesterday", 1), alice),
		"bad size":       signRelease(t, strings.Replace(text, " 20 ", " -20 ", 1), alice),
		"path goes out":  signRelease(t, strings.Replace(text, "main/binary", "../binary", 1), alice),
		"two paragraphs": signRelease(t, text+"\nDate: x\n", alice),
		"no fields":      signRelease(t, releaseText, alice),
	} {
		if _, err := ParseRelease(data, keys); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestRealRelease reads Debian's own last word on bullseye-updates.
func TestRealRelease(t *testing.T) {
	data, err := os.ReadFile("testdata/bullseye-updates.InRelease")
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRelease(data, BuiltinKeys())
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Index("main", "amd64")
	if r.Codename != "bullseye-updates" || err != nil || f.Size != 18832 {
		t.Errorf("%q, %v, %v", r.Codename, f, err)
	}
	only, err := BuiltinKeys().Only("1F89 983E 0081 FDE0 18F3 CC96 73A4 F27B 8DD4 7936")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ParseRelease(data, only); err != nil || len(r.Signers) != 1 {
		t.Errorf("with one key: %v", err)
	}
	changed := bytes.Replace(data, []byte("Suite: oldoldstable"), []byte("Suite: oldOldstable"), 1)
	var bad *BadSignatureError
	if _, err := ParseRelease(changed, BuiltinKeys()); !errors.As(err, &bad) {
		t.Errorf("changed: %v", err)
	}
}

func TestBuiltinKeys(t *testing.T) {
	files, err := filepath.Glob("keys/*")
	if err != nil || len(files) != len(builtinKeys()) {
		t.Errorf("%d files, %d rows of the table: %v", len(files), len(builtinKeys()), err)
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range builtinKeys() {
		k, err := readBuiltin(b)
		if err != nil {
			t.Error(err)
			continue
		}
		if key := k.Keys()[0]; key.Expires.IsZero() || !strings.Contains(key.Name, strings.SplitN(b.Name, "-", 2)[0]) {
			t.Errorf("%s: %v, expires %v", b.Name, key, key.Expires)
		}
		if !bytes.Contains(doc, []byte(b.Name)) || !bytes.Contains(doc, []byte(b.Fingerprint)) {
			t.Errorf("%s is not in the package comment", b.Name)
		}
		wrong := builtinKey{b.Name, strings.Repeat("0", 40)}
		if _, err := readBuiltin(wrong); err == nil {
			t.Errorf("%s passes for a key with another fingerprint", b.Name)
		}
	}
	if _, err := BuiltinKeys().Only("00"); err == nil {
		t.Error("a fingerprint that isn't there was found")
	}
}

// TestKeysAsGpg compares the files' fingerprints with what GnuPG says.
func TestKeysAsGpg(t *testing.T) {
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("no gpg")
	}
	for _, b := range builtinKeys() {
		out, err := exec.Command("gpg", "--homedir", t.TempDir(), "--with-colons", "--show-keys", "keys/debian-"+b.Name+".gpg").Output()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(out), "fpr:::::::::"+b.Fingerprint+":") || strings.Count(string(out), "\npub:") > 1 {
			t.Errorf("%s: gpg says\n%s", b.Name, out)
		}
	}
}

func TestReadKeyring(t *testing.T) {
	for name, data := range map[string]string{"empty": "", "text": "hello", "broken armor": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n"} {
		if _, err := ReadKeyring(strings.NewReader(data)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseRelease(f *testing.F) {
	f.Add([]byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nDate: x\n-----BEGIN PGP SIGNATURE-----\n\nwsB5\n=AAAA\n-----END PGP SIGNATURE-----\n"))
	f.Add([]byte(releaseText))
	keys := BuiltinKeys()
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := ParseRelease(data, keys); err == nil && len(r.Signers) == 0 {
			t.Error("accepted without a signer")
		}
		_, _ = parseRelease(data)
	})
}
