package e2e

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/prove"
)

// prove proves what was built of an example, and tells what came of it by
// artifact and root: "passed", or why not.
func (w *world) prove(t *testing.T, project, targets string) map[string]string {
	t.Helper()
	args := []string{"prove", "--json", "--target", targets, "--output", w.dist(project), project}
	t.Logf("$ ofarm %s", strings.Join(args, " "))
	cmd := w.Ofarm(t.Context(), w.cache, args...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	var results []prove.Result
	if jerr := json.Unmarshal(out.Bytes(), &results); jerr != nil {
		t.Fatalf("reading what ofarm prove printed: %v (%v)\n%s\n%s", jerr, err, out.String(), log.String())
	}
	got, failed := map[string]string{}, false
	for _, r := range results {
		text := string(r.Verdict)
		if r.Reason != nil {
			text = r.Reason.Text
		}
		got[r.Artifact+" in "+r.Root] = text
		failed = failed || r.Verdict == prove.Failed
	}
	if failed != (err != nil) {
		t.Errorf("something failed: %v, but ofarm prove ended with %v", failed, err)
	}
	return got
}

// proved proves the example in the locked roots: an executable built on bullseye
// runs on every Debian, a static one everywhere.
func (w *world) proved(t *testing.T, list string) {
	alpine := w.alpineName()
	want := map[string]string{}
	for _, root := range []string{"empty", "busybox", alpine, "debian-bullseye", "debian-trixie"} {
		want[alpine+"/bin/fserv in "+root] = "passed"
		want["debian-bullseye/bin/fserv in "+root] = "needs glibc"
		if strings.HasPrefix(root, "debian-") {
			want["debian-bullseye/bin/fserv in "+root] = "passed"
		}
	}
	if diff := cmp.Diff(want, w.prove(t, "fserv", list)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// tooNew shows that executables which were built on a newer Debian run there
// and on later ones, and fail on an older one for a named symbol version.
func (w *world) tooNew(t *testing.T) {
	releases := []string{"debian-bullseye", "debian-bookworm", "debian-trixie"}
	for on, lacking := range map[string]string{"debian-bookworm": "GLIBC_2.34", "debian-trixie": "GLIBC_2.38"} {
		got := w.prove(t, "fserv", on)
		if text := got[on+"/bin/fserv in debian-bullseye"]; !strings.Contains(text, lacking) {
			t.Errorf("%s's on bullseye: %q, want %s named", on, text, lacking)
		}
		for _, root := range releases[slices.Index(releases, on):] {
			if text := got[on+"/bin/fserv in "+root]; text != "passed" {
				t.Errorf("%s's on %s: %q", on, root, text)
			}
		}
	}
}
