package link

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// handMade returns what follows -cclib in the two stanzas that the article's
// author wrote by hand: for glibc, and for macOS.
func handMade(t *testing.T) (glibc, mac []string) {
	t.Helper()
	testbedLine(t)
	b, err := os.ReadFile(os.Getenv("OFARM_TESTBED") + "/link-line.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "# What its author made")
	first, second, ok := strings.Cut(text, "# ... and for macOS")
	if !ok {
		t.Fatal("no stanza for macOS")
	}
	words := func(s string) (out []string) {
		for _, m := range regexp.MustCompile(`-cclib ([^\s()]+)`).FindAllStringSubmatch(s, -1) {
			out = append(out, m[1])
		}
		return out
	}
	return words(first), words(second)
}

// cclibs returns what follows -cclib in flags.
func cclibs(flags []string) (out []string) {
	for i, f := range flags {
		if f == "-cclib" {
			out = append(out, flags[i+1])
		}
	}
	return out
}

// sides returns the libraries between -Bstatic and -Bdynamic, and the others.
func sides(t *testing.T, words []string) (static, dynamic []string) {
	t.Helper()
	from, to := slices.Index(words, "-Wl,-Bstatic"), slices.Index(words, "-Wl,-Bdynamic")
	if from != 0 || to < 0 {
		t.Fatalf("no static part at the front of %q", words)
	}
	return words[1:to], words[to+1:]
}

// TestFlagsOfTheArticle makes the flags that the article's author made by hand
// of its long line. One library stands elsewhere: the author had librt static,
// which is of glibc's own family. With that glibc nothing is taken from it.
func TestFlagsOfTheArticle(t *testing.T) {
	t.Parallel()
	hand, _ := handMade(t)
	wantStatic, wantDynamic := sides(t, hand)
	i := slices.Index(wantStatic, "-lrt")
	wantStatic = slices.Delete(slices.Clone(wantStatic), i, i+1)
	wantDynamic = append([]string{"-lrt"}, wantDynamic...)

	flags, err := Flags(parse(t, testbedLine(t)...), LinuxGLIBC, Options{Mode: MostlyStatic, FS: fstest.MapFS{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if flags[0] != "-noautolink" || len(flags) != 1+2*len(cclibs(flags)) {
		t.Errorf("more than libraries: %q", flags)
	}
	static, dynamic := sides(t, cclibs(flags))
	if diff := cmp.Diff(wantStatic, static); diff != "" {
		t.Errorf("static (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(wantDynamic, dynamic); diff != "" {
		t.Errorf("dynamic (-want +got)\n%s", diff)
	}
}

// TestFlagsOfTheArticleOnMac does the same for macOS, in a world with the
// author's Homebrew.
func TestFlagsOfTheArticleOnMac(t *testing.T) {
	t.Parallel()
	_, hand := handMade(t)
	const cellar = "Users/user/brew/Cellar/"
	fsys := fstest.MapFS{
		cellar + "openssl@1.1/1.1.1k/lib/pkgconfig/libssl.pc": {Data: []byte(
			"libdir=/" + cellar + "openssl@1.1/1.1.1k/lib\nLibs: -L${libdir} -lssl\nRequires.private: libcrypto\n")},
		cellar + "openssl@1.1/1.1.1k/lib/pkgconfig/libcrypto.pc": {Data: []byte(
			"libdir=/" + cellar + "openssl@1.1/1.1.1k/lib\nLibs: -L${libdir} -lcrypto\n")},
	}
	for _, w := range hand {
		if strings.HasPrefix(w, "/") {
			fsys[w[1:]] = &fstest.MapFile{}
			fsys[strings.TrimSuffix(w[1:], ".a")+".dylib"] = &fstest.MapFile{}
		}
	}
	o := Options{
		Mode: MostlyStatic, FS: fsys, PkgConfig: []string{"/" + cellar + "openssl@1.1/1.1.1k/lib/pkgconfig"},
		Dirs: []string{"/" + cellar + "libev/4.33/lib"}, // libev comes without a .pc file
	}
	flags, err := Flags(parse(t, testbedLine(t)...), MacOSX, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hand, cclibs(flags)); diff != "" || flags[0] != "-noautolink" {
		t.Errorf("%s (-want +got)\n%s", flags[0], diff)
	}
	var missing *MissingError
	delete(fsys, cellar+"libev/4.33/lib/libev.a")
	if _, err := Flags(parse(t, testbedLine(t)...), MacOSX, o, nil); !errors.As(err, &missing) || missing.Library != "ev" {
		t.Errorf("without libev.a: %v", err)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	recorded := []Input{
		{Name: "crypto", Path: "/usr/lib/libcrypto.a", Linkage: InputStatic, By: "-lcrypto", Kind: KindSystem},
		{Name: "z", Path: "/usr/lib/libz.a", Linkage: InputStatic, By: "libcrypto.pc", Kind: KindSystem},
		{Name: "dl", Linkage: InputDynamic, By: "libcrypto.pc"},
		{Name: "brotli", Linkage: InputMissing, By: "libcrypto.pc"},
	}
	for name, tt := range map[string]struct {
		mode     Mode
		os       OS
		line     string
		recorded []Input
		want     string
	}{
		"static": {mode: Static, os: LinuxMusl, line: "a.o -lssl",
			want: "-ccopt -static -ccopt -no-pie -ccopt -Wl,-z,stack-size=8388608"},
		"dynamic":       {mode: Dynamic, os: LinuxGLIBC, line: "a.o -lssl"},
		"dynamic, Mac":  {mode: Dynamic, os: MacOSX, line: "a.o -lssl"},
		"nothing to do": {mode: MostlyStatic, os: LinuxGLIBC, line: "a.o /switch/lib/ocaml/libasmrun.a -lm -ldl", want: "-noautolink"},
		"private needs": {mode: MostlyStatic, os: LinuxGLIBC, line: "a.o -lcrypto",
			want: "-noautolink -cclib -Wl,-Bstatic -cclib -lcrypto -cclib -lz -cclib -lzstd -cclib -Wl,-Bdynamic -cclib -ldl -cclib -lpthread"},
		"recorded needs": {mode: MostlyStatic, os: LinuxGLIBC, line: "a.o -lcrypto", recorded: recorded,
			want: "-noautolink -cclib -Wl,-Bstatic -cclib -lcrypto -cclib -lz -cclib -Wl,-Bdynamic -cclib -ldl"},
		"last place": {mode: MostlyStatic, os: LinuxGLIBC, line: "a.o -la_stubs -lev -lb_stubs -lev -lunix",
			want: "-noautolink -cclib -Wl,-Bstatic -cclib -la_stubs -cclib -lb_stubs -cclib -lev -cclib -lunix -cclib -Wl,-Bdynamic"},
		"C++": {mode: MostlyStatic, os: LinuxGLIBC, line: "a.o -lx_stubs -lstdc++",
			want: "-noautolink -ccopt -static-libgcc -cclib -Wl,-Bstatic -cclib -lx_stubs -cclib -lstdc++ -cclib -Wl,-Bdynamic -cclib -lm"},
		"folders": {mode: MostlyStatic, os: LinuxGLIBC, line: "-L/switch/lib/ssl -L/opt/lib -L/ofarm/switch/lib/x a.o /switch/lib/ssl/ssl.a -L/opt/lib -lev",
			want: "-noautolink -ccopt -L/opt/lib -cclib -Wl,-Bstatic -cclib -lev -cclib -Wl,-Bdynamic"},
		"archive by path": {mode: MostlyStatic, os: LinuxGLIBC, line: "a.o /opt/libx.a /opt/liby.so",
			want: "-noautolink -cclib -Wl,-Bstatic -cclib /opt/libx.a -cclib -ly -cclib -Wl,-Bdynamic"},
		"bytecode": {mode: MostlyStatic, os: LinuxGLIBC, line: "-o a camlprim1a2b3c.o -L/switch/lib/ocaml -lunix -lev /switch/lib/ocaml/libcamlrun.a -lm",
			want: "-noautolink -cclib -Wl,-Bstatic -cclib -lunix -cclib -lev -cclib -Wl,-Bdynamic"},
		"musl": {mode: MostlyStatic, os: LinuxMusl, line: "a.o -lev -lpthread",
			want: "-noautolink -cclib -Wl,-Bstatic -cclib -lev -cclib -Wl,-Bdynamic -cclib -lpthread"},
		"Mac, by its record": {mode: MostlyStatic, os: MacOSX, line: "a.o -lodd -lcrypto",
			recorded: []Input{{Name: "odd", Path: "/x/libodd.a", By: "-lodd", Linkage: InputStatic, Kind: KindStubs}},
			want: "-noautolink -cclib -lodd -cclib /usr/lib/x86_64-linux-gnu/libcrypto.a -cclib /usr/lib/x86_64-linux-gnu/libz.a " +
				"-cclib /usr/lib/x86_64-linux-gnu/libzstd.a"},
	} {
		got, err := Flags(parse(t, strings.Fields(tt.line)...), tt.os, options(tt.mode), tt.recorded)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestImpossibleFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode Mode
		os   OS
	}{{Static, LinuxGLIBC}, {Static, MacOSX}, {Project, LinuxMusl}} {
		var impossible *ImpossibleError
		_, err := Flags(parse(t, "a.o"), tt.os, options(tt.mode), nil)
		if !errors.As(err, &impossible) || impossible.Hint() == "" || !strings.Contains(err.Error(), string(tt.os)) {
			t.Errorf("%s on %s: %v", tt.mode, tt.os, err)
		}
	}
}

func TestAppendSexp(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                               "()\n",
		"-noautolink|-cclib|-lev":        "(-noautolink\n -cclib -lev)\n",
		"-ccopt|-L/a b|-cclib|x%{env:y}": "(-ccopt \"-L/a b\"\n -cclib \"x\\%{env:y}\")\n",
	} {
		var flags []string
		if in != "" {
			flags = strings.Split(in, "|")
		}
		if got := string(AppendSexp(nil, flags)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFindLine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"verbose": {"+ as -o 'a.o' 'b.s'\n+ gcc -c x.c\n+ x86_64-linux-gnu-gcc-12 -O2 -o 'a b'  't.o' '-lunix' -lm \n", "-O2|-o|a b|t.o|-lunix|-lm"},
		"dune":    {"# dune build\n$ (cd _build/default && /usr/bin/gcc -o x.exe x.o -lev)\n> ok\n", "-o|x.exe|x.o|-lev"},
		"log":     {"$ (cd _build/default && /usr/bin/gcc -o x.exe x.o -lev) > _build/log 2>&1\n", "-o|x.exe|x.o|-lev"},
		"command": {"cc a.o -lz", "a.o|-lz"},
		"last":    {"clang a.o\ng++ b.o\ngcc -shared c.o\n", "b.o"},
		"none":    {"gcc -c a.c\nhello\n", ""},
		"empty":   {"", ""},
	} {
		l, err := FindLine(tt.text, noFiles)
		switch {
		case tt.want == "" && !errors.Is(err, ErrNoLink):
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && strings.Join(l.Args, "|") != tt.want:
			t.Errorf("%s: got %q", name, l.Args)
		}
	}
}

// FuzzFindLine reads any text, and makes flags of what it finds.
func FuzzFindLine(f *testing.F) {
	f.Add("+ gcc -o x 'a.o' -lssl_stubs -lssl -lpthread")
	f.Add("$ (cd d && cc a.o -Wl,-Bstatic -lz)")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := FindLine(text, noFiles)
		if err != nil {
			return
		}
		for _, os := range Systems() {
			for _, m := range Modes() {
				flags, err := Flags(l, os, options(m), nil)
				if err == nil {
					AppendSexp(nil, flags)
				}
			}
		}
	})
}
