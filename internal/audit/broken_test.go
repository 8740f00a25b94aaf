package audit

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// only returns the one violation of a rule, and fails if there are others of it.
func only(t *testing.T, all []*Violation, rule Rule) *Violation {
	t.Helper()
	var found *Violation
	for _, v := range all {
		if v.Rule != rule {
			continue
		}
		if found != nil {
			t.Fatalf("two violations of %s: %v and %v", rule, found, v)
		}
		found = v
	}
	if found == nil {
		t.Fatalf("no violation of %s among %v", rule, all)
	}
	return found
}

func named(t *testing.T, name string) Policy {
	t.Helper()
	p, err := Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// linkMap reads the cross reference that build has written.
func linkMap(t *testing.T, file string) Origins {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o, err := ParseLink(data)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

const tlsUser = `int SSL_new(void);
int connect_tls(void) { return SSL_new(); }
`

// TestDynamicSSL is an executable for Debian that was linked with libssl.so: the
// record tells the word that asked for it and the package, a map the object.
func TestDynamicSSL(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"ssl.c": "int SSL_new(void) { return 0; }\n", "ssl.map": "OPENSSL_3.0.0 { global: *; };\n"},
		"-shared", "-fPIC", "-o", "libssl.so", "ssl.c", "-Wl,-soname,libssl.so.3", "-Wl,--version-script,ssl.map")
	build(t, dir, map[string]string{"tls.c": tlsUser, "main.c": "int connect_tls(void); int main(void) { return connect_tls(); }\n"},
		"-o", "tls", "main.c", "tls.c", "-L.", "-lssl", "-Wl,-Map=tls.map,--cref")
	record, err := json.Marshal(LinkRecord{Inputs: []LinkInput{
		{Name: "m", By: "-lm", Linkage: "dynamic"},
		{Name: "ssl", Path: filepath.Join(dir, "libssl.so"), Linkage: "dynamic", By: "-lssl", Package: "ssl"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	fromRecord, err := ParseLink(record)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		origins Origins
		want    []Origin
	}{
		"no record": {nil, nil},
		"record":    {fromRecord, []Origin{{File: filepath.Join(dir, "libssl.so"), Library: "ssl", Package: "ssl", By: "-lssl"}}},
	} {
		r, err := File(filepath.Join(dir, "tls"), Options{Origins: tt.origins})
		if err != nil {
			t.Fatal(err)
		}
		for _, policy := range []string{"mostly-static", "glibc_2.36", "manylinux_2_34"} {
			v := only(t, named(t, policy).Violations(r), RuleNeeded)
			if v.What != "libssl.so.3" || !cmp.Equal(v.Symbols, []string{"SSL_new"}) || !cmp.Equal(v.Origins, tt.want) {
				t.Errorf("%s, %s: got %+v", name, policy, v)
			}
		}
	}
	r, err := File(filepath.Join(dir, "tls"), Options{Origins: linkMap(t, filepath.Join(dir, "tls.map"))})
	if err != nil {
		t.Fatal(err)
	}
	v := only(t, named(t, "mostly-static").Violations(r), RuleNeeded)
	if len(v.Origins) != 1 || !strings.HasSuffix(v.Origins[0].File, ".o") {
		t.Errorf("got origins %+v", v.Origins)
	}
}

const randomUser = `unsigned arc4random(void);
unsigned stub_random(void) { return arc4random(); }
`

// TestRaisedFloor has a floor of 2.36 for one C stub in an archive.
func TestRaisedFloor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if !libcHas(t, "arc4random@@GLIBC_2.36") {
		t.Skip("the machine's glibc is older than 2.36")
	}
	build(t, dir, map[string]string{"stub.c": randomUser, "other.c": "int other(void) { return 1; }\n"}, "-c", "stub.c", "other.c")
	archive(t, dir, "librandom_stubs.a", "stub.o", "other.o")
	build(t, dir, map[string]string{"main.c": "unsigned stub_random(void); int main(void) { return stub_random() == 0; }\n"},
		"-o", "x", "main.c", "librandom_stubs.a", "-Wl,-Map=x.map,--cref")
	record := &LinkRecord{
		Inputs: []LinkInput{{Name: "random_stubs", Path: "librandom_stubs.a", Linkage: "static", By: "-lrandom_stubs", Package: "random"}},
		Undefined: []LinkSymbol{
			{Symbol: "arc4random", Version: "GLIBC_2.36", From: []string{"librandom_stubs.a(stub.o)"}},
			{Symbol: "arc4random", Version: "GLIBC_2.99", From: []string{"librandom_stubs.a(other.o)"}},
		},
	}
	full := Origin{File: "librandom_stubs.a(stub.o)", Library: "random_stubs", Package: "random", By: "-lrandom_stubs"}
	for name, tt := range map[string]struct {
		origins Origins
		want    Origin
	}{
		"map":    {linkMap(t, filepath.Join(dir, "x.map")), Origin{File: full.File, Library: full.Library}},
		"record": {record, full},
	} {
		r, err := File(filepath.Join(dir, "x"), Options{Origins: tt.origins})
		if err != nil {
			t.Fatal(err)
		}
		if r.Floor != "2.36" || !cmp.Equal(r.FloorSymbols, []string{"arc4random"}) {
			t.Fatalf("got floor %s by %q", r.Floor, r.FloorSymbols)
		}
		v := only(t, named(t, "glibc_2.35").Violations(r), RuleGLIBC)
		if diff := cmp.Diff([]Origin{tt.want}, v.Origins); diff != "" || v.What != "GLIBC_2.36" || Renewed("arc4random", v.What) {
			t.Errorf("%s: %+v (-want +got)\n%s", name, v, diff)
		}
		if err := named(t, "glibc_2.36").Check(r); err != nil {
			t.Errorf("%s: glibc_2.36: %v", name, err)
		}
		if !strings.Contains(v.Error(), tt.want.String()) {
			t.Errorf("%s: %q doesn't name %s", name, v, tt.want)
		}
	}
}

// TestStaticWithInterpreter: -static-pie without its start files, and the like.
func TestStaticWithInterpreter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"start.c": "void _start(void) { for (;;); }\n"},
		"-o", "x", "start.c", "-nostdlib", "-pie", "-fPIE", "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1")
	r, err := File(filepath.Join(dir, "x"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := only(t, named(t, "static").Violations(r), RuleInterpreter)
	if v.What != "/lib/ld-musl-x86_64.so.1" || len(r.Needed) != 0 || r.Libc != Musl {
		t.Errorf("got %+v in %+v", v, r)
	}
}

func TestLeakedBuildPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build(t, dir, map[string]string{"x.c": `#include <stdio.h>
int main(void) { puts("/home/builder/src/hello/x.ml"); puts("/home/%s/.config/x"); puts("/home/you"); return 0; }
`}, "-o", "x", "x.c")
	r, err := File(filepath.Join(dir, "x"), Options{Places: true})
	if err != nil {
		t.Fatal(err)
	}
	v := only(t, Policy{NoLeaks: true}.Violations(r), RuleLeak)
	if v.What != `"/home/builder/src/hello/x.ml"` || !strings.Contains(v.Why, ".rodata") {
		t.Errorf("got %+v", v)
	}
}

// libcHas looks for a line of objdump's about the machine's libc.
func libcHas(t *testing.T, symbol string) bool {
	t.Helper()
	name, version, _ := strings.Cut(symbol, "@@")
	r, err := os.ReadFile(systemLibraries(t, "libc.so.6")[0])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(r), "\x00"+name+"\x00") && strings.Contains(string(r), "\x00"+version+"\x00")
}
