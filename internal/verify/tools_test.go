package verify

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// making is how a test makes a file: sources as name=text, and commands of a shell
// that runs in their folder, with circumstances as further ones, NAME=value.
type making struct {
	files map[string]string
	sh    string
	env   []string
	dir   string // a name for the folder; its own if empty
}

// make returns the bytes of the file "out" that the commands leave.
func (m making) make(t *testing.T, dir string) []byte {
	t.Helper()
	if m.dir != "" {
		dir = filepath.Join(dir, m.dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range m.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/bin/sh", "-eu", "-c", m.sh)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append(m.env, "TMPDIR="+dir)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", m.sh, err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
}

const hello = `#include <stdio.h>
#ifndef TEXT
#define TEXT "the same"
#endif
static const char before[] = "constant text, of 2001-01-01";
const char built[] = TEXT;
int main(void) { puts(before); puts(built); return 0; }
`

// TestExplainELF explains pairs of files that gcc makes.
func TestExplainELF(t *testing.T) {
	t.Parallel()
	need(t, "gcc", "strip", "objcopy")
	c := map[string]string{"x.c": hello}
	const link = "gcc -Wl,--build-id=none "
	for name, test := range map[string]struct {
		first, again making
		want         expect
	}{
		"date": {
			making{files: c, sh: link + "-DTEXT=__DATE__ -o out x.c", env: []string{"SOURCE_DATE_EPOCH=1772366400"}},
			making{files: c, sh: link + "-DTEXT=__DATE__ -o out x.c", env: []string{"SOURCE_DATE_EPOCH=1944043200"}},
			expect{cause: Timestamp, where: "section .rodata, symbol built+0x0", what: `"Mar  1 2026" and "Aug  9 2031"`},
		},
		"date of another length": {
			making{files: c, sh: link + `-DTEXT='"2026-01-01"' -o out x.c && strip out`},
			making{files: c, sh: link + `-DTEXT='"2026-01-01T10:00:00"' -o out x.c && strip out`},
			expect{cause: Timestamp, where: "section .rodata, byte", what: `"2026-01-01" and "2026-01-01T10:00:00"`},
		},
		"number": {
			making{files: map[string]string{"x.c": "long built = 1772366400; int main(void) { return built == 0; }"}, sh: link + "-o out x.c"},
			making{files: map[string]string{"x.c": "long built = 1944043200; int main(void) { return built == 0; }"}, sh: link + "-o out x.c"},
			expect{cause: Timestamp, where: "section .data, symbol built+0x", what: "2026-03-01T12:00:00Z and 2031-08-09T12:00:00Z"},
		},
		"build ID": {
			making{files: c, sh: "gcc -Wl,--build-id=0xaaaaaaaaaaaaaaaa -o out x.c"},
			making{files: c, sh: "gcc -Wl,--build-id=0xbbbbbbbbbbbbbbbb -o out x.c"},
			expect{cause: Digest, where: "section .note.gnu.build-id", what: "aaaaaaaaaaaaaaaa and bbbbbbbbbbbbbbbb"},
		},
		"debug path": {
			making{files: c, sh: "gcc -g -c -o out $PWD/x.c", dir: "one"},
			making{files: c, sh: "gcc -g -c -o out $PWD/x.c", dir: "another"},
			expect{cause: BuildPath, where: "section .debug_", what: "/one"},
		},
		"build ID of stripped paths": {
			making{files: c, sh: "gcc -g -o out $PWD/x.c && strip out", dir: "one"},
			making{files: c, sh: "gcc -g -o out $PWD/x.c && strip out", dir: "two"},
			expect{cause: Digest, where: "section .note.gnu.build-id"},
		},
		"compressed": {
			making{files: c, sh: "gcc -g -gz -c -o out $PWD/x.c", dir: "one"},
			making{files: c, sh: "gcc -g -gz -c -o out $PWD/x.c", dir: "two"},
			expect{cause: BuildPath, where: "section .debug_", what: "/two"},
		},
		"code": {
			making{files: map[string]string{"x.c": "int same(void) { return 7; } int f(void) { return 1234567; }"}, sh: "gcc -c -o out x.c"},
			making{files: map[string]string{"x.c": "int same(void) { return 7; } int f(void) { return 1234667; }"}, sh: "gcc -c -o out x.c"},
			expect{cause: Unknown, where: "section .text, symbol f+0x", what: "87 and eb"},
		},
		"symbols": {
			making{files: c, sh: "cp x.c ccAbCdEf.c && gcc -c -o out ccAbCdEf.c"},
			making{files: c, sh: "cp x.c ccGhIjKl.c && gcc -c -o out ccGhIjKl.c"},
			expect{cause: TempName, where: "symbol table", what: `"ccAbCdEf.c" and "ccGhIjKl.c"`},
		},
		"order of the link": {
			making{files: map[string]string{"a.c": "int a(void) { return 1; }", "b.c": "int b(void) { return 2; }", "x.c": hello},
				sh: link + "-o out x.c a.c b.c"},
			making{files: map[string]string{"a.c": "int a(void) { return 1; }", "b.c": "int b(void) { return 2; }", "x.c": hello},
				sh: link + "-o out x.c b.c a.c"},
			expect{cause: Ordering, where: "symbol table", also: "section .text, symbol a+0x"},
		},
		"comment": {
			making{files: c, sh: "gcc -c x.c && objcopy -R .comment x.o && echo 'made by compiler one' >t && objcopy --add-section .comment=t x.o out"},
			making{files: c, sh: "gcc -c x.c && objcopy -R .comment x.o && echo 'made by compiler two' >t && objcopy --add-section .comment=t x.o out"},
			expect{cause: Unknown, where: "section .comment", what: `"made by compiler one" and "made by compiler two"`},
		},
		"a section more": {
			making{files: c, sh: "gcc -c -o out x.c"},
			making{files: c, sh: "gcc -c x.c && objcopy --add-section .more=x.c x.o out"},
			expect{cause: Unknown, where: "section .more", what: `nothing and ".more"`},
		},
		"type": {
			making{files: c, sh: "gcc -c -o out x.c"},
			making{files: c, sh: link + "-o out x.c"},
			expect{cause: Unknown, where: "ELF header", what: "ET_REL and ELFCLASS64"},
		},
		"behind": {
			making{files: c, sh: "gcc -c -o out x.c && printf 'on 2026-01-01\\n' >>out"},
			making{files: c, sh: "gcc -c -o out x.c && printf 'on 2026-01-02\\n' >>out"},
			expect{cause: Timestamp, where: "after the sections: line 1", what: `"on 2026-01-01" and "on 2026-01-02"`},
		},
		"headers": {
			making{files: c, sh: "gcc -c -o out x.c"},
			making{files: c, sh: "gcc -c -o out x.c && printf '\\001' | dd of=out bs=1 seek=8 conv=notrunc 2>/dev/null"},
			expect{cause: Unknown, where: "byte 8 (headers)", what: "00 and 01"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := test.first.make(t, t.TempDir()), test.again.make(t, t.TempDir())
			h := circumstances
			h.First.Start, h.Again.Start = firstTime, againTime
			test.want.check(t, explain(t, a, b, h))
		})
	}
}

func TestExplainAr(t *testing.T) {
	t.Parallel()
	need(t, "gcc", "ar", "touch")
	files := map[string]string{"a.c": "int a(void) { return 1; }", "b.c": "const char b[] = TEXT;", "long_name_of_an_object.c": "int c;"}
	build := func(define, times, ar string) making {
		return making{files: files, sh: "gcc -DTEXT='\"" + define + "\"' -c a.c b.c long_name_of_an_object.c && touch -d '" + times + "' *.o && " + ar}
	}
	const when = "2026-01-01 UTC"
	for name, test := range map[string]struct {
		first, again making
		want         expect
	}{
		"times": {build("x", when, "ar qcU out *.o"), build("x", "2027-01-01 UTC", "ar qcU out *.o"),
			expect{cause: Timestamp, where: "its time"}},
		"a time": {build("x", when, "ar qcSU out *.o"), build("x", "2027-01-01 UTC", "ar qcSU out *.o"),
			expect{cause: Timestamp, where: `member "a.o": its time`, what: "2026-01-01T00:00:00Z and 2027-01-01T00:00:00Z", also: `member "long_name_of_an_object.o"`}},
		"content": {build("text 12:13:14", when, "ar qcD out *.o"), build("text 12:13:15", "2027-01-01 UTC", "ar qcD out *.o"),
			expect{cause: Timestamp, where: `member "b.o": section .rodata, symbol b+0x`, what: `"text 12:13:14" and`}},
		"order": {build("x", when, "ar qcD out a.o b.o"), build("x", when, "ar qcD out b.o a.o"),
			expect{cause: Ordering, where: `member "a.o"`, what: `"a.o" and "b.o"`}},
		"no table": {build("x", when, "ar qcD out *.o"), build("x", when, "ar qcSD out *.o"),
			expect{cause: Unknown, where: "the file", what: "packed in another way"}},
		"mode": {build("x", when, "chmod 644 *.o && ar qcSU out *.o"), build("x", when, "chmod 600 *.o && ar qcSU out *.o"),
			expect{cause: Unknown, where: `member "a.o": its mode`, what: "100644 and 100600"}},
		"long name": {build("x", when, "ar qcD out long_name_of_an_object.o"),
			build("x", when, "mv long_name_of_an_object.o long_name_of_another_object.o && ar qcD out long_name_of_another_object.o"),
			expect{cause: Unknown, where: `member "long_name_of_an_object.o"`, what: `"long_name_of_another_object.o"`}},
		"temporary": {build("x", when, "mv a.o camlstartup112233.o && ar qcD out camlstartup112233.o"),
			build("x", when, "mv a.o camlstartup445566.o && ar qcD out camlstartup445566.o"),
			expect{cause: TempName, where: "member \"camlstartup112233.o\""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := test.first.make(t, t.TempDir()), test.again.make(t, t.TempDir())
			test.want.check(t, explain(t, a, b, Hints{}))
		})
	}
}

func TestExplainTar(t *testing.T) {
	t.Parallel()
	need(t, "tar")
	pack := func(flags, order string) making {
		return making{files: map[string]string{"a": "a", "b": "b"}, sh: "chmod 644 a b && tar " + flags + " -cf out " + order}
	}
	for name, test := range map[string]struct {
		first, again making
		want         expect
	}{
		"time": {pack("--mtime=@1772366400 --owner=0", "a b"), pack("--mtime=@1944043200 --owner=0", "a b"),
			expect{cause: Timestamp, where: `member "a": its time`}},
		"owner": {pack("--mtime=@1 --owner=me:1000", "a b"), pack("--mtime=@1 --owner=you:1001", "a b"),
			expect{cause: Machine, where: `member "a": its owner`, what: "(me:"}},
		"order": {pack("--mtime=@1", "a b"), pack("--mtime=@1", "b a"), expect{cause: Ordering, where: `member "a"`}},
		"gzip": {pack("-z --mtime=@1772366400", "a b"), pack("-z --mtime=@1944043200", "a b"),
			expect{cause: Timestamp, where: `gzip: member "a": its time`}},
		"mode": {pack("--mtime=@1 --mode=644", "a b"), pack("--mtime=@1 --mode=600", "a b"),
			expect{cause: Unknown, where: `member "a": its mode`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.want.check(t, explain(t, test.first.make(t, t.TempDir()), test.again.make(t, t.TempDir()), Hints{}))
		})
	}
}

func TestDiffoscope(t *testing.T) {
	t.Parallel()
	script := func(text string) string {
		path := filepath.Join(t.TempDir(), "diffoscope")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(path string) (string, error) { return Diffoscope(t.Context(), path, "one", "two") }
	if got, err := run(""); got != "" || err != nil {
		t.Errorf("without a program: %q, %v", got, err)
	}
	if got, err := run(script("exit 0")); got != "" || err != nil {
		t.Errorf("no difference: %q, %v", got, err)
	}
	if got, err := run(script(`echo "$@"; exit 1`)); !strings.HasSuffix(got, "--text - -- one two\n") || err != nil {
		t.Errorf("difference: %q, %v", got, err)
	}
	if got, err := run(script("yes line | head -n 9999; exit 1")); strings.Count(got, "line\n") != diffoscopeLines || !strings.HasSuffix(got, "\n… (cut)\n") || err != nil {
		t.Errorf("many lines: %d, %v", strings.Count(got, "line\n"), err)
	}
	if got, err := run(script("head -c 99999 /dev/zero | tr '\\0' x; exit 1")); len(got) > diffoscopeBytes+20 || !strings.HasSuffix(got, "… (cut)\n") || err != nil {
		t.Errorf("a long line: %d bytes, %v", len(got), err)
	}
	if _, err := run(script("echo broken >&2; exit 2")); err == nil || !strings.Contains(err.Error(), "exit status 2: broken") {
		t.Errorf("error %v", err)
	}
	if _, err := run("/nowhere/diffoscope"); err == nil {
		t.Error("no error for a missing program")
	}
}
