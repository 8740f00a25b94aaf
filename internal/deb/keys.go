package deb

import (
	"bytes"
	"embed"
	"fmt"
)

//go:embed keys/*.gpg
var keyFiles embed.FS

// A builtinKey is one file under keys/ and the fingerprint its key must have.
type builtinKey struct {
	Name        string // of the file, without "debian-" and ".gpg"
	Fingerprint string
}

// builtinKeys lists the trusted keys of Debian's archive; doc.go says where
// they are from.
func builtinKeys() []builtinKey {
	return []builtinKey{
		{"bullseye-automatic", "1F89983E0081FDE018F3CC9673A4F27B8DD47936"},
		{"bullseye-security-automatic", "AC530D520F2F3269F5E98313A48449044AAD5C5D"},
		{"bullseye-stable", "A4285295FC7B1A81600062A9605C66F00D6C9793"},
		{"bookworm-automatic", "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8"},
		{"bookworm-security-automatic", "05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0"},
		{"bookworm-stable", "4D64FEC119C2029067D6E791F8D2585B8783D481"},
		{"trixie-automatic", "04B54C3CDCA79751B16BC6B5225629DF75B188BD"},
		{"trixie-security-automatic", "5E04A1E3223A19A20706E20F9904613D4CCE68C6"},
		{"trixie-stable", "41587F7DB8C774BCCF131416762F67A0B2C39DE4"},
	}
}

// BuiltinKeys returns the archive keys of Debian bullseye, bookworm and trixie.
// It panics if the program was built with a key file that isn't the one its
// table names.
func BuiltinKeys() Keyring {
	var all Keyring
	for _, b := range builtinKeys() {
		k, err := readBuiltin(b)
		if err != nil {
			panic(err)
		}
		all = all.With(k)
	}
	return all
}

// readBuiltin reads one embedded key and checks its fingerprint.
func readBuiltin(b builtinKey) (Keyring, error) {
	path := "keys/debian-" + b.Name + ".gpg"
	data, err := keyFiles.ReadFile(path)
	if err != nil {
		return Keyring{}, err
	}
	k, err := ReadKeyring(bytes.NewReader(data))
	if err != nil {
		return Keyring{}, fmt.Errorf("%s: %w", path, err)
	}
	keys := k.Keys()
	if len(keys) != 1 || keys[0].Fingerprint != b.Fingerprint {
		return Keyring{}, fmt.Errorf("%s: want exactly the key %s, have %v", path, b.Fingerprint, keys)
	}
	return k, nil
}
