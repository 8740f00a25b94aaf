package deb

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// A Key is an OpenPGP public key that signs archives.
type Key struct {
	Fingerprint string // of the primary key, 40 hex digits in upper case
	Name        string // its primary user id
	Created     time.Time
	Expires     time.Time // zero if it never does
}

// String returns "FINGERPRINT (NAME)".
func (k Key) String() string {
	if k.Name == "" {
		return k.Fingerprint
	}
	return k.Fingerprint + " (" + k.Name + ")"
}

// A Keyring is a set of trusted keys. The zero value trusts nobody.
type Keyring struct {
	entities openpgp.EntityList
	at       time.Time
}

// ReadKeyring reads OpenPGP public keys, armored or binary. Input without any
// key is an error.
func ReadKeyring(r io.Reader) (Keyring, error) {
	b := bufio.NewReader(r)
	head, _ := b.Peek(64)
	read := openpgp.ReadKeyRing
	if bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("-----BEGIN ")) {
		read = openpgp.ReadArmoredKeyRing
	}
	entities, err := read(b)
	if err != nil {
		return Keyring{}, fmt.Errorf("reading OpenPGP keys: %w", err)
	}
	if len(entities) == 0 {
		return Keyring{}, errors.New("reading OpenPGP keys: no key found")
	}
	return Keyring{entities: entities}, nil
}

// With returns a keyring that trusts the keys of k and of others.
func (k Keyring) With(others ...Keyring) Keyring {
	k.entities = slices.Clone(k.entities)
	for _, o := range others {
		k.entities = append(k.entities, o.entities...)
	}
	return k
}

// At returns the same keys, whose expiry is judged at time t instead of at the
// time a signature says it was made.
func (k Keyring) At(t time.Time) Keyring {
	k.at = t
	return k
}

// Only returns the keys of k with one of these fingerprints (40 hex digits, any
// case, blanks ignored). A fingerprint that k doesn't have is an error.
func (k Keyring) Only(fingerprints ...string) (Keyring, error) {
	kept := Keyring{at: k.at}
	for _, f := range fingerprints {
		want := strings.ToUpper(strings.ReplaceAll(f, " ", ""))
		i := slices.IndexFunc(k.entities, func(e *openpgp.Entity) bool { return keyOf(e).Fingerprint == want })
		if i < 0 {
			return Keyring{}, fmt.Errorf("no key with the fingerprint %q", f)
		}
		kept.entities = append(kept.entities, k.entities[i])
	}
	return kept, nil
}

// Keys lists the keys in the order they were read.
func (k Keyring) Keys() []Key {
	keys := make([]Key, len(k.entities))
	for i, e := range k.entities {
		keys[i] = keyOf(e)
	}
	return keys
}

// keyOf describes an entity.
func keyOf(e *openpgp.Entity) Key {
	k := Key{
		Fingerprint: fmt.Sprintf("%X", e.PrimaryKey.Fingerprint),
		Created:     e.PrimaryKey.CreationTime.UTC(),
	}
	if id := e.PrimaryIdentity(); id != nil {
		k.Name = id.Name
	}
	if sig, _ := e.PrimarySelfSignature(); sig != nil && sig.KeyLifetimeSecs != nil && *sig.KeyLifetimeSecs != 0 {
		k.Expires = k.Created.Add(time.Duration(*sig.KeyLifetimeSecs) * time.Second)
	}
	return k
}

// An UnknownKeyError says that nobody trusted has signed.
type UnknownKeyError struct {
	Signers []string // fingerprints, or key ids where a signature has no more
	Trusted []Key
}

func (e *UnknownKeyError) Error() string {
	trusted := "none"
	if len(e.Trusted) > 0 {
		var s []string
		for _, k := range e.Trusted {
			s = append(s, k.String())
		}
		trusted = strings.Join(s, ", ")
	}
	signers := "nobody"
	if len(e.Signers) > 0 {
		signers = strings.Join(e.Signers, ", ")
	}
	return fmt.Sprintf("signed by %s, who is not among the trusted keys: %s", signers, trusted)
}

// An ExpiredKeyError says that the only trusted signers had expired keys.
type ExpiredKeyError struct {
	Key Key
	At  time.Time // when the key was judged
}

func (e *ExpiredKeyError) Error() string {
	return fmt.Sprintf("signed by %v, whose key has expired at %s", e.Key, e.At.UTC().Format(time.RFC3339))
}

// A BadSignatureError says that a signature by a trusted key doesn't fit the
// text.
type BadSignatureError struct {
	Key Key
	Err error // what the check found
}

func (e *BadSignatureError) Error() string {
	return fmt.Sprintf("bad signature by %v: %v", e.Key, e.Err)
}

func (e *BadSignatureError) Unwrap() error { return e.Err }
