package apk

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Checksum is a SHA-1, as Alpine identifies packages (by their control member) and installed files.
type Checksum [sha1.Size]byte

// ParseChecksum reads the spelling of indexes: Q1 and base64.
func ParseChecksum(s string) (Checksum, error) {
	var c Checksum
	b64, ok := strings.CutPrefix(s, "Q1")
	if !ok {
		return c, fmt.Errorf("%q is not a checksum: it has to start with Q1", s)
	}
	b, err := base64.StdEncoding.DecodeString(b64)
	if err != nil || len(b) != len(c) {
		return c, fmt.Errorf("%q is not a checksum: Q1 has to be followed by the base64 of %d bytes", s, len(c))
	}
	return Checksum(b), nil
}

// String is the spelling of indexes, which [ParseChecksum] reads.
func (c Checksum) String() string {
	return "Q1" + base64.StdEncoding.EncodeToString(c[:])
}

// IsZero reports whether the checksum is unset.
func (c Checksum) IsZero() bool { return c == Checksum{} }

// parseHexChecksum reads the spelling of tar headers: forty hexadecimal digits.
func parseHexChecksum(s string) (Checksum, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != sha1.Size {
		return Checksum{}, false
	}
	return Checksum(b), true
}
