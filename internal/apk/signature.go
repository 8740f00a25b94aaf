package apk

import (
	"archive/tar"
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
)

// signaturePrefix starts the name of every signature's tar entry.
const signaturePrefix = ".SIGN."

// A signature is one .SIGN.RSA… entry.
type signature struct {
	hash  crypto.Hash
	key   string // the key's file name
	bytes []byte
}

// parseSignatureName reads .SIGN.RSA.KEY and .SIGN.RSA256.KEY. Other kinds give false.
func parseSignatureName(name string) (crypto.Hash, string, bool) {
	if key, ok := strings.CutPrefix(name, ".SIGN.RSA."); ok {
		return crypto.SHA1, key, true
	}
	if key, ok := strings.CutPrefix(name, ".SIGN.RSA256."); ok {
		return crypto.SHA256, key, true
	}
	return 0, "", false
}

// readSignatures reads the tar of a signature member. It gives false if the tar holds anything else.
func readSignatures(member []byte) ([]signature, bool, error) {
	var out []signature
	tr := tar.NewReader(bytes.NewReader(member))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return out, len(out) > 0, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("reading the first member: %w", err)
		}
		if !strings.HasPrefix(h.Name, signaturePrefix) {
			return nil, false, nil
		}
		b, err := io.ReadAll(tr)
		if err != nil {
			return nil, false, fmt.Errorf("reading %s: %w", h.Name, err)
		}
		if hash, key, ok := parseSignatureName(h.Name); ok {
			out = append(out, signature{hash, key, b})
		}
	}
}

// verify checks the signatures against the signed bytes' digests. One good signature by a trusted key is enough.
func (r Keyring) verify(what string, found []signature, sha1Sum, sha256Sum []byte) error {
	if len(found) == 0 {
		return &UnsignedError{What: what}
	}
	unknown := &UnknownKeyError{What: what, Trusted: r.Names()}
	var bad error
	for _, s := range found {
		key, ok := r.named(s.key)
		if !ok {
			unknown.Keys = append(unknown.Keys, s.key)
			continue
		}
		digest := sha1Sum
		if s.hash == crypto.SHA256 {
			digest = sha256Sum
		}
		if rsa.VerifyPKCS1v15(key.Public, s.hash, digest, s.bytes) == nil {
			return nil
		}
		bad = &SignatureError{What: what, Key: s.key}
	}
	if bad != nil {
		return bad
	}
	return unknown
}

// verifyBytes is verify for bytes at hand.
func (r Keyring) verifyBytes(what string, found []signature, signed []byte) error {
	s1, s256 := sha1.Sum(signed), sha256.Sum256(signed)
	return r.verify(what, found, s1[:], s256[:])
}
