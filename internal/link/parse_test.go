package link

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"":                    nil,
		" \t\n\v\f\r":         nil,
		"a b\nc":              {"a", "b", "c"},
		`'a b' "c d"`:         {"a b", "c d"},
		`'a''b'c`:             {"abc"},
		`'' ""`:               {"", ""},
		`a\ b c\\d`:           {"a b", `c\d`},
		`'it\'s' "say \"x\""`: {"it's", `say "x"`},
		`"it's" 'say "x"'`:    {"it's", `say "x"`},
		`'open`:               {"open"},
		`end\`:                {"end"},
	} {
		if diff := cmp.Diff(want, split(in)); diff != "" {
			t.Errorf("split(%q) (-want +got)\n%s", in, diff)
		}
	}
}

// TestSplitAgreesWithGCC has gcc read response files that define macros, and
// compares with the macros it knows when given the words that split makes.
func TestSplitAgreesWithGCC(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	file := filepath.Join(t.TempDir(), "response")
	macros := func(args ...string) string {
		out, err := exec.Command("gcc", append(args, "-E", "-dM", "-x", "c", "/dev/null")...).CombinedOutput()
		if err != nil {
			t.Fatalf("gcc %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	for _, text := range []string{
		`-DA=x '-DB=x y' "-DC=it's"`,
		`-DA=x\ y '-DB=it\'s' "-DC=say \"x\""` + "\n-DD=end",
		`'-DA=a'"b"c -DB='' -DC=""  -DD='\\n'`,
		"-DA=\"two\nlines\" -DB=\\\\\\\\",
	} {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(macros("@"+file), macros(split(text)...)); diff != "" {
			t.Errorf("%s: (-gcc +ours)\n%s", text, diff)
		}
	}
}

func TestResponseRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		args := rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a \\'"\n@-]{0,8}`))).Draw(t, "args")
		got := split(string(AppendResponse(nil, args)))
		if len(args)+len(got) > 0 && !cmp.Equal(args, got) {
			t.Fatalf("wrote %q, read %q", args, got)
		}
	})
}

func TestExpand(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a": "-c @b 'x y'", "b": "@none z.c", "self": "@self", "empty": ""}
	open := func(name string) ([]byte, error) {
		if name == "dir" {
			return nil, errors.New("is a directory")
		}
		s, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("opening %q: %w", name, fs.ErrNotExist)
		}
		return []byte(s), nil
	}
	got, err := expand([]string{"@a", "@empty", "@", "end"}, open)
	if diff := cmp.Diff([]string{"-c", "@none", "z.c", "x y", "@", "end"}, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got)\n%s", err, diff)
	}
	for _, name := range []string{"self", "dir"} {
		if _, err := expand([]string{"@" + name}, open); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("@%s: got error %v", name, err)
		}
	}
}

func TestFinal(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"a.o":                               true,
		"-O2 -o a a.c -lm":                  true,
		"-v a.o":                            true,
		"-x c -":                            true,
		"-Wl,-E a.o":                        true,
		"-MD -MF a.d a.c":                   true,
		"-dumpdir a- a.o":                   true,
		"-o -c a.o":                         true, // the output is called -c
		"-Wl,-Map,-r a.o":                   true,
		"-Wl,-rpath -Wl,-shared a.o":        true,
		"-include -E a.c":                   true,
		"":                                  false,
		"-v":                                false,
		"--version":                         false,
		"-dumpmachine":                      false,
		"-print-search-dirs":                false,
		"-print-file-name=libc.a":           false,
		"-Wl,--version":                     false,
		"-c a.c":                            false,
		"-E a.c":                            false,
		"-S a.c":                            false,
		"-M a.c":                            false,
		"-MM a.c":                           false,
		"-fsyntax-only a.c":                 false,
		"-shared -o dllx.so a.o":            false,
		"a.o -Wl,-shared":                   false,
		"-r -o c.o a.o b.o":                 false,
		"-nostdlib a.o -Wl,-r":              false,
		"-Xlinker --relocatable a.o":        false,
		"--help=optimizers a.c":             false,
		"-### a.c":                          false,
		"a.o -o":                            false, // gcc complains
		"-lm":                               false,
		"-o a -L. -Wl,--start-group -Wl,-x": false,
	} {
		if got := parse(t, split(line)...).Final; got != want {
			t.Errorf("%q: final is %v, want %v", line, got, want)
		}
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"a.c": "a.out", "-o x a.c": "x", "-ox a.c": "x", "--output=x a.c": "x", "--output x a.c": "x", "-o y a.c -o x": "x",
	} {
		if got := parse(t, split(line)...).Output; got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

// TestEmitIsParsesInverse: what Parse reads, emit writes with the same meaning;
// written and read again it stays as it is.
func TestEmitIsParsesInverse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"-O2 -o a a.o -lssl -L. -L /x -l z": "-O2 -o a a.o -lssl -L. -L /x -l z",
		"-Wl,-z,now,-E a.o":                 "-Wl,-z,now,-E a.o",
		"-Wl,-z -Wl,now":                    "-Wl,-z -Wl,now",
		"-Xlinker -z -Xlinker now a.o":      "-Wl,-z -Wl,now a.o",
		"-Xlinker a,b a.o":                  "-Xlinker a,b a.o",
		"-Wl,-Bstatic,-lz,-Bdynamic a.o":    "-Wl,-Bstatic -lz -Wl,-Bdynamic a.o",
		"-Wl,-l,z -Wl,-L,/x -Wl,x.a a.o":    "-lz -L/x x.a a.o",
		"-z now -u sym -Xpreprocessor -lx":  "-z now -u sym -Xpreprocessor -lx",
		"-Wl,-Map,out.a a.o":                "-Wl,-Map,out.a a.o",
	} {
		got := emit(parse(t, split(in)...).tokens)
		if diff := cmp.Diff(split(want), got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", in, diff)
		}
		if again := emit(parse(t, got...).tokens); !cmp.Equal(again, got) {
			t.Errorf("%q: read again it is %q", got, again)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-O2 -o a a.o -lssl -Wl,-Bstatic,-lz,-Bdynamic -Xlinker -rpath -Xlinker /x")
	f.Add(`'-L/a b' @x -Wl, -Wl,,, -l -Wl,-l -o`)
	f.Add("-static-pie -Wl,--start-group a.a -Wl,--end-group /lib/libm.so.6 -l:libz.so.1")
	f.Add("a.o -lssl -Wl,-z,-A")
	f.Add("a.o -Wl,-E,-l -O2 -Xlinker z")
	f.Add("-O2 -Wl,--start-group .so")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse(split(text), noFiles)
		if err != nil {
			t.Fatal(err)
		}
		once := emit(l.tokens)
		m := parse(t, once...)
		if m.Final != l.Final || m.Output != l.Output {
			t.Errorf("%q: final %v, output %q; as %q: final %v, output %q", l.Args, l.Final, l.Output, once, m.Final, m.Output)
		}
		for _, mode := range Modes() {
			checkIdempotent(t, l, options(mode))
		}
	})
}
