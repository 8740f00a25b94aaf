package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/prove"
)

// proved are results of three executables, one of another platform.
func proved() []prove.Result {
	lacks := &prove.Reason{Kind: prove.SymbolVersion, Text: "libc.so.6 lacks GLIBC_2.34; asked for by pthread_create"}
	return []prove.Result{
		{Artifact: "alpine/bin/a", Root: "empty", Verdict: prove.Passed},
		{Artifact: "alpine/bin/a", Root: "debian-bullseye", Verdict: prove.Passed},
		{Artifact: "debian/bin/a", Root: "empty", Verdict: prove.NotRun, Reason: &prove.Reason{Kind: prove.Unfit, Text: "needs glibc"}},
		{Artifact: "debian/bin/a", Root: "debian-bullseye", Verdict: prove.Failed, Reason: lacks},
		{Artifact: "other/bin/a", Root: "empty", Verdict: prove.Passed},
	}
}

func TestProofTable(t *testing.T) {
	var out bytes.Buffer
	w := &world{Stdout: &out}
	if err := w.printProofs(proveOptions{}, proved()); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"ARTIFACT      empty        debian-bullseye",
		"alpine/bin/a  ok           ok",
		"debian/bin/a  needs glibc  FAILED",
		"other/bin/a   ok           -",
		"",
	}, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProofFailures(t *testing.T) {
	var out bytes.Buffer
	w := &world{Stderr: &out}
	err := proveFailures(proved())
	if code := exitCode(err); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	w.report(err)
	want := "ofarm: error: debian/bin/a doesn't run in debian-bullseye: libc.so.6 lacks GLIBC_2.34; asked for by pthread_create\n" +
		"ofarm: hint: " + hintProveVersion + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := proveFailures(proved()[:3]); err != nil {
		t.Errorf("nothing failed: %v", err)
	}
}
