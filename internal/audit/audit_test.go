package audit

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"
	"pgregory.net/rapid"
)

func TestLinkages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	libraries(t, dir)
	build(t, dir, map[string]string{"caller.c": caller, "hello.c": hello}, "-c", "hello.c", "caller.c")
	for name, tt := range map[string]struct {
		args          []string
		typ, linkage  string
		needed        []string
		interp, debug bool
	}{
		"static": {
			args: []string{"hello.o", "-static", "-no-pie"}, typ: TypeExec, linkage: Static,
		},
		"static-pie": {
			args: []string{"hello.o", "-static-pie"}, typ: TypeStaticPIE, linkage: Static,
		},
		"pie": {
			args: []string{"hello.o", "-pie"}, typ: TypePIE, linkage: MostlyStatic,
			needed: []string{"libc.so.6"}, interp: true,
		},
		"no-pie": {
			args: []string{"hello.o", "-no-pie"}, typ: TypeExec, linkage: MostlyStatic,
			needed: []string{"libc.so.6"}, interp: true,
		},
		"dynamic": {
			args: []string{"caller.o", "-L.", "-lplain", "-lver"}, typ: TypePIE, linkage: Dynamic,
			needed: []string{"libplain.so.7", "libver.so.1", "libc.so.6"}, interp: true,
		},
		"shared": {
			args: []string{"-shared", "-fPIC", "plain.c"}, typ: TypeShared, linkage: MostlyStatic,
			needed: []string{"libc.so.6"},
		},
		"debug": {
			args: []string{"-g", "hello.c"}, typ: TypePIE, linkage: MostlyStatic,
			needed: []string{"libc.so.6"}, interp: true, debug: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(dir, name)
			build(t, dir, nil, append([]string{"-o", name, "-Wl,--no-as-needed"}, tt.args...)...)
			r, err := File(out, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Type != tt.typ || r.Linkage != tt.linkage || (r.Interpreter != "") != tt.interp || r.Debug != tt.debug {
				t.Errorf("got type %q, linkage %q, interpreter %q, debug %v", r.Type, r.Linkage, r.Interpreter, r.Debug)
			}
			if diff := cmp.Diff(tt.needed, r.Needed); diff != "" {
				t.Errorf("NEEDED (-want +got)\n%s", diff)
			}
			if r.Platform == "" || !r.Symbols || r.ExecStack {
				t.Errorf("got platform %q, symbols %v, executable stack %v", r.Platform, r.Symbols, r.ExecStack)
			}
		})
	}
}

func TestViolationsNameTheCause(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	libraries(t, dir)
	build(t, dir, map[string]string{"caller.c": caller}, "-o", "caller", "caller.c", "-L.", "-lplain", "-lver",
		"-Wl,-rpath,/ofarm/lib", "-Wl,--enable-new-dtags", "-z", "execstack", "-Wl,-z,stack-size=8388608")
	r, err := File(filepath.Join(dir, "caller"), Options{Prefixes: []string{"/ofarm/"}})
	if err != nil {
		t.Fatal(err)
	}
	if r.ThreadStack != 8<<20 {
		t.Errorf("thread stack: got %d bytes", r.ThreadStack)
	}
	p := Policy{
		Linkage: MostlyStatic, Platform: r.Platform, MaxGLIBC: "2.0",
		NoRunpath: true, NoExecStack: true, NoLeaks: true, NoPrivate: true,
	}
	got := map[Rule][]string{}
	for _, v := range violations(t, p.Check(r)) {
		if v.File != r.File || v.Why == "" {
			t.Errorf("violation without file or reason: %+v", v)
		}
		got[v.Rule] = append(got[v.Rule], v.What)
		if v.What == "libver.so.1" && !slices.Equal(v.Symbols, []string{"ver_a", "ver_b"}) {
			t.Errorf("libver's symbols: got %q", v.Symbols)
		}
	}
	floors := got[RuleGLIBC]
	delete(got, RuleGLIBC)
	want := map[Rule][]string{
		RuleNeeded:    {"libplain.so.7", "libver.so.1"},
		RuleRunpath:   {"/ofarm/lib"},
		RuleExecStack: {"executable stack"},
		RuleLeak:      {`"/ofarm/lib"`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("violations (-want +got)\n%s", diff)
	}
	if len(floors) == 0 || floors[0] != "GLIBC_"+r.Floor {
		t.Errorf("glibc violations: got %q, want the floor %s first", floors, r.Floor)
	}
	p = Policy{Linkage: MostlyStatic, AllowNeeded: []string{"libver.so.*", "libplain.so.7"}, MaxGLIBC: r.Floor}
	if err := p.Check(r); err != nil {
		t.Errorf("a policy that allows it all: %v", err)
	}
}

func violations(t *testing.T, err error) []*Violation {
	t.Helper()
	var m *multierror.Error
	if !errors.As(err, &m) {
		t.Fatalf("got error %v, want a multierror", err)
	}
	var out []*Violation
	for _, e := range m.Errors {
		var v *Violation
		if !errors.As(e, &v) {
			t.Fatalf("got %T, want a Violation", e)
		}
		out = append(out, v)
	}
	return out
}

func TestPolicyOnReports(t *testing.T) {
	t.Parallel()
	glibc := func(names ...string) (out []Version) {
		for _, n := range names {
			out = append(out, Version{Library: "libc.so.6", Name: n, Symbols: []string{"sym_" + n}})
		}
		return out
	}
	for name, tt := range map[string]struct {
		p    Policy
		r    Report
		want []string
	}{
		"zero value allows all": {
			r: Report{Kind: KindELF, Needed: []string{"libX.so"}, ExecStack: true, RPath: []string{"/x"}},
		},
		"script": {
			p: Policy{Linkage: Static, NoExecStack: true, Platform: "linux/amd64"},
			r: Report{Kind: KindScript, Interpreter: "/bin/sh"},
		},
		"interpreter in a static one": {
			p:    Policy{Linkage: Static},
			r:    Report{Kind: KindELF, Interpreter: "/lib/ld-musl-x86_64.so.1", Needed: []string{"libc.musl-x86_64.so.1"}},
			want: []string{"interpreter /lib/ld-musl-x86_64.so.1", "needed libc.musl-x86_64.so.1"},
		},
		"libc's family is not allowed in a static one": {
			p:    Policy{Linkage: Static},
			r:    Report{Kind: KindELF, Needed: []string{"libm.so.6"}},
			want: []string{"needed libm.so.6"},
		},
		"floor compares numbers": {
			p:    Policy{MaxGLIBC: "2.31"},
			r:    Report{Kind: KindELF, Versions: glibc("GLIBC_2.4", "GLIBC_2.31", "GLIBC_2.34", "GLIBC_2.38")},
			want: []string{"glibc-floor GLIBC_2.38", "glibc-floor GLIBC_2.34"},
		},
		"private": {
			p:    Policy{NoPrivate: true},
			r:    Report{Kind: KindELF, Versions: glibc("GLIBC_PRIVATE")},
			want: []string{"glibc-private GLIBC_PRIVATE"},
		},
		"platform": {
			p:    Policy{Platform: "linux/arm64"},
			r:    Report{Kind: KindELF, Class: 64, Machine: "x86_64", Platform: "linux/amd64"},
			want: []string{"platform 64-bit x86_64"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			if err := tt.p.Check(&tt.r); err != nil {
				for _, v := range violations(t, err) {
					got = append(got, string(v.Rule)+" "+v.What)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNotELF(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, kind, interp string }{
		"script": {"#! /usr/bin/env ocaml\nlet () = ()\n", KindScript, "/usr/bin/env ocaml"},
		"text":   {"hello", KindOther, ""},
		"empty":  {"", KindOther, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := readBytes([]byte(tt.text), Options{})
			if err != nil || r.Kind != tt.kind || r.Interpreter != tt.interp {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

func TestForeignMachines(t *testing.T) {
	t.Parallel()
	r, err := readBytes(tiny(elf.ET_EXEC, elf.EM_AARCH64, "/lib/ld-linux-aarch64.so.1"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Platform != "linux/arm64" || r.Interpreter != "/lib/ld-linux-aarch64.so.1" || r.Linkage != MostlyStatic || !r.ExecStack {
		t.Errorf("got %+v", r)
	}
	r, err = readBytes(tiny(elf.ET_EXEC, elf.EM_RISCV, ""), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Platform != "" || r.Machine != "EM_RISCV" || r.Linkage != Static {
		t.Errorf("got %+v", r)
	}
}

// TestDamaged cuts a real executable and flips its bytes: an error or a report,
// never a panic, and never "static" for a file that was dynamic and got cut.
func TestDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"hello.c": hello}, "-o", "hello", "hello.c")
	whole, err := os.ReadFile(filepath.Join(dir, "hello"))
	if err != nil {
		t.Fatal(err)
	}
	for n := 4; n < len(whole); n += 37 {
		if r, err := readBytes(whole[:n], Options{}); err == nil {
			t.Errorf("cut to %d of %d bytes: no error, linkage %q", n, len(whole), r.Linkage)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b := slices.Clone(whole)
		for range rapid.IntRange(1, 8).Draw(t, "flips") {
			b[rapid.IntRange(4, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		_, _ = readBytes(b, Options{Prefixes: []string{"/ofarm/"}})
	})
}

func TestSectionHeadersRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"hello.c": hello}, "-o", "hello", "hello.c")
	b, err := os.ReadFile(filepath.Join(dir, "hello"))
	if err != nil {
		t.Fatal(err)
	}
	clear(b[0x28:0x30]) // e_shoff
	clear(b[0x3c:0x40]) // e_shnum, e_shstrndx
	if r, err := readBytes(b, Options{}); err == nil || !strings.Contains(err.Error(), "section") {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestFileErrorsNameThePath(t *testing.T) {
	t.Parallel()
	for _, path := range []string{filepath.Join(t.TempDir(), "missing"), t.TempDir()} {
		if _, err := File(path, Options{}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v", err)
		}
	}
}

func TestStripKeepsTheAudit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("strip"); err != nil {
		t.Skip("strip is not installed")
	}
	dir := t.TempDir()
	build(t, dir, map[string]string{"hello.c": hello}, "-g", "-o", "hello", "hello.c")
	path := filepath.Join(dir, "hello")
	before, err := File(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("strip", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	after, err := File(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if after.Debug || after.Symbols || !before.Debug || !before.Symbols {
		t.Errorf("debug and symbols: before %v %v, after %v %v", before.Debug, before.Symbols, after.Debug, after.Symbols)
	}
	if diff := cmp.Diff(ours(before), ours(after)); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
}

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	order := []string{"x", "2", "2.2.5", "2.4", "2.17", "2.29", "2.31", "2.100", "10", "99999999999999999999.1"}
	for i, a := range order {
		for j, b := range order {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = +1
			}
			if got := CompareVersions(a, b); got != want {
				t.Errorf("CompareVersions(%q, %q): got %d, want %d", a, b, got, want)
			}
		}
	}
	if CompareVersions("2.31", "2.31.0") != 0 || CompareVersions("2.031", "2.31") != 0 {
		t.Error("zeros at the end or the front must not count")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(tiny(elf.ET_DYN, elf.EM_X86_64, "/lib64/ld-linux-x86-64.so.2"))
	f.Add(tiny(elf.ET_EXEC, elf.EM_AARCH64, ""))
	f.Add(compressed("/ofarm/x"))
	f.Add([]byte("#!/bin/sh\n"))
	f.Add(macPortable.bytes())
	f.Add(fat(macBound.bytes(), macPortable.bytes()))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := readBytes(b, Options{Prefixes: []string{"/ofarm/"}, Places: true, Temps: true})
		if err == nil && (r.Size != int64(len(b)) || len(r.SHA256) != 64) {
			t.Errorf("got %+v", r)
		}
	})
}
