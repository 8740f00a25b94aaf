package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/verify"
)

// The names of files come out of packages, and may be meant to deceive a terminal.
func TestPrintVerifiedNames(t *testing.T) {
	const name = "bin/\x1b[2Ja\tb"
	v := &farm.Verified{
		Artifacts: []farm.ArtifactPair{{Path: name, First: strings.Repeat("a", 64)}},
		Differences: []farm.StepDifference{
			{Target: "alpine", Explained: []verify.Difference{{File: name, What: "mode 0644 and 0755"}}},
		},
	}
	var out bytes.Buffer
	w := &world{Stdout: &out, Stderr: &out}
	if err := w.printVerified(verifyOptions{}, "dist", v); err != nil {
		t.Fatal(err)
	}
	w.report(verifyFailures(v))
	if got := out.String(); strings.ContainsAny(got, "\x1b\t") || strings.Count(got, `bin/\x1b[2Ja\tb"`) != 3 {
		t.Errorf("%s", got)
	}
	out.Reset()
	if err := w.printVerified(verifyOptions{solving: solving{json: true}}, "dist", v); err != nil || !strings.Contains(out.String(), `"file": "bin/\u001b[2Ja\tb"`) {
		t.Errorf("%v\n%s", err, out.String())
	}
	for name, want := range map[string]string{"lib/a b": "lib/a b", "é": "é", "\xff": `"\xff"`, `"a"`: `"\"a\""`, "\u202e": `"\u202e"`} {
		if got := shownName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
