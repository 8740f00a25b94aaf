package input

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// Kind is a checksum's function, as opam spells it.
type Kind string

// The kinds that opam files use
// (https://opam.ocaml.org/doc/Manual.html#opamfield-url-checksum).
const (
	MD5    Kind = "md5"
	SHA256 Kind = "sha256"
	SHA512 Kind = "sha512"
)

// kinds lists every kind, strongest first as opam ranks them.
func kinds() []Kind { return []Kind{SHA512, SHA256, MD5} }

// size is the length of the kind's sums in bytes, or 0 for an unknown kind.
func (k Kind) size() int {
	switch k {
	case MD5:
		return md5.Size
	case SHA256:
		return sha256.Size
	case SHA512:
		return sha512.Size
	}
	return 0
}

// hash returns the kind's function.
func (k Kind) hash() hash.Hash {
	switch k {
	case MD5:
		return md5.New()
	case SHA512:
		return sha512.New()
	}
	return sha256.New()
}

// Checksum is a sum of an input as an opam file gives it. Make one with
// [ParseChecksum] or [Digest.Checksum].
type Checksum struct {
	// Kind is the function.
	Kind Kind
	// Hex is the sum in lower-case hexadecimal digits.
	Hex string
}

// ParseChecksum reads opam's written form, KIND=HEX. A sum without a kind is
// an md5, as in old opam files.
func ParseChecksum(s string) (Checksum, error) {
	kind, digits, ok := strings.Cut(s, "=")
	if !ok {
		kind, digits = string(MD5), s
	}
	c := Checksum{Kind: Kind(kind), Hex: strings.ToLower(digits)}
	if err := c.check(); err != nil {
		return Checksum{}, fmt.Errorf("checksum %q: %w", s, err)
	}
	return c, nil
}

// check says what is wrong with a checksum.
func (c Checksum) check() error {
	size := c.Kind.size()
	if size == 0 {
		return fmt.Errorf("unknown kind %q, want one of md5, sha256, sha512", string(c.Kind))
	}
	if len(c.Hex) != 2*size || !isLowerHex(c.Hex) {
		return fmt.Errorf("%s has %d hexadecimal digits", c.Kind, 2*size)
	}
	return nil
}

// String returns opam's written form.
func (c Checksum) String() string { return string(c.Kind) + "=" + c.Hex }

// Checksum returns the digest as a checksum.
func (d Digest) Checksum() Checksum { return Checksum{Kind: SHA256, Hex: d.Hex()} }

// path is the checksum's place in opam's cache layout: KIND/ab/abcd….
func (c Checksum) path() string {
	return string(c.Kind) + "/" + c.Hex[:2] + "/" + c.Hex
}

// sortChecksums returns the checksums without repetitions, strongest first.
func sortChecksums(sums []Checksum) []Checksum {
	var sorted []Checksum
	for _, kind := range kinds() {
		for _, c := range sums {
			if c.Kind == kind && !slices.Contains(sorted, c) {
				sorted = append(sorted, c)
			}
		}
	}
	return sorted
}

// verifier computes all the sums of a byte string while it goes by. A sha256
// is always among them.
type verifier struct {
	wanted []Checksum
	hashes []hash.Hash
	sha256 hash.Hash
	size   int64
}

// newVerifier returns a verifier for the given sums.
func newVerifier(wanted []Checksum) *verifier {
	v := &verifier{wanted: wanted, sha256: SHA256.hash()}
	for _, c := range wanted {
		if c.Kind == SHA256 {
			v.hashes = append(v.hashes, v.sha256)
		} else {
			v.hashes = append(v.hashes, c.Kind.hash())
		}
	}
	return v
}

// Write takes the next bytes. It never fails.
func (v *verifier) Write(p []byte) (int, error) {
	v.sha256.Write(p)
	for i, h := range v.hashes {
		if v.wanted[i].Kind != SHA256 {
			h.Write(p)
		}
	}
	v.size += int64(len(p))
	return len(p), nil
}

// reset forgets all bytes.
func (v *verifier) reset() {
	v.sha256.Reset()
	for _, h := range v.hashes {
		h.Reset()
	}
	v.size = 0
}

// digest is the sha256 of the bytes so far.
func (v *verifier) digest() Digest { return Digest(v.sha256.Sum(nil)) }

// check returns a *mismatch if the bytes so far aren't the wanted ones.
func (v *verifier) check(size int64) error {
	if size > 0 && v.size != size {
		return &mismatch{want: fmt.Sprintf("%d bytes", size), got: fmt.Sprintf("%d bytes", v.size)}
	}
	for i, c := range v.wanted {
		if got := hex.EncodeToString(v.hashes[i].Sum(nil)); got != c.Hex {
			return &mismatch{want: c.String(), got: Checksum{c.Kind, got}.String()}
		}
	}
	return nil
}

// mismatch is the answer of a place whose bytes aren't the wanted ones.
type mismatch struct{ want, got string }

func (m *mismatch) Error() string {
	return fmt.Sprintf("other bytes: got %s, want %s", m.got, m.want)
}
