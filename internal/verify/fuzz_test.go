package verify

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzExplain holds that whatever differs is explained, in a few words and the
// same on each try. Its seeds in testdata are an object file and its like.
func FuzzExplain(f *testing.F) {
	reg := func(name, content string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeReg, Linkname: content}
	}
	f.Add([]byte("a\nb\nc\n"), []byte("a\nc\nb\n"))
	f.Add([]byte("a 2026-01-01\n"), []byte("a 2026-01-02\n"))
	f.Add([]byte("\x00camlstartup0a1b2c\x00/x/y"), []byte("\x00camlstartup998877\x00/x/z"))
	f.Add(tarOf(f, reg("x", "a"), reg("y", "b")), tarOf(f, reg("y", "b"), reg("x", "c")))
	f.Add([]byte("Caml1999I029\x84\x95\xa6\xbe\x00Stdlib\x300123456789abcdef"), []byte("Caml1999I029\x84\x95\xa6\xbe\x00Stdlib\x30x123456789abcdeg"))
	f.Add([]byte("#!/bin/x\nabcdCODE\x00\x00\x00\x04\x00\x00\x00\x01Caml1999X030"), []byte("#!/bin/y\nabceCODE\x00\x00\x00\x04\x00\x00\x00\x01Caml1999X030"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if bytes.Equal(a, b) {
			return
		}
		d := explainBytes("x", a, b, 0, circumstances)
		if d.Where == "" || d.What == "" || d.Cause == "" || d.CauseText == "" || d.Advice == "" {
			t.Errorf("something is missing in %+v", d)
		}
		if len(d.What) > 4000 || len(d.Also) > maxAlso {
			t.Errorf("too much in %+v", d)
		}
		for _, s := range append(d.Also, d.Where, d.What) {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
				t.Errorf("not fit for a terminal: %q", s)
			}
		}
		if e := explainBytes("x", a, b, 0, circumstances); e.Where != d.Where || e.What != d.What || e.Cause != d.Cause {
			t.Errorf("%+v, and again %+v", d, e)
		}
	})
}
