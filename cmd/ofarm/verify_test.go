package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/solve"
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
	unknown := verified()
	unknown.Circumstances = nil
	if err := w.printVerified(verifyOptions{}, "dist", unknown); err != nil || strings.Contains(out.String(), "CIRCUMSTANCE") {
		t.Errorf("%v\n%s", err, out.String())
	}
	out.Reset()
	if err := w.printVerified(verifyOptions{solving: solving{json: true}}, "dist", verified()); err != nil || !strings.Contains(out.String(), "\"same\": false,\n  \"artifacts\": [") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// Without --target all artifacts that were named are verified, of all platforms.
func TestVerifyChosen(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, farm.ArtifactsName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	amd := lock.TargetID{Name: "alpine-3.20", Platform: "linux/amd64"}
	arm := lock.TargetID{Name: "alpine-3.20", Platform: "linux/arm64"}
	other := lock.TargetID{Name: "alpine-3.21", Platform: "linux/amd64"}
	l := &lock.File{Targets: []lock.Target{{TargetID: other}, {TargetID: amd}, {TargetID: arm}}}
	sum := fmt.Sprintf("%x", sha256.Sum256(l.Append(nil)))
	artifact := func(target, platform, lock string) string {
		return fmt.Sprintf(`{"target": %q, "platform": %q, "path": "a", "lock": %q}`, target, platform, lock)
	}
	write(`{"version": 1, "artifacts": [` + artifact("alpine-3.20", "linux/arm64", sum) + `,` +
		artifact("alpine-3.20", "linux/amd64", sum) + `,` + artifact("alpine-3.20", "linux/amd64", sum) + `]}`)
	for name, c := range map[string]struct {
		options verifyOptions
		want    []lock.TargetID
	}{
		"all":          {verifyOptions{}, []lock.TargetID{arm, amd}},
		"one platform": {verifyOptions{platformSet: true}, []lock.TargetID{amd}},
		"one target":   {verifyOptions{common: common{targets: []string{"alpine-3.21"}}}, []lock.TargetID{other}},
	} {
		c.options.platform = "linux/amd64"
		got, err := c.options.chosen(dir, &farm.Project{}, l)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	write(`{"version": 1, "artifacts": []}`)
	if _, err := (verifyOptions{}).chosen(dir, &farm.Project{}, l); !as[*farm.NothingToVerifyError](err) {
		t.Errorf("%v", err)
	}
	write(`{"version": 1, "artifacts": [` + artifact("debian-trixie", "linux/amd64", sum) + `]}`)
	if _, err := (verifyOptions{}).chosen(dir, &farm.Project{}, l); !as[*plan.NotLockedError](err) {
		t.Errorf("a target is verified that isn't locked: %v", err)
	}
	write(`{"version": 1, "artifacts": [` + artifact("alpine-3.19", "linux/amd64", "00") + `]}`)
	if _, err := (verifyOptions{}).chosen(dir, &farm.Project{}, l); !as[*farm.OtherBuildError](err) {
		t.Errorf("that it is of another lock says more: %v", err)
	}
}

// What differs is never told to be the same, whoever forgets to explain it.
func TestVerifyFailures(t *testing.T) {
	v := &farm.Verified{Artifacts: []farm.ArtifactPair{{Path: "a", First: "1"}}}
	if err := verifyFailures(v); err == nil {
		t.Error("it is the same")
	}
}

// What differs is told although something goes wrong after it, with the error.
func TestVerifyErrorAtTheEnd(t *testing.T) {
	var out bytes.Buffer
	w := &world{Stdout: &out, Stderr: &out}
	w.report(w.tellVerified(verifyOptions{}, "dist", verified(), errors.New("no space")))
	if err := w.tellVerified(verifyOptions{}, "dist", &farm.Verified{}, nil); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"stamp.1  alpine  DIFFERS", "ofarm: error: alpine: stamp.1 comes out otherwise", "ofarm: hint: leave it out", "ofarm: error: no space\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q isn't told:\n%s", want, out.String())
		}
	}
}

func TestVerifySpaceHint(t *testing.T) {
	full := &solve.StepError{Request: "alpine-3.20", Tail: []string{"cp: No space left on device"}, Err: errors.New("exit code: 1")}
	for want, err := range map[string]error{
		"the second build worked in 2.0 GiB of memory: with --state FOLDER it works on disk":      &farm.AgainError{Parent: "/again", Memory: 2 << 30, Err: full},
		"the second build worked in /again: free some space, or name another folder with --state": &farm.AgainError{Parent: "/again", Err: full},
		"":                                &farm.AgainError{Parent: "/again", Memory: 1, Err: errors.New("other")},
		hintVerifyLost:                    &farm.AgainError{Memory: 1, Err: &solve.LostError{Err: errors.New("EOF")}},
		hintOwnDaemon:                     &solve.LostError{Err: errors.New("EOF")},
		hintVerifyDaemon:                  &farm.AgainError{Err: &solve.MissingError{Rootless: true, Missing: []solve.Requirement{{What: "subordinate ids"}}}},
		"on Debian: apt-get install runc": &farm.AgainError{Memory: 1, Err: &solve.MissingError{Missing: []solve.Requirement{{What: "runc or crun", Package: "runc"}}}},
	} {
		if got := hint(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
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
		project, given, err := (verifyOptions{}).place(dir)
		if err != nil || project != want[0] || given != want[1] {
			t.Errorf("%s: %q %q %v", dir, project, given, err)
		}
	}
	if _, _, err := (verifyOptions{}).place("none"); !as[*noProjectError](err) {
		t.Errorf("%v", err)
	}
	named := verifyOptions{artifacts: "none"}
	if project, given, err := named.place("whole"); err != nil || project != "whole" || given != "none" {
		t.Errorf("%q %q %v", project, given, err)
	}
	t.Chdir("p")
	if project, given, err := (verifyOptions{}).place("../none"); err != nil || project != "." || given != "../none" {
		t.Errorf("%q %q %v", project, given, err)
	}
}
