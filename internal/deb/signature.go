package deb

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// verifyCleartext returns the signed text of a cleartext-signed file (RFC 9580,
// section 7) and the trusted keys that signed it. Text outside of the signed
// part is an error, because no signature covers it.
func verifyCleartext(data []byte, keys Keyring) (text []byte, signers []Key, err error) {
	data = bytes.TrimSpace(data)
	if !bytes.HasPrefix(data, []byte("-----BEGIN PGP SIGNED MESSAGE-----")) {
		return nil, nil, errors.New("not signed: the file does not start with \"-----BEGIN PGP SIGNED MESSAGE-----\"")
	}
	block, rest := clearsign.Decode(data)
	if block == nil {
		return nil, nil, errors.New("the cleartext signature is damaged or cut short")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, nil, errors.New("there is text after the signature")
	}
	signers, err = keys.verify(block.Bytes, block.ArmoredSignature.Body)
	return block.Plaintext, signers, err
}

// verify checks every signature in signatures over signed and returns the
// trusted keys with a good one.
func (k Keyring) verify(signed []byte, signatures io.Reader) (good []Key, err error) {
	unknown := &UnknownKeyError{Trusted: k.Keys()}
	var expired *ExpiredKeyError
	packets := packet.NewOpaqueReader(signatures)
	for {
		op, err := packets.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the signature: %w", err)
		}
		p, err := op.Parse()
		sig, ok := p.(*packet.Signature)
		if err != nil || !ok {
			continue // a packet of a later standard
		}
		key, err := k.verifyOne(signed, sig, op)
		switch {
		case err == nil:
			good = append(good, key)
		case errors.Is(err, pgperrors.ErrUnknownIssuer):
			unknown.Signers = append(unknown.Signers, issuer(sig))
		case errors.As(err, &expired):
		default:
			return nil, err
		}
	}
	switch {
	case len(good) > 0:
		return good, nil
	case expired != nil:
		return nil, expired
	}
	return nil, unknown
}

// verifyOne checks one signature; op is its packet as it was read.
func (k Keyring) verifyOne(signed []byte, sig *packet.Signature, op *packet.OpaquePacket) (Key, error) {
	if sig.IssuerKeyId == nil {
		return Key{}, pgperrors.ErrUnknownIssuer
	}
	at := k.at
	if at.IsZero() {
		at = sig.CreationTime
	}
	var raw bytes.Buffer
	if err := op.Serialize(&raw); err != nil {
		return Key{}, err
	}
	config := &packet.Config{Time: func() time.Time { return at }}
	_, _, err := openpgp.VerifyDetachedSignature(k.entities, bytes.NewReader(signed), &raw, config)
	if errors.Is(err, pgperrors.ErrUnknownIssuer) {
		return Key{}, err
	}
	key := Key{Fingerprint: issuer(sig)}
	if found := k.entities.KeysById(*sig.IssuerKeyId); len(found) > 0 {
		key = keyOf(found[0].Entity)
	}
	switch {
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrSignatureExpired):
		return key, &ExpiredKeyError{Key: key, At: at}
	case err != nil:
		return key, &BadSignatureError{Key: key, Err: err}
	case sig.SigType != packet.SigTypeText && sig.SigType != packet.SigTypeBinary:
		return key, &BadSignatureError{Key: key, Err: errors.New("it is not a signature over a document")}
	case !strongHash(sig.Hash):
		return key, &BadSignatureError{Key: key, Err: fmt.Errorf("it uses the weak digest %v", sig.Hash)}
	}
	return key, nil
}

// strongHash says whether a signature made with h can be trusted.
func strongHash(h crypto.Hash) bool {
	switch h {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512:
		return true
	}
	return false
}

// issuer names who a signature says made it.
func issuer(sig *packet.Signature) string {
	if sig.IssuerFingerprint != nil {
		return fmt.Sprintf("%X", sig.IssuerFingerprint)
	}
	if sig.IssuerKeyId != nil {
		return fmt.Sprintf("%016X", *sig.IssuerKeyId)
	}
	return "an unnamed key"
}
