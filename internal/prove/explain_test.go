package prove

import (
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/audit"
)

// The messages are real ones: of glibc 2.36 and 2.31, of musl 1.2.5, and of
// runc 1.1 under BuildKit.
var explainTests = map[string]struct {
	failure Failure
	report  audit.Report
	want    Reason
}{
	"glibc lacks a version": {
		failure: Failure{ExitCode: 1, Output: "/artifact/bin/newer: /lib/x86_64-linux-gnu/libm.so.6: version `GLIBC_2.99' not found (required by /artifact/bin/newer)\n"},
		report: audit.Report{File: "dist/bin/newer", Versions: []audit.Version{
			{Library: "libc.so.6", Name: "GLIBC_2.99", Symbols: []string{"not_this"}},
			{Library: "libm.so.6", Name: "GLIBC_2.34", Symbols: []string{"nor_this"}},
			{Library: "libm.so.6", Name: "GLIBC_2.99", Symbols: []string{"brand_new_call"}},
		}},
		want: Reason{
			Kind: SymbolVersion, Missing: []string{"GLIBC_2.99"}, In: "libm.so.6", By: "newer",
			Symbols: []string{"brand_new_call"}, Text: "libm.so.6 lacks GLIBC_2.99; asked for by brand_new_call",
		},
	},
	"glibc lacks several versions": {
		failure: Failure{ExitCode: 1, Output: "x: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.4' not found (required by x)\n" +
			"x: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by x)\n" +
			"x: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /lib/libother.so.1)\n" +
			"x: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_ABI_DT_RELR' not found (required by x)\n"},
		report: audit.Report{File: "x", Versions: []audit.Version{
			{Library: "libc.so.6", Name: "GLIBC_2.34", Symbols: []string{"d", "e"}},
			{Library: "libc.so.6", Name: "GLIBC_2.4", Symbols: []string{"a", "b", "c"}},
		}},
		want: Reason{
			Kind: SymbolVersion, Missing: []string{"GLIBC_2.34", "GLIBC_2.4", "GLIBC_ABI_DT_RELR"}, In: "libc.so.6", By: "x",
			Symbols: []string{"a", "b", "c", "d", "e"},
			Text:    "libc.so.6 lacks GLIBC_2.34, GLIBC_2.4, GLIBC_ABI_DT_RELR; asked for by a, b, c and 2 more",
		},
	},
	"several libraries lack versions": {
		failure: Failure{ExitCode: 1, Output: "/a/newer: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /a/newer)\n" +
			"/a/newer: /lib/x86_64-linux-gnu/libm.so.6: version `GLIBC_2.99' not found (required by /a/newer)\n"},
		report: audit.Report{File: "newer", Versions: []audit.Version{
			{Library: "libc.so.6", Name: "GLIBC_2.34", Symbols: []string{"__libc_start_main"}},
			{Library: "libm.so.6", Name: "GLIBC_2.99", Symbols: []string{"missing_call"}},
		}},
		want: Reason{
			Kind: SymbolVersion, Missing: []string{"GLIBC_2.99", "GLIBC_2.34"}, In: "libm.so.6", By: "newer",
			Symbols: []string{"__libc_start_main", "missing_call"},
			Text:    "libm.so.6 lacks GLIBC_2.99, libc.so.6 lacks GLIBC_2.34; asked for by __libc_start_main, missing_call",
		},
	},
	"a library needs the version": {
		failure: Failure{ExitCode: 1, Output: "/artifact/x: /lib/libc.so.6: version `GLIBC_2.38' not found (required by /lib/libssl.so.3)\n"},
		report:  audit.Report{File: "dist/x"},
		want: Reason{
			Kind: SymbolVersion, Missing: []string{"GLIBC_2.38"}, In: "libc.so.6", By: "libssl.so.3",
			Text: "libc.so.6 lacks GLIBC_2.38; asked for by libssl.so.3",
		},
	},
	"glibc lacks a library": {
		failure: Failure{ExitCode: 127, Output: "/artifact/bin/x: error while loading shared libraries: libssl.so.3: cannot open shared object file: No such file or directory\n"},
		want:    Reason{Kind: Library, Missing: []string{"libssl.so.3"}, Text: "libssl.so.3 is not in the root"},
	},
	"glibc has a bad library": {
		failure: Failure{ExitCode: 127, Output: "./x: error while loading shared libraries: bad/libmissing.so.3: invalid ELF header\n"},
		want:    Reason{Kind: Library, Missing: []string{"bad/libmissing.so.3"}, Text: "bad/libmissing.so.3 can't be loaded: invalid ELF header"},
	},
	"glibc lacks a symbol": {
		failure: Failure{ExitCode: 127, Output: "./needslib: symbol lookup error: ./needslib: undefined symbol: missing_fn\n"},
		want:    Reason{Kind: Symbol, Missing: []string{"missing_fn"}, By: "needslib", Text: "no library has missing_fn, which needslib asks for"},
	},
	"glibc lacks a versioned symbol": {
		failure: Failure{ExitCode: 127, Output: "./x: symbol lookup error: /lib/libb.so: undefined symbol: f, version LIBA_1.2\n"},
		want:    Reason{Kind: Symbol, Missing: []string{"f@LIBA_1.2"}, By: "libb.so", Text: "no library has f@LIBA_1.2, which libb.so asks for"},
	},
	"glibc's loader is confused": {
		failure: Failure{ExitCode: 127, Output: "Inconsistency detected by ld.so: dl-lookup.c: 107: check_match: Assertion `version->filename == NULL || ! _dl_name_match_p (version->filename, map)' failed!\n"},
		want:    Reason{Kind: Loader, Text: "Inconsistency detected by ld.so: dl-lookup.c: 107: check_match: Assertion `version->filename == NULL || ! _dl_name_match_p (version->filename, map)' failed!"},
	},
	"musl lacks libraries": {
		failure: Failure{ExitCode: 127, Output: "Error loading shared library libmissing.so.3: No such file or directory (needed by ./needslib)\n" +
			"Error loading shared library libz.so.1: No such file or directory (needed by ./needslib)\n" +
			"Error relocating ./needslib: missing_fn: symbol not found\n"},
		want: Reason{
			Kind: Library, Missing: []string{"libmissing.so.3", "libz.so.1"}, By: "needslib",
			Text: "libmissing.so.3, libz.so.1 are not in the root, needed by needslib",
		},
	},
	"musl has a bad library": {
		failure: Failure{ExitCode: 127, Output: "Error loading shared library libmissing.so.3: Exec format error (needed by ./needslib)\nError relocating ./needslib: missing_fn: symbol not found\n"},
		want: Reason{
			Kind: Library, Missing: []string{"libmissing.so.3"}, By: "needslib",
			Text: "libmissing.so.3 can't be loaded: Exec format error, needed by needslib",
		},
	},
	"musl lacks a symbol": {
		failure: Failure{ExitCode: 127, Output: "Error relocating /artifact/x: brand_new_call: symbol not found\nError relocating /artifact/x: other: symbol not found\n"},
		want:    Reason{Kind: Symbol, Missing: []string{"brand_new_call", "other"}, By: "x", Text: "no library has brand_new_call, other, which x asks for"},
	},
	"no loader": {
		failure: Failure{ExitCode: 1, Output: "exec /artifact/bin/dynamic: no such file or directory\n"},
		report:  audit.Report{Interpreter: "/lib64/ld-linux-x86-64.so.2"},
		want: Reason{
			Kind: Interpreter, Missing: []string{"/lib64/ld-linux-x86-64.so.2"},
			Text: "its loader /lib64/ld-linux-x86-64.so.2 is not in the root",
		},
	},
	"another platform": {
		failure: Failure{ExitCode: 1, Output: "exec /artifact/bin/arm: exec format error\n"},
		report:  audit.Report{Platform: "linux/arm64", Machine: "aarch64"},
		want:    Reason{Kind: Platform, Text: "this machine can't run executables of linux/arm64"},
	},
	"an emulator that is only outside": {
		failure: Failure{ExitCode: 1, Output: "exec /artifact/bin/arm: no such file or directory\n", Foreign: true},
		report:  audit.Report{Platform: "linux/arm64", Interpreter: "/lib/ld-linux-aarch64.so.1"},
		want:    Reason{Kind: Platform, Text: "this machine's emulator of linux/arm64 is not there inside a root"},
	},
	"no loader, says an emulator": {
		failure: Failure{ExitCode: 255, Output: "aarch64-binfmt-P: Could not open '/lib/ld-linux-aarch64.so.1': No such file or directory\n"},
		report:  audit.Report{Platform: "linux/arm64", Interpreter: "/lib/ld-linux-aarch64.so.1"},
		want: Reason{
			Kind: Interpreter, Missing: []string{"/lib/ld-linux-aarch64.so.1"},
			Text: "its loader /lib/ld-linux-aarch64.so.1 is not in the root",
		},
	},
	"another file, says a program": {
		failure: Failure{ExitCode: 255, Output: "tool: Could not open '/etc/tool.conf': No such file or directory\n"},
		report:  audit.Report{Platform: "linux/arm64", Interpreter: "/lib/ld-linux-aarch64.so.1"},
		want:    Reason{Kind: Exit, Text: "exit code 255: tool: Could not open '/etc/tool.conf': No such file or directory"},
	},
	"a crash under an emulator": {
		failure: Failure{ExitCode: 139, Output: "starting\nqemu: uncaught target signal 11 (Segmentation fault) - core dumped\n"},
		report:  audit.Report{Platform: "linux/arm64"},
		want:    Reason{Kind: Signal, Text: "ended by SIGSEGV: starting"},
	},
	"not executable": {
		failure: Failure{ExitCode: 1, Output: "runc run failed: unable to start container process: exec: \"/artifact/bin/noexec\": permission denied\n"},
		want:    Reason{Kind: Start, Text: "it can't be started: exec: \"/artifact/bin/noexec\": permission denied"},
	},
	"no exit": {
		failure: Failure{ExitCode: -1, Start: "process \"/artifact/x\" did not complete: runc is gone"},
		want:    Reason{Kind: Start, Text: "it can't be started: process \"/artifact/x\" did not complete: runc is gone"},
	},
	"a bad memory access": {
		failure: Failure{ExitCode: 139},
		want:    Reason{Kind: Signal, Text: "ended by SIGSEGV"},
	},
	"a new instruction": {
		failure: Failure{ExitCode: 132, Output: "starting\n"},
		want:    Reason{Kind: Signal, Text: "ended by SIGILL (the processor lacks an instruction that it uses): starting"},
	},
	"colours": {
		failure: Failure{ExitCode: 1, Output: "\x1b[31mbad\x1b[0m\n"},
		want:    Reason{Kind: Exit, Text: "exit code 1: [31mbad[0m"},
	},
	"no signal": {
		failure: Failure{ExitCode: 255},
		want:    Reason{Kind: Exit, Text: "exit code 255"},
	},
	"its own failure": {
		failure: Failure{ExitCode: 2, Output: "usage: x\nx: unknown option '--version'\r\n\n"},
		want:    Reason{Kind: Exit, Text: "exit code 2: x: unknown option '--version'"},
	},
	// A program's own words about a file aren't the kernel's about it.
	"its own missing file": {
		failure: Failure{ExitCode: 1, Output: "exec /artifact/helper: no such file or directory, sorry\n"},
		report:  audit.Report{Interpreter: "/lib64/ld-linux-x86-64.so.2"},
		want:    Reason{Kind: Exit, Text: "exit code 1: exec /artifact/helper: no such file or directory, sorry"},
	},
}

func TestExplain(t *testing.T) {
	for name, test := range explainTests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Explain(test.failure, &test.report)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzExplain: whatever a program writes, there is a reason, on one line.
func FuzzExplain(f *testing.F) {
	for _, test := range explainTests {
		f.Add(test.failure.Output, test.failure.Start, test.failure.ExitCode)
	}
	f.Fuzz(func(t *testing.T, output, start string, code int) {
		why := Explain(Failure{Output: output, Start: start, ExitCode: code}, &audit.Report{})
		if why.Text == "" || why.Kind == "" {
			t.Errorf("no reason: %+v", why)
		}
		for _, c := range why.Text {
			if !unicode.IsPrint(c) {
				t.Errorf("not one line of text: %q", why.Text)
			}
		}
	})
}
