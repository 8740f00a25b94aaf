package e2e

import (
	"bytes"
	"encoding/json"
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

// tooNew shows that an executable that was built on a newer Debian fails on an
// older one, and why.
func (w *world) tooNew(t *testing.T) {
	got := w.prove(t, "fserv", "debian-bookworm")
	if text := got["debian-bookworm/bin/fserv in debian-bullseye"]; !strings.Contains(text, "GLIBC_2.34") {
		t.Errorf("bookworm's on bullseye: %q, want GLIBC_2.34 named", text)
	}
	for _, root := range []string{"debian-bookworm", "debian-trixie"} {
		if text := got["debian-bookworm/bin/fserv in "+root]; text != "passed" {
			t.Errorf("bookworm's on %s: %q", root, text)
		}
	}
}
