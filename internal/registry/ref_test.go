package registry

import (
	"errors"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

func TestParseRef(t *testing.T) {
	sum := "sha256:" + strings.Repeat("ab", 32)
	tests := map[string]Ref{
		"registry.example/a":                {Host: "registry.example", Repository: "a"},
		"registry.example:5000/a/b-c/d:1.0": {Host: "registry.example:5000", Repository: "a/b-c/d", Tag: "1.0"},
		"localhost/a:x@" + sum:              {Host: "localhost", Repository: "a", Tag: "x", Digest: digest.Digest(sum)},
		"[::1]:5000/a@" + sum:               {Host: "[::1]:5000", Repository: "a", Digest: digest.Digest(sum)},
	}
	for text, want := range tests {
		for _, s := range []string{text, Scheme + text} {
			got, err := ParseRef(s)
			if got != want || err != nil {
				t.Errorf("%s: got %+v: %v", s, got, err)
			}
		}
		if want.String() != Scheme+text {
			t.Errorf("got %s, want %s", want, text)
		}
	}
	for _, s := range []string{
		"", "oci://", "a", "team/a:1", "registry.example", "registry.example/", "registry.example/A", "registry.example/a@sha256:12",
		"https://registry.example/a", "registry.example/a/../b", "registry.example/a:", "/a/b.tar", "./a.tar",
		"registry.example/a@sha512:" + strings.Repeat("ab", 64),
	} {
		var mistake *RefError
		if r, err := ParseRef(s); !errors.As(err, &mistake) || mistake.Ref != s {
			t.Errorf("%q: got %+v: %v", s, r, err)
		}
	}
}

// TestRefErrors has what is said of wrong references.
func TestRefErrors(t *testing.T) {
	for s, want := range map[string]string{
		"x@sha256:abc":                  "its digest is not sha256: and 64 hexadecimal digits",
		"registry.example/a@sha256:abc": "its digest is not sha256: and 64 hexadecimal digits",
		"oci://registry.example/Team/a": `"registry.example/Team/a" has capital letters`,
		"registry.example/a:":           "it is not of the form HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:…",
		"hello":                         "it names no repository of a host",
		"team/hello:1.0":                "it doesn't begin with a registry's host, as in registry.example/team/hello",
	} {
		var mistake *RefError
		if _, err := ParseRef(s); !errors.As(err, &mistake) || mistake.Text != want {
			t.Errorf("%s: got %v, want %s", s, err, want)
		}
	}
}

func FuzzParseRef(f *testing.F) {
	f.Add("oci://registry.example:5000/a/b:1.0@sha256:" + strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRef(s)
		if err != nil {
			return
		}
		if got := r.String(); got != Scheme+strings.TrimPrefix(s, Scheme) {
			t.Errorf("%q is written %q", s, got)
		}
	})
}
