package daemontest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/prove"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
	"github.com/ofarm/ofarm/targets"
)

// roots are an empty one, one of package files without libc, and glibc's.
func (b *bench) roots() []farm.ProveRoot {
	b.t.Helper()
	program, err := exec.LookPath("busybox")
	if err != nil {
		b.t.Fatal(err)
	}
	busybox, err := shellworld.Busybox(program)
	if err != nil {
		b.t.Fatal(err)
	}
	empty := farm.ProveRoot{}
	empty.Name, empty.Platform = "empty", targets.LinuxAMD64
	return []farm.ProveRoot{empty, b.packageRoot("busybox", "", busybox), b.glibcRoot()}
}

// proveTable is what runs where; hangs is left to another test.
var proveTable = []string{
	"crashes empty failed: ended by SIGSEGV",
	"crashes busybox failed: ended by SIGSEGV",
	"crashes glibc failed: ended by SIGSEGV",
	"dynamic empty not-run: needs glibc",
	"dynamic busybox not-run: needs glibc",
	"dynamic glibc passed",
	"lacks-library empty not-run: needs glibc",
	"lacks-library busybox not-run: needs glibc",
	"lacks-library glibc failed: libgone.so.3 is not in the root",
	"lacks-symbol empty not-run: needs glibc",
	"lacks-symbol busybox not-run: needs glibc",
	"lacks-symbol glibc failed: no library has missing_call, which lacks-symbol asks for",
	"newer empty not-run: needs glibc",
	"newer busybox not-run: needs glibc",
	"newer glibc failed: libm.so.6 lacks GLIBC_2.99; asked for by missing_call",
	"no-loader empty not-run: needs glibc",
	"no-loader busybox not-run: needs glibc",
	"no-loader glibc failed: its loader /lib64/ld-other.so.2 is not in the root",
	"refuses empty failed: exit code 2: refuses: unknown option --version",
	"refuses busybox failed: exit code 2: refuses: unknown option --version",
	"refuses glibc failed: exit code 2: refuses: unknown option --version",
	"runs empty passed",
	"runs busybox passed",
	"runs glibc passed",
}

func TestProve(t *testing.T) {
	b := newBench(t)
	programs := workshop{t, t.TempDir()}.programs()
	if err := os.Remove(filepath.Join(programs, "hangs")); err != nil {
		t.Fatal(err)
	}
	o := farm.ProveOptions{
		Dir: b.dist, Artifacts: b.put(programs), Roots: b.roots(), Engine: engine(),
		Commands: map[string]prove.Smoke{
			"runs":        {Expect: "hello 1.0 --version"},
			"bin/dynamic": {Args: []string{"two words"}, Expect: "hello 1.0 two words\n"},
		},
	}
	got, err := b.farm.Prove(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(proveTable, table(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.checkProofs(got)
	b.proveAgain(o)
	b.proveChanged(o)
}

// checkProofs holds artifacts.json against the results.
func (b *bench) checkProofs(results []prove.Result) {
	b.t.Helper()
	all, err := farm.ReadArtifacts(filepath.Join(b.dist, farm.ArtifactsName))
	if err != nil {
		b.t.Fatal(err)
	}
	verdicts := map[string]string{}
	for _, r := range results {
		verdicts[r.Artifact+" "+r.Root] = string(r.Verdict)
	}
	noted := map[string]string{}
	for _, a := range all {
		for _, p := range a.Proof {
			verdict := prove.Failed
			switch {
			case p.OK:
				verdict = prove.Passed
			case p.NotRun:
				verdict = prove.NotRun
			}
			noted[a.Path+" "+p.Root] = string(verdict)
		}
	}
	if diff := cmp.Diff(verdicts, noted); diff != "" {
		b.t.Errorf("artifacts.json (-results +noted):\n%s", diff)
	}
}

// proveAgain: what passed is cached and still held against its output.
func (b *bench) proveAgain(o farm.ProveOptions) {
	b.t.Helper()
	o.Commands = map[string]prove.Smoke{
		"runs":    {Expect: "goodbye"},
		"dynamic": {Args: []string{"two words"}, Expect: "two words"},
	}
	got, err := b.farm.Prove(b.t.Context(), o)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, r := range got {
		switch name := filepath.Base(r.Artifact); {
		case name == "runs":
			if !r.Cached || r.Reason == nil || r.Reason.Kind != prove.Unexpected {
				b.t.Errorf("%+v", r)
			}
		case name == "dynamic" && r.Root == "glibc":
			if !r.Cached || r.Verdict != prove.Passed {
				b.t.Errorf("%+v", r)
			}
		case r.Cached:
			b.t.Errorf("%+v", r)
		}
	}
}

// proveChanged: what isn't the artifact that was built isn't proved.
func (b *bench) proveChanged(o farm.ProveOptions) {
	b.t.Helper()
	file := filepath.Join(b.dist, o.Artifacts[0].Path)
	if err := os.WriteFile(file, []byte("changed"), 0o755); err != nil {
		b.t.Fatal(err)
	}
	_, err := b.farm.Prove(b.t.Context(), o)
	var changed *farm.ChangedArtifactError
	if !errors.As(err, &changed) || changed.Path != file {
		b.t.Errorf("a changed artifact: %v", err)
	}
}

// What doesn't end is ended, and the daemon lets go of it.
func TestProveTimeout(t *testing.T) {
	b := newBench(t)
	w := workshop{t, t.TempDir()}
	w.write("hello.c", hello)
	if err := os.Mkdir(filepath.Join(w.dir, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.gcc("-static", "-o", "out/hangs", "hello.c")
	got, err := b.farm.Prove(t.Context(), farm.ProveOptions{
		Dir: b.dist, Artifacts: b.put(filepath.Join(w.dir, "out")), Roots: b.roots()[:1], Engine: engine(), Timeout: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"hangs empty failed: still running after 2s"}, table(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A real executable of Alpine's: it runs where musl is, and nowhere else.
func TestProveMusl(t *testing.T) {
	bed := os.Getenv("OFARM_TESTBED")
	if bed == "" {
		t.Skip("OFARM_TESTBED isn't set")
	}
	found, _ := filepath.Glob(filepath.Join(bed, "alpine", "alpine-minirootfs-*-x86_64.tar.gz"))
	if len(found) == 0 {
		t.Skip("the test bed has no minirootfs")
	}
	b := newBench(t)
	root, err := shellworld.Minirootfs(found[len(found)-1])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out, err := exec.Command("tar", "-xzf", found[len(found)-1], "-C", dir, "./bin/busybox").CombinedOutput()
	if err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	roots := append(b.roots(), b.packageRoot("alpine", targets.Musl, root))
	got, err := b.farm.Prove(t.Context(), farm.ProveOptions{
		Dir: b.dist, Artifacts: b.put(filepath.Join(dir, "bin")), Roots: roots, Engine: engine(),
		Commands: map[string]prove.Smoke{"busybox": {Args: []string{"--help"}, Expect: "BusyBox v"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"busybox empty not-run: needs musl",
		"busybox busybox not-run: needs musl",
		"busybox glibc not-run: needs musl",
		"busybox alpine passed",
	}
	if diff := cmp.Diff(want, table(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
