package input

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const emptyHex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestParseDigest(t *testing.T) {
	d, err := ParseDigest("sha256:" + emptyHex)
	if err != nil || d != SumBytes(nil) || d.Hex() != emptyHex {
		t.Fatalf("got %v, %v", d, err)
	}
	for _, bad := range []string{"", emptyHex, "sha256=" + emptyHex, "sha256:" + emptyHex[1:],
		"sha256:" + strings.ToUpper(emptyHex), "sha256:" + emptyHex + "0", "sha256:g" + emptyHex[1:], "md5:" + emptyHex} {
		if _, err := ParseDigest(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestDigestJSON(t *testing.T) {
	type doc struct {
		A Digest `json:"a"`
		B Digest `json:"b,omitzero"`
	}
	want := doc{A: SumBytes([]byte("x"))}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"a":"`+want.A.String()+`"}`, string(b)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var got doc
	if err := json.Unmarshal(b, &got); err != nil || got != want {
		t.Errorf("got %v, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`{"a":"sha256:12"}`), &got); err == nil {
		t.Error("a short digest was accepted")
	}
}

func TestParseChecksum(t *testing.T) {
	tests := map[string]struct{ in, want, err string }{
		"sha256":  {in: "sha256=" + emptyHex, want: "sha256=" + emptyHex},
		"upper":   {in: "sha256=" + strings.ToUpper(emptyHex), want: "sha256=" + emptyHex},
		"md5":     {in: "md5=d41d8cd98f00b204e9800998ecf8427e", want: "md5=d41d8cd98f00b204e9800998ecf8427e"},
		"bare":    {in: "d41d8cd98f00b204e9800998ecf8427e", want: "md5=d41d8cd98f00b204e9800998ecf8427e"},
		"kind":    {in: "crc=00", err: "unknown kind"},
		"short":   {in: "md5=00", err: "has 32 hexadecimal digits"},
		"letters": {in: "md5=" + strings.Repeat("x", 32), err: "has 32 hexadecimal digits"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := ParseChecksum(test.in)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || c.String() != test.want {
				t.Errorf("got %v, %v, want %s", c, err, test.want)
			}
		})
	}
}

// However the bytes are cut, the verifier sees the same sums.
func TestVerifierCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(t, "parts")
		var whole []byte
		for _, p := range parts {
			whole = append(whole, p...)
		}
		v := newVerifier(sumsOf(whole))
		for _, p := range parts {
			v.Write(p)
		}
		if err := v.check(int64(len(whole))); err != nil {
			t.Fatal(err)
		}
		v.Write([]byte{0})
		if v.check(0) == nil {
			t.Fatal("one byte more was accepted")
		}
		v.reset()
		v.Write(whole)
		if err := v.check(0); err != nil || v.digest() != SumBytes(whole) {
			t.Fatal(err)
		}
	})
}

func FuzzParseDigest(f *testing.F) {
	f.Add("sha256:" + emptyHex)
	f.Add("sha256:")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDigest(s); err == nil && d.String() != s && !d.IsZero() {
			t.Errorf("%q is written back as %q", s, d)
		}
	})
}

func FuzzParseChecksum(f *testing.F) {
	f.Add("sha256=" + emptyHex)
	f.Add("d41d8cd98f00b204e9800998ecf8427e")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseChecksum(s)
		if err != nil {
			return
		}
		if again, err := ParseChecksum(c.String()); err != nil || again != c {
			t.Errorf("%q became %v, then %v, %v", s, c, again, err)
		}
	})
}
