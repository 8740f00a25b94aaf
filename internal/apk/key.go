package apk

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
)

// A Key is a public key and the name signatures call it by.
type Key struct {
	Name   string // the key's file name, such as alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub
	Public *rsa.PublicKey
}

// A Keyring is the keys that are trusted. The zero value trusts nobody.
type Keyring []Key

// ParseKey reads a public RSA key in PEM (SubjectPublicKeyInfo), as the files in /etc/apk/keys hold. The name is
// the file's, without its folder: signatures name their key by it.
func ParseKey(name string, text []byte) (Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, fmt.Errorf("key %q: not a PEM file", name)
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("key %q: %w", name, err)
	}
	rsaKey, ok := public.(*rsa.PublicKey)
	if !ok {
		return Key{}, fmt.Errorf("key %q: a %T, where apk's format 2 wants an RSA key", name, public)
	}
	return Key{Name: name, Public: rsaKey}, nil
}

// Names lists the keys' names in the keyring's order.
func (r Keyring) Names() []string {
	var names []string
	for _, k := range r {
		names = append(names, k.Name)
	}
	return names
}

func (r Keyring) named(name string) (Key, bool) {
	for _, k := range r {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}

// Fingerprint is the SHA-256 of the key's DER form (SubjectPublicKeyInfo) in hexadecimal.
func (k Key) Fingerprint() string {
	der, err := x509.MarshalPKIXPublicKey(k.Public)
	if err != nil {
		return "" // an RSA key of any size can be marshalled
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// A Signer signs indexes and packages.
type Signer struct {
	KeyName string // the public key's file name, such as demo.rsa.pub
	Private *rsa.PrivateKey
	SHA256  bool // sign the SHA-256, as newer apk-tools can, instead of the SHA-1
}

// Key is the public half.
func (s Signer) Key() Key {
	return Key{Name: s.KeyName, Public: &s.Private.PublicKey}
}

// PEM is the public half as a file for /etc/apk/keys.
func (k Key) PEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.Public)
	if err != nil {
		return nil, fmt.Errorf("writing key %q: %w", k.Name, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// sign gives the tar entry's name and its content for the signed bytes.
func (s Signer) sign(signed []byte) (string, []byte, error) {
	name, hash := ".SIGN.RSA."+s.KeyName, crypto.SHA1
	s1, s256 := sha1.Sum(signed), sha256.Sum256(signed)
	digest := s1[:]
	if s.SHA256 {
		name, hash, digest = ".SIGN.RSA256."+s.KeyName, crypto.SHA256, s256[:]
	}
	sig, err := rsa.SignPKCS1v15(nil, s.Private, hash, digest)
	if err != nil {
		return "", nil, fmt.Errorf("signing with %s: %w", s.KeyName, err)
	}
	return name, sig, nil
}
