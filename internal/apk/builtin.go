package apk

import (
	"embed"
	"fmt"
	"slices"
	"sort"
	"strings"
)

//go:embed keys/*.rsa.pub
var keyFiles embed.FS

// A builtinKey is a row of the table of Alpine's keys.
type builtinKey struct {
	id          string   // what tells the key's file name from the others'
	fingerprint string   // SHA-256 of the key's DER form, see Key.Fingerprint
	arches      []string // whose repositories it signs
}

// file is the key's name.
func (k builtinKey) file() string {
	return "alpine-devel@lists.alpinelinux.org-" + k.id + ".rsa.pub"
}

// builtinKeys are the keys of the package alpine-keys 2.4-r1 of Alpine 3.20, as alpine-minirootfs-3.20.3-x86_64.tar.gz
// has them under /usr/share/apk/keys; the architectures are the folders there that link to the key. Keys of no
// architecture were in use in the past.
var builtinKeys = []builtinKey{
	{"4a6a0840", "4e0c26751a474db486b0a8f37e37ff02e12465e8cea8ef08614ac173cb870f28",
		[]string{"x86", "x86_64"}},
	{"5243ef4b", "40e738cce781c04cac98adf11a1574efdf84209661f6c93098013a0b4809ca00",
		[]string{"x86"}},
	{"524d27bb", "cc0b5f10577afdbb3ec288feae97d5681d508cd7086e45693a938e92322d5c5c",
		[]string{"armhf", "armv7"}},
	{"5261cecb", "bb1f0937c138e81a838e0958c4c756547dac85794e38bf1a5536a0808dcf95f2",
		[]string{"x86_64"}},
	{"58199dcc", "635a0325ac8c11ec329698586cd2a8e54c18ba376d5d4bc215a489e1a774fb88",
		[]string{"aarch64"}},
	{"58cbb476", "f3d1a46b632166cee03485c05b63fd8687a7a7d8b1d27528718029c63a955319",
		[]string{"ppc64le"}},
	{"58e4f17d", "556c20b04b6b517652477f20108350367c125994f07196d765bd836063ffc236",
		[]string{"s390x"}},
	{"5e69ca50", "cae5d12519633b68c607cad9411669b3b18c041b123e8f08e49260697ee2c336",
		[]string{"mips64"}},
	{"60ac2099", "c0bd6da992b7158927aae7c11fc416a2c7d63fd2a47db238a0e8f636ebf2fc9d",
		[]string{"riscv64"}},
	{"6165ee59", "8a70fc55f1a6fb2a392ad5a3e71aff82a637b2b33659c046f6b6a909bb5d1ab7",
		[]string{"x86_64"}},
	{"61666e3f", "06216db06044f26845ff610f2c253863b9e01fbd4c5557871b8bfa2f5ac96e95",
		[]string{"x86"}},
	{"616a9724", "4cff6544e8548bd10f959de619ab2184867c8016f03a5c6b8da6f3e88bfb1625",
		[]string{"armhf"}},
	{"616abc23", "654f5e12a67c95bedf92da80b6257abba7fe1df6698820825d793a33d677e3a1",
		[]string{"ppc64le"}},
	{"616ac3bc", "2ace5cf3235c095544c26ec946611836f39324aa264f75862fe0332eb17f0975",
		[]string{"s390x"}},
	{"616adfeb", "45d409999dd3e16dfce19757fc48f238ae775d17ca319e08e474a471f1ab6521",
		[]string{"armv7"}},
	{"616ae350", "479f16f4170a9ea0c65e1de854860949b1a549cfa1f43552f7a2e821c9e2f409",
		[]string{"aarch64"}},
	{"616db30d", "32246c9a9673e3f6e7bef6c96031883d23078f41094ea6636d19a697f356420a",
		[]string{"riscv64"}},
}

// BuiltinKeys gives the keys that Alpine's repositories of an architecture (x86_64, aarch64, …) are signed with,
// in the order of their names. An architecture that Alpine has no keys for is an error.
func BuiltinKeys(arch string) (Keyring, error) {
	var out Keyring
	for _, k := range builtinKeys {
		if !slices.Contains(k.arches, arch) {
			continue
		}
		key, err := k.load()
		if err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	if out == nil {
		return nil, fmt.Errorf("no built-in Alpine key for architecture %q; there are keys for %s",
			arch, strings.Join(builtinArches(), ", "))
	}
	return out, nil
}

// load reads the key's file and holds it against the table.
func (k builtinKey) load() (Key, error) {
	text, err := keyFiles.ReadFile("keys/" + k.file())
	if err != nil {
		return Key{}, fmt.Errorf("built-in key: %w", err)
	}
	key, err := ParseKey(k.file(), text)
	if err != nil {
		return Key{}, fmt.Errorf("built-in: %w", err)
	}
	if got := key.Fingerprint(); got != k.fingerprint {
		return Key{}, fmt.Errorf("built-in key %s has fingerprint %s, want %s", k.file(), got, k.fingerprint)
	}
	return key, nil
}

func builtinArches() []string {
	var out []string
	for _, k := range builtinKeys {
		out = append(out, k.arches...)
	}
	sort.Strings(out)
	return slices.Compact(out)
}
