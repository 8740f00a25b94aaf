package audit

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func texts(found []Leak) []string {
	var out []string
	for _, l := range found {
		out = append(out, l.Text)
	}
	return out
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"/home/me/src/x.ml\x00":                    {"/home/me/src/x.ml"},
		"/home/me\x00":                             nil,
		"/home/%s/.config/x\x00":                   nil,
		"see /Users/ci/work/a.c: fail":             {"/Users/ci/work/a.c"},
		"/ofarm/build/hello/bin/main.ml\x00":       {"/ofarm/build/hello/bin/main.ml"},
		"/ofarm/switch/lib/ocaml\x00":              nil,
		"/build/glibc-6V9RKT/glibc-2.31/csu/x.c\n": {"/build/glibc-6V9RKT/glibc-2.31/csu/x.c"},
		"go/build/constraint/expr.go\x00":          nil,
		"x/own/prefix":                             {"/own/prefix"},
		"/own/prefix":                              {"/own/prefix"},
		"/root/a/b and /root/c/d":                  {"/root/a/b", "/root/c/d"},
	} {
		r, err := readBytes([]byte(text), Options{Prefixes: []string{"/own/"}, Places: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, texts(r.Leaks)); diff != "" || r.LeakCount != len(want) {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
}

func TestTemporaryFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"/tmp/ccAbCdEf.s\x00":                                      {"/tmp/ccAbCdEf.s"},
		"/tmp/build_4f2a91_dune/camlstartup0a1b2c.s\n":             {"/tmp/build_4f2a91_dune/camlstartup0a1b2c.s"},
		"camlstartup0a1b2c.s\x00":                                  {"camlstartup0a1b2c.s"},
		"/srv/tmp/ccAbCdEf.s\x00mycamlstartup0a1b2c":               nil,
		"caml_startup\x00camlstartup\x00":                          nil,
		"/tmp\x00/tmp/\x00/tmp/fooXXXXXX\x00":                      nil,
		"/tmp/.X11-unix/X%d\x00":                                   nil,
		"/var/folders/zz/zyxvpxvq6csfxvn_n0000000000/T/cc1a2b3c.o": {"/var/folders/zz/zyxvpxvq6csfxvn_n0000000000/T/cc1a2b3c.o"},
		"/tmp/go-link-1534820164/go.o":                             {"/tmp/go-link-1534820164/go.o"},
	} {
		r, err := readBytes([]byte(text), Options{Temps: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, texts(r.Temps)); diff != "" || r.TempCount != len(want) {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
}

// TestTemporaryFileOfCompiler links an object that is called as ocamlopt's
// startup code is: its name stays in the symbol table.
func TestTemporaryFileOfCompiler(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"camlstartup1f2e3d.c": hello}, "-o", "x", "camlstartup1f2e3d.c")
	r, err := File(filepath.Join(dir, "x"), Options{Temps: true})
	if err != nil {
		t.Fatal(err)
	}
	v := only(t, Policy{NoTemps: true}.Violations(r), RuleTemp)
	if v.What != `"camlstartup1f2e3d.c"` || !strings.Contains(v.Why, ".strtab") {
		t.Errorf("got %+v", v)
	}
}

// TestManyFinds: a frequent anchor must not make a rare one slow. It takes
// minutes if each find searches the rest of the window for every anchor.
func TestManyFinds(t *testing.T) {
	t.Parallel()
	b := []byte(strings.Repeat("/Users/a/b\x00", 400_000))
	r, err := readBytes(b, Options{Places: true, Temps: true})
	if err != nil || r.LeakCount != 400_000 {
		t.Errorf("got %d, %v", r.LeakCount, err)
	}
}

// TestPlaceAcrossChunks: what is before a path counts across a border, too.
func TestPlaceAcrossChunks(t *testing.T) {
	t.Parallel()
	for before, want := range map[string]int{"x": 0, "\x00": 1} {
		for off := chunkSize - 2; off < chunkSize+maxText+2; off++ {
			text := strings.Repeat("\x00", off-1) + before + "/home/me/x.ml" + strings.Repeat("\x00", 2*maxText)
			if r, err := readBytes([]byte(text), Options{Places: true}); err != nil || r.LeakCount != want {
				t.Fatalf("%q at %d: got %d, %v, want %d", before, off, r.LeakCount, err, want)
			}
		}
	}
}
