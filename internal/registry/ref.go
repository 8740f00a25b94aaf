package registry

import (
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// Scheme begins a reference where something else, such as a file, could be
// meant: "oci://registry.example/team/hello:1.0".
const Scheme = "oci://"

// Ref names a repository of a registry, or something in it.
type Ref struct {
	// Host is the registry's, with its port if it has one.
	Host string
	// Repository is the path, such as "team/hello".
	Repository string
	// Tag may be empty.
	Tag string
	// Digest may be empty. With it the tag says nothing more when taking.
	Digest digest.Digest
}

// RefError says what is wrong with a reference.
type RefError struct {
	Ref  string
	Text string
}

func (e *RefError) Error() string { return fmt.Sprintf("reference %q: %s", e.Ref, e.Text) }

// ParseRef reads HOST/REPOSITORY[:TAG][@sha256:…], with [Scheme] before it or
// without. The error is a [*RefError].
func ParseRef(s string) (Ref, error) {
	named, err := parseNamed(strings.TrimPrefix(s, Scheme))
	if err != nil {
		return Ref{}, &RefError{Ref: s, Text: err.Error()}
	}
	r := Ref{Host: reference.Domain(named), Repository: reference.Path(named)}
	if !isHost(r.Host) {
		return Ref{}, &RefError{Ref: s, Text: "it doesn't begin with a registry's host, as in registry.example/" + reference.TrimNamed(named).Name()}
	}
	if t, ok := named.(reference.Tagged); ok {
		r.Tag = t.Tag()
	}
	if d, ok := named.(reference.Digested); ok {
		r.Digest = d.Digest()
	}
	if r.Digest != "" && r.Digest.Algorithm() != digest.SHA256 {
		return Ref{}, &RefError{Ref: s, Text: "its digest is not a sha256"}
	}
	return r, nil
}

func parseNamed(s string) (reference.Named, error) {
	name, sum, hasDigest := strings.Cut(s, "@")
	if hasDigest && digest.Digest(sum).Validate() != nil {
		return nil, errors.New("its digest is not sha256: and 64 hexadecimal digits")
	}
	parsed, err := reference.Parse(s)
	switch {
	case errors.Is(err, reference.ErrNameContainsUppercase):
		return nil, fmt.Errorf("%q has capital letters", name)
	case err != nil:
		return nil, errors.New("it is not of the form HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:…")
	}
	named, ok := parsed.(reference.Named)
	if !ok || reference.Domain(named) == "" {
		return nil, fmt.Errorf("it names no repository of a host")
	}
	return named, nil
}

// isHost tells a host from the first word of a path, as Docker does.
func isHost(s string) bool { return strings.ContainsAny(s, ".:") || s == "localhost" }

// String is the reference with [Scheme] before it.
func (r Ref) String() string { return Scheme + r.plain() }

// plain is the reference as other tools take it.
func (r Ref) plain() string {
	s := r.Host + "/" + r.Repository
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.Digest != "" {
		s += "@" + r.Digest.String()
	}
	return s
}

// With is the reference with another digest.
func (r Ref) With(d digest.Digest) Ref {
	r.Digest = d
	return r
}
