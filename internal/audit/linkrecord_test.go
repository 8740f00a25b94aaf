package audit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const record = `{
  "executable": "bin/x", "output": "x.exe", "mode": "mostly-static",
  "inputs": [
    {"name": "ssl", "path": "/usr/lib/libssl.a", "linkage": "static", "by": "-lssl", "package": "ssl"},
    {"name": "pq", "linkage": "dynamic", "by": "-lpq", "package": "postgresql"},
    {"name": ":libodd.so.1", "linkage": "dynamic", "by": "-l:libodd.so.1"}
  ],
  "undefined": [
    {"symbol": "memcpy", "version": "GLIBC_2.14", "from": ["/usr/lib/libssl.a(x.o)", "/b/main.o"]},
    {"symbol": "loose", "version": "", "from": ["/b/main.o"]},
    {"symbol": "linker", "version": "GLIBC_2.2.5", "from": []}
  ]
}`

func TestLinkRecord(t *testing.T) {
	t.Parallel()
	o, err := ParseLink([]byte(record))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ got, want []Origin }{
		"member and object": {o.Symbol("memcpy", "GLIBC_2.14"), []Origin{
			{File: "/usr/lib/libssl.a(x.o)", Library: "ssl", Package: "ssl", By: "-lssl"}, {File: "/b/main.o"},
		}},
		"other version":   {o.Symbol("memcpy", "GLIBC_2.2.5"), nil},
		"without version": {o.Symbol("loose", "GLIBC_2.34"), []Origin{{File: "/b/main.o"}}},
		"linker's own":    {o.Symbol("linker", "GLIBC_2.2.5"), nil},
		"unknown":         {o.Symbol("open", "GLIBC_2.2.5"), nil},
		"library":         {o.Library("libpq.so.5"), []Origin{{File: "-lpq", Library: "pq", Package: "postgresql", By: "-lpq"}}},
		"by file":         {o.Library("libodd.so.1"), []Origin{{File: "-l:libodd.so.1", Library: ":libodd.so.1", By: "-l:libodd.so.1"}}},
		"static one":      {o.Library("libssl.so.3"), nil},
		"none":            {o.Library("libc.so.6"), nil},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestNoLinkRecord(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", `{"inputs": 1}`, "Memory Configuration\n"} {
		if o, err := ParseLink([]byte(text)); err == nil {
			t.Errorf("%q: got %+v", text, o)
		}
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add([]byte(record))
	f.Add([]byte("Cross Reference Table\n\nSymbol   File\nmemcpy  /lib/libc.so.6\n        a.o\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := ParseLink(data)
		if err == nil {
			o.Symbol("memcpy", "GLIBC_2.14")
			o.Library("libc.so.6")
		}
	})
}
