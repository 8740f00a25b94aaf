package link

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCrossReference(t *testing.T) {
	t.Parallel()
	const text = `
Archive member included to satisfy reference by file (symbol)

puts                          not/the/table.o

Cross Reference Table

Symbol                                            File
exp                                               /lib/x86_64-linux-gnu/libm.so.6
                                                  b c.o
                                                  /x/libm_stubs.a(m.o)
                                                  b c.o
exp@@GLIBC_2.29                                   /lib/x86_64-linux-gnu/libm.so.6
foo(int, char)                                    cxx.o
a_symbol_that_is_longer_than_the_column_for_symbols /x.o
puts                                              /lib/x86_64-linux-gnu/libc.so.6
`
	from := map[string][]string{"exp": {}, "puts": {}, "log": {}, "a_symbol_that_is_longer_than_the_column_for_symbols": {}}
	found, err := crossReference(strings.NewReader(text), from)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	want := map[string][]string{
		"exp": {"/x/libm_stubs.a(m.o)", "b c.o"}, "puts": {}, "log": {},
		"a_symbol_that_is_longer_than_the_column_for_symbols": {"/x.o"},
	}
	if diff := cmp.Diff(want, from); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if found, err := crossReference(strings.NewReader("nothing\n"), from); found || err != nil {
		t.Error(found, err)
	}
}

// TestUndefined links with and without a cross reference: the same bytes, and
// readelf's undefined symbols with the inputs that refer to them.
func TestUndefined(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	l := parse(t, "main.o", "lib/libouter.a", "lib/libinner.a", "-lm")
	with, why := l.CrossRef(l.Args, filepath.Join(b.dir, "map,file"))
	if why != "" {
		t.Fatal(why)
	}
	b.gcc(append([]string{"-o", "plain"}, l.Args...)...)
	b.gcc(append([]string{"-o", "mapped"}, with...)...)
	plain, mapped := b.read("plain"), b.read("mapped")
	if !bytes.Equal(plain, mapped) {
		t.Error("the cross reference changes the executable")
	}
	list, found, err := ReadUndefined(bytes.NewReader(mapped), bytes.NewReader(b.read("map,file")))
	if err != nil || !found {
		t.Fatal(found, err)
	}
	for _, u := range list {
		if u.Symbol == "cos" {
			if diff := cmp.Diff([]string{"lib/libinner.a(inner.o)"}, u.From); diff != "" {
				t.Errorf("cos (-want +got)\n%s", diff)
			}
		}
	}
	if diff := cmp.Diff(b.undefined("mapped"), names(list)); diff != "" {
		t.Errorf("readelf (-want +got)\n%s", diff)
	}
	b.gcc("-static", "-o", "static", "main.o", "lib/libouter.a", "lib/libinner.a", "-lm")
	if list, _, err := ReadUndefined(bytes.NewReader(b.read("static")), strings.NewReader("")); len(list) > 0 || err != nil {
		t.Errorf("a static executable: %v, %v", list, err)
	}
	if _, _, err := ReadUndefined(strings.NewReader("#!/bin/sh\n"), strings.NewReader("")); err == nil {
		t.Error("a script has symbols")
	}
}

func (b *bench) read(name string) []byte {
	b.t.Helper()
	data, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

// undefined lists what readelf says is undefined, as SYMBOL@VERSION.
func (b *bench) undefined(name string) []string {
	var out []string
	for line := range strings.Lines(b.run("readelf", "-W", "--dyn-syms", name)) {
		f := strings.Fields(line)
		if len(f) >= 8 && f[6] == "UND" && strings.Contains(f[7], "@") {
			out = append(out, f[7])
		}
	}
	slices.Sort(out)
	return out
}

func names(list []Undefined) []string {
	var out []string
	for _, u := range list {
		out = append(out, u.Symbol+"@"+u.Version)
	}
	slices.Sort(out)
	return out
}

// TestNoCrossRef leaves lines alone that can't have one.
func TestNoCrossRef(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"a.o -Wl,-Map=x", "a.o -Wl,-Map,x", "a.o -Xlinker -Map -Xlinker x", "a.o -Wl,--cref", "a.o -Wl,-M", "-x c -", "a.o -fuse-ld=mold",
	} {
		l := parse(t, strings.Fields(line)...)
		if args, why := l.CrossRef(l.Args, "/tmp/map"); args != nil || why == "" {
			t.Errorf("%s: %q, %q", line, args, why)
		}
	}
	l := parse(t, "a.o", "-fuse-ld=bfd", "-Wl,-e,-Map")
	if args, why := l.CrossRef(l.Args, "/tmp/map"); !slices.Contains(args, "-Map=/tmp/map") || why != "" {
		t.Errorf("%q, %q", args, why)
	}
}

// TestContent strips and appends, which leaves the content, and links something
// else, which doesn't.
func TestContent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := exec.LookPath("strip"); err != nil {
		t.Skip(err)
	}
	content := func(name string) string {
		t.Helper()
		c, err := Content(bytes.NewReader(b.read(name)))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, static := range [][]string{nil, {"-static"}} {
		b.gcc(append(static, "-g", "-o", "a", "main.c", "outer.c", "inner.c", "-lm")...)
		b.run("strip", "-o", "b", "a")
		b.write("c", string(b.read("a"))+"Caml1999X030")
		b.gcc(append(static, "-g", "-DX=1", "-O2", "-o", "d", "main.c", "outer.c", "inner.c", "-lm")...)
		if len(b.read("b")) >= len(b.read("a")) || content("b") != content("a") || content("c") != content("a") {
			t.Error("stripping or appending changes the content")
		}
		if content("d") == content("a") {
			t.Error("two programs have one content")
		}
	}
	if _, err := Content(strings.NewReader("#!/bin/sh\n")); err == nil {
		t.Error("a script has content")
	}
}
