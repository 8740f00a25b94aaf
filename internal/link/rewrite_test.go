package link

import (
	"errors"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ofarm/ofarm/internal/audit"
)

func TestRewrite(t *testing.T) {
	t.Parallel()
	const (
		mostly = "-static-libgcc -static-libstdc++ -Wl,--build-id=none "
		static = "-static -no-pie -Wl,--build-id=none -Wl,-z,stack-size=8388608 "
		lib    = "/" + lib64
		gcc    = "/usr/lib/gcc/x86_64-linux-gnu/12/"
	)
	for name, tt := range map[string]struct {
		mode     Mode
		in, want string
		notes    []string
	}{
		"nothing to replace": {
			mode: MostlyStatic, in: "-o a a.o", want: mostly + "-o a a.o",
		},
		"not final": {
			mode: Static, in: "-c a.c -lssl -pie", want: "-c a.c -lssl -pie",
		},
		"libc's family goes last": {
			mode: MostlyStatic, in: "a.o -lm -lev -lpthread -lm -o a",
			want: mostly + "a.o -Wl,--start-group " + lib + "libev.a -Wl,--end-group -o a -lm -lpthread",
		},
		"private needs, each once": {
			mode: MostlyStatic, in: "a.o -lssl",
			want: mostly + "a.o -Wl,--start-group " + lib + "libssl.a " + lib + "libcrypto.a " + lib + "libz.a " +
				lib + "libzstd.a -Wl,--end-group -ldl -lpthread",
		},
		"an archive of the line's own is taken for a need": {
			mode: MostlyStatic, in: "-L/switch/lib/pinned a.o -lcrypto",
			want: mostly + "-L/switch/lib/pinned a.o -Wl,--start-group " + lib + "libcrypto.a /switch/lib/pinned/libz.a " +
				lib + "libzstd.a -Wl,--end-group -ldl -lpthread",
		},
		"library before its user": {
			mode: MostlyStatic, in: "-lev a.o",
			want: mostly + "-Wl,--start-group " + lib + "libev.a a.o -Wl,--end-group",
		},
		"archive by path with needs": {
			mode: MostlyStatic, in: "a.o /usr/lib/x86_64-linux-gnu/libncurses.a",
			want: mostly + "-Wl,--start-group a.o " + lib + "libncurses.a " + lib + "libtinfo.a -Wl,--end-group -ldl",
		},
		"shared library by path": {
			mode: MostlyStatic, in: "a.o /usr/lib/x86_64-linux-gnu/libev.so",
			want: mostly + "a.o -Wl,--start-group " + lib + "libev.a -Wl,--end-group",
		},
		"libc by path stays": {
			mode: MostlyStatic, in: "a.o /lib/x86_64-linux-gnu/libm.so.6", want: mostly + "a.o /lib/x86_64-linux-gnu/libm.so.6",
		},
		"by file name": {
			mode: MostlyStatic, in: "a.o -l:libev.so.4 -l:libz.a -l:libm.so.6",
			want: mostly + "a.o -Wl,--start-group " + lib + "libev.a " + lib + "libz.a -Wl,--end-group -lm",
		},
		"switches between -B modes": {
			mode: MostlyStatic, in: "a.o -Wl,-Bstatic -lev -lpthread -Wl,-Bdynamic,--as-needed",
			want: mostly + "a.o -Wl,--start-group " + lib + "libev.a -Wl,--as-needed -Wl,--end-group -lpthread",
		},
		"whole archive": {
			mode: MostlyStatic, in: "a.o -Wl,--whole-archive -lev -Wl,--no-whole-archive",
			want: mostly + "a.o -Wl,--whole-archive -Wl,--start-group " + lib + "libev.a -Wl,--no-whole-archive -Wl,--end-group",
		},
		"own groups melt into one": {
			mode: MostlyStatic, in: "-Wl,--start-group a.a -Wl,--end-group -lev -Wl,-( -lz -Wl,-) b.o",
			want: mostly + "-Wl,--start-group a.a " + lib + "libev.a " + lib + "libz.a b.o -Wl,--end-group",
		},
		"compiler's own libraries": {
			mode: MostlyStatic, in: "a.o -lstdc++ -lgcc_s -lcrypt",
			want: mostly + "a.o -Wl,--start-group " + gcc + "libstdc++.a " + gcc + "libgcc_eh.a " + lib + "libcrypt.a -Wl,--end-group -lm",
		},
		"run paths": {
			mode: MostlyStatic,
			in:   "a.o -Wl,-rpath,/x -Wl,-rpath=/y,-E -Xlinker -R -Xlinker /z -R /w -Wl,-rpath-link,/v",
			want: mostly + "a.o -Wl,-E -Wl,-rpath-link,/v",
			notes: []string{
				"dropped -Wl,-rpath,/x: no RUNPATH in a mostly-static link",
				"dropped -Wl,-rpath=/y: no RUNPATH in a mostly-static link",
				"dropped -Wl,-R,/z: no RUNPATH in a mostly-static link",
				"dropped -R /w: not in a mostly-static link",
			},
		},
		"a run path cut from its option": {
			mode: MostlyStatic, in: "a.o -Wl,-rpath -no-pie -Wl,-Bstatic", want: mostly + "a.o -no-pie",
			notes: []string{"dropped -Wl,-rpath,-Bstatic: no RUNPATH in a mostly-static link"},
		},
		"a project's own -static": {
			mode: MostlyStatic, in: "-static a.o -pie", want: mostly + "a.o -pie",
			notes: []string{"dropped -static: not in a mostly-static link"},
		},
		"a need without archive": {
			mode: MostlyStatic, in: "a.o -lpq",
			want: mostly + "a.o -Wl,--start-group " + lib + "libpq.a " + lib + "libpgcommon.a " + lib + "libssl.a " + lib + "libcrypto.a " +
				lib + "libz.a " + lib + "libzstd.a -Wl,--end-group -ldl -lpthread",
			notes: []string{"left out -lgssapi_krb5, which libpq.pc asks for: there is no libgssapi_krb5.a"},
		},
		"static": {
			mode: Static, in: "-pie -rdynamic a.o -Wl,-Bdynamic -lev -lm -Wl,--build-id",
			want: static + "-rdynamic a.o -Wl,--start-group " + lib + "libev.a -Wl,--end-group -lm",
			notes: []string{
				"dropped -pie: not in a static link",
				"dropped -Wl,--build-id: a build ID differs between builds",
			},
		},
		"static-pie": {
			mode: Static, in: "-static-pie a.o", want: static + "a.o",
			notes: []string{"dropped -static-pie: not in a static link"},
		},
		"own stack size": {
			mode: Static, in: "a.o -Wl,-z,stack-size=65536",
			want: "-static -no-pie -Wl,--build-id=none a.o -Wl,-z,stack-size=65536",
		},
		"dynamic": {
			mode: Dynamic, in: "a.o -lssl -Wl,-rpath,/x -Wl,--build-id=sha1", want: "-Wl,--build-id=none a.o -lssl -Wl,-rpath,/x",
			notes: []string{"dropped -Wl,--build-id=sha1: a build ID differs between builds"},
		},
		"project": {
			mode: Project, in: "a.o -lssl -Wl,--build-id -static", want: "a.o -lssl -Wl,--build-id -static",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := parse(t, split(tt.in)...)
			res, err := Rewrite(l, options(tt.mode))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(split(tt.want), res.Args); diff != "" {
				t.Errorf("arguments (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.notes, res.Notes); diff != "" {
				t.Errorf("notes (-want +got)\n%s", diff)
			}
			checkIdempotent(t, l, options(tt.mode))
		})
	}
}

func checkIdempotent(t testing.TB, l *Line, o Options) {
	t.Helper()
	once, err := Rewrite(l, o)
	if err != nil {
		return
	}
	twice, err := Rewrite(parse(t, once.Args...), o)
	if err != nil {
		t.Errorf("%s: rewriting %q again: %v", o.Mode, once.Args, err)
		return
	}
	if diff := cmp.Diff(once.Args, twice.Args); diff != "" {
		t.Errorf("%s: %q rewritten twice (-once +twice)\n%s", o.Mode, l.Args, diff)
	}
}

func TestIdempotent(t *testing.T) {
	t.Parallel()
	words := []string{
		"a.o", "b.c", "/switch/lib/ocaml/libasmrun.a", "/switch/lib/ssl/ssl.a", "-lssl", "-lev", "-lm", "-lpthread", "-lncurses",
		"-L/switch/lib/pinned", "-L/switch/lib/ocaml", "-lunix", "-l:libz.so.1", "-pie", "-no-pie", "-static", "-static-pie",
		"-Wl,-Bstatic", "-Wl,-Bdynamic", "-Wl,-E", "-Wl,-z,stack-size=4096", "-Wl,-rpath,/x", "-Wl,--start-group", "-Wl,--end-group",
		"-Wl,--whole-archive,-lz,--no-whole-archive", "-Xlinker", "-O2", "-o", "-lstdc++", "-lgcc_s", "-lpq", "-Wl,--build-id",
		"/lib/x86_64-linux-gnu/libm.so.6", "/" + lib64 + "libz.so", "-static-libgcc", "-Wl,-rpath", "-z", "now", "-pthread",
	}
	rapid.Check(t, func(rt *rapid.T) {
		args := rapid.SliceOfN(rapid.SampledFrom(words), 1, 15).Draw(rt, "args")
		l := parse(t, args...)
		for _, mode := range Modes() {
			checkIdempotent(t, l, options(mode))
		}
		if t.Failed() {
			rt.Fatalf("not idempotent: %q", args)
		}
	})
}

func TestMissing(t *testing.T) {
	t.Parallel()
	_, err := Rewrite(parse(t, "a.o", "-lonly", "-lgone", "/usr/lib/x86_64-linux-gnu/libonly.so"), options(MostlyStatic))
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got %v, want joined errors", err)
	}
	var got []string
	for _, e := range joined.Unwrap() {
		var m *MissingError
		if !errors.As(e, &m) {
			t.Fatalf("got %T", e)
		}
		got = append(got, m.Library+" "+m.Asked+" "+m.Shared)
	}
	want := []string{
		"only -lonly /usr/lib/x86_64-linux-gnu/libonly.so",
		"gone -lgone ",
		"only /usr/lib/x86_64-linux-gnu/libonly.so /usr/lib/x86_64-linux-gnu/libonly.so",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]MissingError{
		"openssl-libs-static": {Library: "ssl", Mode: Static},
		"foo-static":          {Library: "foo", Mode: Static},
		"-dev packages":       {Library: "ssl", Mode: MostlyStatic},
	} {
		if got := e.Hint(); !strings.Contains(got, want) {
			t.Errorf("hint for %s, %s: %q doesn't hold %q", e.Library, e.Mode, got, want)
		}
	}
}

// TestOCamlLine is a link line as ocamlopt writes it: stubs, C libraries, the
// runtime behind them.
func TestOCamlLine(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/fserv.args")
	if err != nil {
		t.Fatal(err)
	}
	l, err := Parse([]string{"@fserv.args"}, func(string) ([]byte, error) { return b, nil })
	if err != nil {
		t.Fatal(err)
	}
	if !l.Final || l.Output != "fserv.exe" {
		t.Errorf("final %v, output %q", l.Final, l.Output)
	}
	res, err := Rewrite(l, options(MostlyStatic))
	if err != nil {
		t.Fatal(err)
	}
	checkIdempotent(t, l, options(MostlyStatic))
	i := slices.Index(res.Args, "-Wl,--start-group")
	want := []string{
		"/switch/lib/ocaml/stdlib.a", "-Wl,--start-group", "/switch/lib/ssl/libssl_stubs.a",
		"/usr/lib/x86_64-linux-gnu/libssl.a", "/usr/lib/x86_64-linux-gnu/libcrypto.a", "/switch/lib/ocaml/libcamlstr.a",
		"/switch/lib/lwt/unix/liblwt_unix_stubs.a", "/usr/lib/x86_64-linux-gnu/libev.a", "/switch/lib/ocaml/libthreadsnat.a",
		"/switch/lib/ocaml/libunix.a", "/switch/lib/ocaml/libasmrun.a",
		"/usr/lib/x86_64-linux-gnu/libz.a", "/usr/lib/x86_64-linux-gnu/libzstd.a", "-Wl,--end-group",
		"-lrt", "-lpthread", "-lm", "-ldl",
	}
	if diff := cmp.Diff(want, res.Args[i-1:]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	rec := Record{Inputs: res.Inputs}
	asked := rec.Asked("libzstd.so.1")
	if len(asked) != 1 || asked[0].By != "libcrypto.pc" || asked[0].Linkage != InputStatic {
		t.Errorf("who asked for libzstd.so.1: %+v", asked)
	}
}

// TestArticleLine rewrites the long line of the test bed in a world that has
// each of its libraries, and compares with what its author made static by hand.
func TestArticleLine(t *testing.T) {
	t.Parallel()
	args := testbedLine(t)
	l := parse(t, args...)
	if !l.Final || l.Output != "fserv.exe" {
		t.Fatalf("final %v, output %q", l.Final, l.Output)
	}
	o := options(MostlyStatic)
	fsys := world()
	for _, a := range args {
		if name, ok := strings.CutPrefix(a, "-l"); ok && !libcFamily[name] {
			fsys[lib64+"lib"+name+".a"] = fsys[lib64+"libz.a"]
		}
	}
	o.FS = fsys
	res, err := Rewrite(l, o)
	if err != nil {
		t.Fatal(err)
	}
	checkIdempotent(t, l, o)
	var got []string
	for _, in := range res.Inputs {
		if strings.HasPrefix(in.By, "-l") && in.Linkage == InputStatic {
			got = append(got, in.Name)
		}
	}
	want := strings.Fields(`ssl_stubs ssl crypto camlstr overlap_stubs_stubs digestif_c_stubs mtime_clock_stubs
		mirage_crypto_rng_unix_stubs mirage_crypto_stubs cstruct_stubs lwt_unix_stubs ev threadsnat unix bigstringaf_stubs`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("static libraries (-want +got)\n%s", diff)
	}
	if tail := res.Args[len(res.Args)-4:]; !slices.Equal(tail, []string{"-lrt", "-lpthread", "-lm", "-ldl"}) {
		t.Errorf("the line ends in %q", tail)
	}
}

func TestFamilyIsTheAudits(t *testing.T) {
	t.Parallel()
	for soname, want := range map[string]bool{
		"libc.so.6": true, "libm.so.6": true, "libmvec.so.1": true, "libdl.so.2": true, "libpthread.so.0": true,
		"librt.so.1": true, "libresolv.so.2": true, "libutil.so.1": true, "libanl.so.1": true,
		"ld-linux-x86-64.so.2": true, "ld-linux-aarch64.so.1": true,
		"libcrypt.so.1": false, "libnsl.so.2": false, "libssl.so.3": false, "libgcc_s.so.1": false, "libstdc++.so.6": false,
		"libmagic.so.1": false, "libcap.so.2": false,
	} {
		if isLibcFile("/lib/"+soname) != want || audit.LibcFamily(soname) != want {
			t.Errorf("%s: here %v, in audit %v, want %v", soname, isLibcFile(soname), audit.LibcFamily(soname), want)
		}
	}
	for name := range libcFamily {
		if !slices.ContainsFunc([]string{".so.6", ".so.1", ".so.2", ".so.0"}, func(v string) bool { return audit.LibcFamily("lib" + name + v) }) {
			t.Errorf("audit doesn't know lib%s", name)
		}
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	for _, m := range Modes() {
		if got, err := ParseMode(string(m)); err != nil || got != m {
			t.Errorf("ParseMode(%q): %q, %v", m, got, err)
		}
	}
	if _, err := ParseMode("Static"); err == nil {
		t.Error("ParseMode accepts \"Static\"")
	}
	if string(Static) != audit.Static || string(MostlyStatic) != audit.MostlyStatic || string(Dynamic) != audit.Dynamic {
		t.Error("the modes' names differ from the audit's linkages")
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := &Record{
		Output: "bin/x.exe", Dir: "/src", Mode: Static, Compiler: "/usr/bin/gcc", Seen: []string{"a.o", "<&>"}, Used: []string{"a.o"},
		Inputs: []Input{{Name: "z", Linkage: InputMissing, By: "z.pc"}},
	}
	for range 2 {
		if err := want.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadRecords(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*Record{want}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := want.Write(path.Join(dir, "gone")); err == nil {
		t.Error("writing into a folder that isn't there: no error")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 || !strings.HasPrefix(entries[0].Name(), "x.exe-") {
		t.Errorf("left behind: %v", entries)
	}
}
