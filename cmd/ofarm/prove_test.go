package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/farm"
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

// An executable that was run nowhere is told, and an error if all were.
func TestUnproved(t *testing.T) {
	artifacts := []farm.Artifact{{Target: "alpine-3.20", Path: "alpine/bin/a"}, {Target: "debian-bookworm", Path: "debian/bin/a"}}
	results := append(proved()[:1], proved()[2])
	const told = "debian/bin/a was run nowhere: it needs glibc, and none of these roots has that\n" +
		`ofarm: hint: "ofarm lock --prove debian-bookworm" adds a root with the libc of that release` + "\n"
	var out bytes.Buffer
	w := &world{Stderr: &out}
	if err := w.unproved(results, artifacts); err != nil {
		t.Errorf("one was run: %v", err)
	}
	if diff := cmp.Diff("ofarm: warning: "+told, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	out.Reset()
	err := w.unproved(results[1:], artifacts)
	w.report(err)
	if diff := cmp.Diff("ofarm: error: "+told, out.String()); diff != "" || exitCode(err) != exitFailed {
		t.Errorf("exit code %d (-want +got):\n%s", exitCode(err), diff)
	}
}
