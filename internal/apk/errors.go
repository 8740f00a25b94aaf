package apk

import (
	"fmt"
	"strings"
)

// An UnsignedError says that something that had to be signed is not.
type UnsignedError struct {
	What string // "index" or the package's name
}

func (e *UnsignedError) Error() string {
	return e.What + ": no RSA signature in front"
}

// An UnknownKeyError says that none of the signatures is by a trusted key.
type UnknownKeyError struct {
	What    string   // "index" or the package's name
	Keys    []string // whose signatures were found
	Trusted []string // whose signatures would do
}

func (e *UnknownKeyError) Error() string {
	trusted := "no key is trusted"
	if len(e.Trusted) > 0 {
		trusted = "trusted are " + strings.Join(e.Trusted, ", ")
	}
	return fmt.Sprintf("%s: signed by %s, which is not trusted; %s", e.What, strings.Join(e.Keys, ", "), trusted)
}

// A SignatureError says that a trusted key's signature does not fit the bytes it stands before.
type SignatureError struct {
	What string // "index" or the package's name
	Key  string
}

func (e *SignatureError) Error() string {
	return fmt.Sprintf("%s: the signature by %s does not fit: it was changed after signing", e.What, e.Key)
}

// A ChecksumError says that bytes are not those that were promised.
type ChecksumError struct {
	What      string // "busybox-1.36.1-r29: control member"
	Want, Got string
}

func (e *ChecksumError) Error() string {
	return fmt.Sprintf("%s: checksum %s, want %s", e.What, e.Got, e.Want)
}
