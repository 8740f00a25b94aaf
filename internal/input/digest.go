package input

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Digest names an input: the sha256 of its bytes. The zero value means that
// the digest isn't known yet.
type Digest [sha256.Size]byte

// digestPrefix begins the written form of a digest.
const digestPrefix = "sha256:"

// ParseDigest reads the written form, "sha256:" and 64 lower-case hexadecimal
// digits. What it accepts, [Digest.String] writes back byte for byte.
func ParseDigest(s string) (Digest, error) {
	digits, ok := strings.CutPrefix(s, digestPrefix)
	if !ok {
		return Digest{}, fmt.Errorf("digest %q does not begin with %q", s, digestPrefix)
	}
	if len(digits) != 2*sha256.Size || !isLowerHex(digits) {
		return Digest{}, fmt.Errorf("digest %q is not %q and %d lower-case hexadecimal digits",
			s, digestPrefix, 2*sha256.Size)
	}
	var d Digest
	_, err := hex.Decode(d[:], []byte(digits))
	return d, err
}

// SumBytes returns the digest of b.
func SumBytes(b []byte) Digest { return sha256.Sum256(b) }

// IsZero reports whether the digest isn't known.
func (d Digest) IsZero() bool { return d == Digest{} }

// Hex returns the 64 hexadecimal digits alone.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// String returns the written form, or the empty string for the zero value.
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return digestPrefix + d.Hex()
}

// MarshalText returns the written form.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the written form; the empty string is the zero value.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Digest{}
		return nil
	}
	parsed, err := ParseDigest(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// isLowerHex reports whether s consists of lower-case hexadecimal digits.
func isLowerHex(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == ""
}
