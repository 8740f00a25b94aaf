package link

import (
	"errors"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// marshalled is a string in OCaml's marshalled form.
func marshalled(s string) string {
	if len(s) < 32 {
		return string(rune(0x20+len(s))) + s
	}
	return "\x09" + string([]byte{byte(len(s))}) + s
}

func TestLibraryWords(t *testing.T) {
	t.Parallel()
	long := "-lfirst -L/opt/a/folder/with/a/long/name -lsecond"
	data := "Caml1999Z030\x84\x95" + "\xa0" + marshalled("-lssl_stubs") + "\xa0" + marshalled("-lssl") + "@\xa0" +
		marshalled("/src/x-lnot.ml") + marshalled(long) + "\xa0" + marshalled("-l") + "-l"
	want := []string{"-lssl_stubs", "-lssl", "-lfirst", "-lsecond", "-l"}
	if diff := cmp.Diff(want, libraryWords([]byte(data))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestOrigins is a step of ofarm's: the prefix has links to what each package
// installed.
func TestOrigins(t *testing.T) {
	t.Parallel()
	fsys := world()
	for name, words := range map[string]string{"ssl/ssl": "-lssl_stubs -lssl -lcrypto", "ocaml/unix": "-lunix", "lwt/unix/lwt_unix": "-llwt_unix_stubs"} {
		text := "Caml"
		for _, w := range strings.Fields(words) {
			text += "\xa0" + marshalled(w)
		}
		fsys["switch/lib/"+name+".cmxa"] = &fstest.MapFile{Data: []byte(text + "@")}
	}
	owners := map[string]string{"/switch/lib/ssl/": "ssl", "/switch/lib/ocaml/": "ocaml-base-compiler", "/switch/lib/lwt/": "lwt"}
	realPath := func(p string) (string, error) {
		for dir, name := range owners {
			if rest, ok := strings.CutPrefix(p, dir); ok {
				return path.Join(DepDir, name, "lib", rest), nil
			}
		}
		if strings.HasPrefix(p, "/usr/") {
			return p, nil
		}
		return "", os.ErrNotExist
	}
	o := options(MostlyStatic)
	o.FS = fsys
	l := parse(t, strings.Fields("-L/switch/lib/ssl -L/switch/lib/ocaml -L/switch/lib/lwt/unix -o a a.o src/mine.a /switch/lib/ssl/ssl.a "+
		"/switch/lib/lwt/unix/lwt_unix.a /switch/lib/ocaml/unix.a -lssl_stubs -lssl -lcrypto -llwt_unix_stubs -lunix "+
		"/switch/lib/ocaml/libasmrun.a -lm")...)
	res, err := Rewrite(l, o)
	if err != nil {
		t.Fatal(err)
	}
	l.Origins(res.Inputs, o, realPath)
	got := map[string]string{}
	for _, in := range res.Inputs {
		got[in.Name] = strings.Join([]string{in.Kind, in.Package, path.Base(in.Library)}, " ")
	}
	want := map[string]string{
		"mine.a": "ocaml  .", "ssl.a": "ocaml ssl .", "lwt_unix.a": "ocaml lwt .", "unix.a": "ocaml ocaml-base-compiler .",
		"ssl_stubs": "stubs ssl ssl.cmxa", "ssl": "system ssl ssl.cmxa", "crypto": "system ssl ssl.cmxa",
		"lwt_unix_stubs": "stubs lwt lwt_unix.cmxa", "unix": "stubs ocaml-base-compiler unix.cmxa", "asmrun": "stubs ocaml-base-compiler .",
		"m": "system  .", "z": "system  .", "zstd": "system  .", "dl": "system  .", "pthread": "system  .",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestOpamPackage(t *testing.T) {
	t.Parallel()
	for real, want := range map[string]string{
		"/ofarm/dep/lwt/lib/lwt/lwt.a": "lwt", "/ofarm/dep/lwt": "lwt", "/ofarm/dep": "", "/usr/lib/libz.a": "", "/ofarm/deps/x/y": "", "": "",
	} {
		if got := OpamPackage(real); got != want {
			t.Errorf("%q: got %q, want %q", real, got, want)
		}
	}
}

func TestSteady(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/tmp/camlstartupc9267f.o":                  "/tmp/camlstartupXXXXXX.o",
		"/tmp/build8eb7e5.dune/camlstartupc9267f.o": "/tmp/buildXXXXXX.dune/camlstartupXXXXXX.o",
		"/tmp/build_a1b2c3_dune/camlprimc9267f.c":   "/tmp/build_XXXXXX_dune/camlprimXXXXXX.c",
		"/tmp/ccAb3dE9.o":                           "/tmp/ccXXXXXX.o",
		"/src/libdeadbe.a":                          "/src/libdeadbe.a",
		"-L/tmp/x":                                  "-L/tmp/x",
		"/usr/lib/libz.a(inflate.o)":                "/usr/lib/libz.a(inflate.o)",
	} {
		if got := steady(in, "/tmp"); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	if got := steady("-o /tmp/build_a1b2c3_dune/ccAb3dE9.o", "/tmp/build_a1b2c3_dune"); got != "-o /tmp/build_XXXXXX_dune/ccXXXXXX.o" {
		t.Errorf("in a folder of dune's: %s", got)
	}
	record := func(random string) *Record {
		name := "/tmp/caml" + random + ".o"
		r := &Record{
			Output: "a", Seen: []string{name}, Used: []string{"-static", name},
			Inputs:    []Input{{Name: "caml" + random + ".o", Path: name, By: name}},
			Undefined: []Undefined{{Symbol: "puts", From: []string{name, "/tmp/b.o"}}},
		}
		r.Steady("/tmp/")
		r.Inputs[0].Name = ""
		return r
	}
	if diff := cmp.Diff(record("00ff00"), record("a1b2c3")); diff != "" {
		t.Errorf("two links of the same differ\n%s", diff)
	}
}

// TestPlugins refuses a static program with Dynlink in it: in a program's start
// as ocamlopt and the assembler made it, and only there.
func TestPlugins(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, tt := range map[string]struct {
		asm     string
		refused bool
	}{
		"native":        {".data\n.globl caml_globals\ncaml_globals:\n.quad camlDynlink__gc_roots\n", true},
		"native, 5.1":   {".data\n.globl caml_globals\ncaml_globals:\n.quad camlDynlink.gc_roots\n", true},
		"whole program": {".data\n.globl caml_globals, camlDynlink__gc_roots\ncaml_globals:\n.quad 0\ncamlDynlink__gc_roots: .quad 0\n", true},
		"another unit":  {".data\n.globl caml_globals\ncaml_globals:\n.quad camlDynlinks__gc_roots, camlDynlink_config__x\n", false},
		"not the start": {".data\n.quad camlDynlink__gc_roots, caml_globals\n", false},
	} {
		b.write("start.s", tt.asm)
		b.gcc("-c", "-o", "start.o", "start.s")
		l := parse(t, "-o", "bin/x.exe", "start.o", "gone.o")
		_, err := Rewrite(l, Options{Mode: Static, Dir: b.dir})
		var refused *PluginError
		if errors.As(err, &refused) != tt.refused || tt.refused && (refused.Output != "bin/x.exe" || refused.Object != "start.o" || refused.Hint() == "") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Rewrite(l, Options{Mode: MostlyStatic, Dir: b.dir}); err != nil {
			t.Errorf("%s, mostly static: %v", name, err)
		}
	}
}
