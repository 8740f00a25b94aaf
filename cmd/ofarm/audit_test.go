package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/link"
)

// TestAuditReadsLinkRecords: the shape that the linker shim writes is the one
// that the audit reads.
func TestAuditReadsLinkRecords(t *testing.T) {
	data, err := json.Marshal(link.Record{
		Inputs: []link.Input{{Name: "ev", Path: "/usr/lib/libev.a", Linkage: link.InputStatic, By: "-lev", Package: "conf-libev"}},
		Undefined: []link.Undefined{
			{Symbol: "pow", Version: "GLIBC_2.29", From: []string{"/usr/lib/libev.a(ev.o)"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	o, err := audit.ParseLink(data)
	if err != nil {
		t.Fatal(err)
	}
	want := []audit.Origin{{File: "/usr/lib/libev.a(ev.o)", Library: "ev", Package: "conf-libev", By: "-lev"}}
	if diff := cmp.Diff(want, o.Symbol("pow", "GLIBC_2.29")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestAuditOfShimsLink raises the floor by one C stub in an archive, links it
// through the real shim, and wants the stub named.
func TestAuditOfShimsLink(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"stub.c": "unsigned arc4random(void);\nunsigned stub(void) { return arc4random(); }\n",
		"main.c": "unsigned stub(void);\nint main(void) { return stub() == 0; }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) {
		t.Helper()
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(err)
		}
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "OFARM_LINK_MODE=mostly-static", "OFARM_LINK_RECORDS="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
	}
	shim := filepath.Join(dir, "gcc")
	if out, err := exec.Command("go", "build", "-o", shim, "github.com/ofarm/ofarm/cmd/ofarm-cc").CombinedOutput(); err != nil {
		t.Fatalf("building the shim: %v\n%s", err, out)
	}
	run("gcc", "-c", "main.c", "stub.c")
	probe := exec.Command("gcc", "-o", "probe", "main.o", "stub.o")
	probe.Dir = dir
	if err := probe.Run(); err != nil {
		t.Skip("the machine's libc has no arc4random")
	}
	run("ar", "rcs", "librandom_stubs.a", "stub.o")
	run(shim, "-o", "x", "main.o", "-L.", "-lrandom_stubs")
	records, err := filepath.Glob(filepath.Join(dir, "x-*.json"))
	if err != nil || len(records) != 1 {
		t.Fatalf("got records %q, %v", records, err)
	}
	var out bytes.Buffer
	w := &world{Stdout: &out, Stderr: io.Discard}
	err = w.audit(auditOptions{policy: "glibc_2.31", linkRecord: records[0]}, []string{filepath.Join(dir, "x")})
	if !as[*brokenPolicyError](err) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		"  glibc-floor: GLIBC_2.36: newer than 2.31, the highest glibc allowed; asked for by arc4random\n" +
			"    from librandom_stubs.a(stub.o), linked by -lrandom_stubs\n    hint: build it for debian-bullseye",
		"asked for by __libc_start_main\n    from crt1.o, linked by the compiler\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%s\nwant in it\n%s", out.String(), want)
		}
	}
}

func TestAuditHints(t *testing.T) {
	glibc := func(version string, symbols ...string) *audit.Violation {
		return &audit.Violation{Rule: audit.RuleGLIBC, What: "GLIBC_" + version, Symbols: symbols}
	}
	neededBy := func(file, lib string) *audit.Violation {
		return &audit.Violation{File: file, Rule: audit.RuleNeeded, Library: lib}
	}
	needed := func(lib string) *audit.Violation { return neededBy("bin/x", lib) }
	for name, tt := range map[string]struct {
		v      *audit.Violation
		policy string
		want   string
	}{
		"renewed symbols":  {glibc("2.34", "dlopen", "__libc_start_main"), "glibc_2.31", "debian-bullseye (glibc 2.31): older glibcs have"},
		"one is new":       {glibc("2.34", "dlopen", "closefrom"), "glibc_2.31", "debian-bullseye (glibc 2.31): what is linked there"},
		"between releases": {glibc("2.38", "strlcpy"), "glibc_2.37", "debian-bookworm (glibc 2.36)"},
		"no symbols":       {glibc("2.34"), "glibc_2.31", "what is linked there"},
		"older than all":   {glibc("2.34", "dlopen"), "glibc_2.17", "debian-bullseye: with glibc 2.31 it is the oldest target"},
		"none so old":      {glibc("2.29", "pow"), "glibc_2.17", "no target has a glibc of 2.17"},
		"runtime":          {needed("libstdc++.so.6"), "mostly-static", "-static-libstdc++"},
		"executable":       {needed("libssl.so.3"), "mostly-static", "static archive"},
		"static":           {needed("libc.so.6"), "static", "-static"},
		"plugin":           {neededBy("dist/x/bin/p.cmxs", "libssl.so.3"), "mostly-static", "built with -fPIC"},
		"plugin's runtime": {neededBy("p.cmxs", "libstdc++.so.6"), "mostly-static", "-static-libstdc++"},
		"library":          {neededBy("libx.so.2.1", "libz.so.1"), "mostly-static", "built with -fPIC"},
		"static library":   {neededBy("p.cmxs", "libc.so.6"), "static", "no shared library is static"},
		"on macOS":         {needed("/opt/homebrew/lib/libssl.3.dylib"), "mostly-static", "lib*.a"},
		"static on macOS":  {needed("/usr/lib/libSystem.B.dylib"), "static", "macOS has no static"},
	} {
		p, err := audit.Named(tt.policy)
		if err != nil {
			t.Fatal(err)
		}
		if got := auditHint(tt.v, p); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q in it", name, got, tt.want)
		}
	}
	for _, rule := range []audit.Rule{
		audit.RuleInterpreter, audit.RulePrivate, audit.RuleVersion, audit.RuleRunpath, audit.RuleExecStack, audit.RuleLeak, audit.RuleTemp,
		audit.RuleDebug, audit.RuleSymbols, audit.RulePIE, audit.RuleRELRO, audit.RuleBindNow, audit.RuleThreadStack, audit.RuleMacOS,
	} {
		if auditHint(&audit.Violation{Rule: rule}, audit.Policy{}) == "" {
			t.Errorf("%s has no hint", rule)
		}
	}
}

func TestPrintUniversalMachO(t *testing.T) {
	slice := func(platform string, pie bool) *audit.Report {
		return &audit.Report{
			Kind: audit.KindMachO, Platform: platform, Linkage: audit.MostlyStatic, Type: audit.TypeExec, PIE: pie,
			Interpreter: "/usr/lib/dyld", Needed: []string{"/usr/lib/libSystem.B.dylib"}, MinOS: "11.0", SDK: "14.5", Signed: pie,
		}
	}
	r := &audit.Report{File: "x", Kind: audit.KindMachO, Size: 123456, Slices: []*audit.Report{slice("darwin/amd64", false), slice("darwin/arm64", true)}}
	policy := audit.Policy{Name: "ours", PIE: true}
	v := &verdict{Policy: "ours"}
	for _, one := range policy.Violations(r) {
		v.Violations = append(v.Violations, finding{one, auditHint(one, policy)})
	}
	var out bytes.Buffer
	w := &world{Stdout: &out, Stderr: io.Discard}
	if err := w.printAudit(auditOptions{}, []audited{{r, v}}); err != nil {
		t.Fatal(err)
	}
	want := `x: universal Mach-O file of 2 architectures
  platform         darwin/amd64
  interpreter      /usr/lib/dyld
  needs            /usr/lib/libSystem.B.dylib
  hardening        no PIE
  macOS            11.0 or later, made with SDK 14.5, not signed
  symbols          stripped, no debug information
  platform         darwin/arm64
  interpreter      /usr/lib/dyld
  needs            /usr/lib/libSystem.B.dylib
  hardening        PIE
  macOS            11.0 or later, made with SDK 14.5, signed
  symbols          stripped, no debug information
  build paths      none
  temporary files  none
  size             123 kB
  sha256           
  policy           ours: 1 violation
  pie: darwin/amd64: no PIE: the executable is loaded at a fixed address
    hint: ` + hintAuditPIE + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
