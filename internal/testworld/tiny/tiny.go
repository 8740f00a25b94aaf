package tiny

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/ofarm/ofarm/internal/apk"
)

// Package is a package of a distro. Its version is "1" in Debian and "1-r0" in
// Alpine.
type Package struct {
	Name    string
	Depends []string
	// Files are contents by path below the root: "usr/bin/cc".
	Files map[string]string
}

// Packages are packages without files or dependencies.
func Packages(names ...string) []Package {
	var out []Package
	for _, n := range names {
		out = append(out, Package{Name: n, Files: map[string]string{"usr/share/" + n: n + "\n"}})
	}
	return out
}

// Keys sign archives.
type Keys struct {
	debian *openpgp.Entity
	alpine apk.Signer
}

// NewKeys makes keys.
func NewKeys() (*Keys, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	config := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return date }}
	entity, err := openpgp.NewEntity("tiny", "", "tiny@example.org", config)
	if err != nil {
		return nil, err
	}
	return &Keys{debian: entity, alpine: apk.Signer{KeyName: "tiny.rsa.pub", Private: private}}, nil
}

// Write writes the public keys into a folder: debian.pgp and tiny.rsa.pub.
func (k *Keys) Write(dir string) error {
	var b bytes.Buffer
	if err := k.debian.Serialize(&b); err != nil {
		return err
	}
	pem, err := k.alpine.Key().PEM()
	if err != nil {
		return err
	}
	return errors.Join(
		writeFile(filepath.Join(dir, "debian.pgp"), b.Bytes()),
		writeFile(filepath.Join(dir, k.alpine.KeyName), pem),
	)
}

// date is the time of everything.
var date = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Source is a tar.gz of files below a folder NAME.
func Source(name string, files map[string]string) ([]byte, error) {
	below := map[string]string{}
	for path, text := range files {
		below[name+"/"+path] = text
	}
	plain, err := tarOf("", below)
	if err != nil {
		return nil, err
	}
	return zip(plain)
}

// tarOf makes a tar of files, sorted, each name with a prefix.
func tarOf(prefix string, files map[string]string) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: prefix + name, Mode: 0o755, Size: int64(len(files[name])), ModTime: date}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

func zip(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	err = errors.Join(err, w.Close())
	return b.Bytes(), err
}

// writeFile makes a file and the folders above it.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making a tiny archive: %w", err)
	}
	return os.WriteFile(path, data, 0o644)
}
