package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/verify"
)

// verified is what came of a build with one package that writes the time.
func verified() *farm.Verified {
	return &farm.Verified{
		Artifacts: []farm.ArtifactPair{
			{Path: "alpine/bin/a", First: strings.Repeat("a", 64), Again: strings.Repeat("a", 64)},
			{Path: "alpine/bin/b", First: strings.Repeat("b", 64), Again: strings.Repeat("c", 64)},
			{Path: "alpine/bin/c", Again: strings.Repeat("c", 64)},
		},
		Inputs: []farm.InputPair{{Target: "alpine", What: "root base", First: "sha256:1", Again: "sha256:2"}},
		Steps: []farm.StepPair{
			{Target: "alpine", Step: "root base", First: "1", Again: "1"},
			{Target: "alpine", Step: "stamp.1", First: "1", Again: "2"},
			{Target: "alpine", Step: "app", First: "1", Again: "2", After: []string{"stamp.1"}},
		},
		Differences: []farm.StepDifference{{
			Target: "alpine", Step: "stamp.1", Report: "/kept/diffoscope.txt", Changes: make([]verify.Change, 2),
			Explained: []verify.Difference{{
				File: "lib/stamp", Where: "line 1", What: `"1" and "2"`, Cause: verify.Timestamp, CauseText: "a timestamp", Advice: "leave it out",
			}},
		}, {
			Target: "alpine", Changes: make([]verify.Change, 1),
			Explained: []verify.Difference{{File: "alpine/bin/b", What: "mode 0644 and 0755", Cause: verify.Unknown}},
		}},
		Circumstances: []farm.Circumstance{
			{What: farm.Kernel, First: "6.1", Again: "6.1"},
			{What: farm.Processors, First: "2", Again: "1", Varied: true},
			{What: farm.Memory, Again: "1 kB"},
		},
		Kept: "/kept",
	}
}

func TestPrintVerified(t *testing.T) {
	const want = `ARTIFACT           SHA256        VERDICT
dist/alpine/bin/a  aaaaaaaaaaaa  same
dist/alpine/bin/b  bbbbbbbbbbbb  DIFFERS
dist/alpine/bin/c  cccccccccccc  only in the second build

STEP     TARGET  VERDICT
stamp.1  alpine  DIFFERS
app      alpine  differs, after stamp.1

CIRCUMSTANCE  FIRST  AGAIN
processors    2      1
kernel        6.1    the same
memory        -      1 kB

what differs is in /kept
ofarm: error: alpine: root base is assembled otherwise the second time: sha256:1 and sha256:2
ofarm: hint: did a file of the project change meanwhile? Otherwise this is a mistake of ofarm: please report it
ofarm: error: alpine: stamp.1 comes out otherwise when it is built again: lib/stamp: line 1: "1" and "2" (a timestamp); also 1 other file
  diffoscope's report: /kept/diffoscope.txt
ofarm: hint: leave it out
ofarm: error: alpine: alpine/bin/b comes out otherwise when it is built again: alpine/bin/b: mode 0644 and 0755
ofarm: hint: compare the files in /kept/alpine; diffoscope shows more
`
	var out bytes.Buffer
	w := &world{Stdout: &out, Stderr: &out}
	if err := w.printVerified(verifyOptions{}, "dist", verified()); err != nil {
		t.Fatal(err)
	}
	err := verifyFailures(verified())
	w.report(err)
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(out.String(), "\n")); diff != "" {
		t.Error(diff)
	}
	if exitCode(err) != exitFailed {
		t.Errorf("exit code %d", exitCode(err))
	}
	if err := verifyFailures(&farm.Verified{}); err != nil {
		t.Error(err)
	}
	out.Reset()
	if err := w.printVerified(verifyOptions{solving: solving{json: true}}, "dist", verified()); err != nil || !strings.Contains(out.String(), "\"same\": false,\n  \"artifacts\": [") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestVerifyPlace(t *testing.T) {
	top := t.TempDir()
	t.Chdir(top)
	for _, file := range []string{"p/ofarm.lock", "p/out/dist/artifacts.json", "whole/ofarm.lock", "whole/artifacts.json", "none/artifacts.json"} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string][2]string{
		"p":                 {"p", ""},
		"p/out/dist":        {"p", "p/out/dist"},
		top + "/p/out/dist": {top + "/p", top + "/p/out/dist"},
		"whole":             {"whole", ""},
		"nothing":           {"nothing", ""},
	} {
		project, given, err := verifyPlace(dir)
		if err != nil || project != want[0] || given != want[1] {
			t.Errorf("%s: %q %q %v", dir, project, given, err)
		}
	}
	if _, _, err := verifyPlace("none"); !as[*noProjectError](err) {
		t.Errorf("%v", err)
	}
}
