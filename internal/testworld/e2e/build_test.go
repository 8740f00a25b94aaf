package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/testworld/site"
)

const fservVersion = "fserv 1.0 (engine libev"

// TestBuildFserv builds fserv for Alpine and bullseye, from nothing, and shows
// what a build promises. The parts depend on each other's order: they share
// one cache.
func TestBuildFserv(t *testing.T) {
	w := prepare(t, "libev", "openssl")
	w.ofarm(append(w.LockAlpine("fserv"), "--prove", "busybox,debian-bullseye,debian-trixie,"+w.Alpine)...)
	const list = "alpine,debian-oldoldstable"
	first := w.build("fserv", list)
	static := w.artifact(t, first, w.alpineName()+"/bin/fserv")
	glibc := w.artifact(t, first, "debian-bullseye/bin/fserv")

	t.Run("linkage", func(t *testing.T) { checkLinkage(t, first, w.alpineName()) })
	t.Run("static in an empty root", func(t *testing.T) {
		root := w.emptyRoot(static)
		says(t.Context(), t, root, fservVersion, "/fserv", "--version")
		serves(t, root, false)
		serves(t, root, true)
	})
	t.Run("static in a real Alpine root", func(t *testing.T) {
		if root := w.alpineRoot(static); root != "" {
			says(t.Context(), t, root, fservVersion, "/fserv", "--version")
		}
	})
	for _, release := range []string{"debian-bullseye", "debian-bookworm", "debian-trixie"} {
		t.Run("bullseye's in a root of "+release, func(t *testing.T) {
			root := w.bareRoot("fserv", release, glibc)
			says(t.Context(), t, root, fservVersion, "/fserv", "--version")
			serves(t, root, true)
		})
	}
	t.Run("proved in bare roots", func(t *testing.T) { w.proved(t, list) })
	t.Run("zcalc shares the compiler", func(t *testing.T) { w.second(t) })
	t.Run("second build runs nothing", func(t *testing.T) { w.unchanged(t, list, first) })
	t.Run("a comment in a dependency runs that one only", func(t *testing.T) { w.commented(t, list) })
	t.Run("one changed file runs one step", func(t *testing.T) { w.changed(t, list) })
}

func (w *world) alpineName() string {
	names := w.lockOf("fserv").TargetNames()
	return names[slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, "alpine") })]
}

// artifact is the path of an exported file.
func (w *world) artifact(t *testing.T, b built, path string) string {
	t.Helper()
	if _, ok := b.artifacts[path]; !ok {
		t.Fatalf("%s was not built, but %v", path, b.artifacts)
	}
	return filepath.Join(w.dist("fserv"), path)
}

func checkLinkage(t *testing.T, b built, alpine string) {
	static, glibc := b.artifacts[alpine+"/bin/fserv"], b.artifacts["debian-bullseye/bin/fserv"]
	if static.Linkage != "static" || len(static.Needed) > 0 || static.GLIBCFloor != "" {
		t.Errorf("Alpine's is %s, needs %q, floor %q; want it static", static.Linkage, static.Needed, static.GLIBCFloor)
	}
	family := []string{"libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"}
	for _, n := range glibc.Needed {
		if !slices.Contains(family, n) {
			t.Errorf("bullseye's needs %s, which is not of libc's family", n)
		}
	}
	if glibc.Linkage != "mostly-static" || glibc.GLIBCFloor == "" || glibc.GLIBCFloor > "2.31" {
		t.Errorf("bullseye's is %s with floor %q, want it mostly-static and at most 2.31", glibc.Linkage, glibc.GLIBCFloor)
	}
}

// second builds the other example for a target for which the first was built.
func (w *world) second(t *testing.T) {
	b := w.build("zcalc", "debian-oldoldstable")
	sharesCompiler(t, b)
	if !slices.Contains(b.ran, "zarith.1.12") {
		t.Errorf("steps that ran: %q, want zarith among them", b.ran)
	}
	file := filepath.Join(w.dist("zcalc"), "debian-bullseye", "bin", "zcalc")
	says(t.Context(), t, w.bareRoot("zcalc", "debian-bullseye", file), "1267650600228229401496703205377", "/zcalc", "2^100 + 1")
}

// unchanged builds again after nothing but times has changed.
func (w *world) unchanged(t *testing.T, list string, first built) {
	now := time.Now()
	main := filepath.Join(w.Project("fserv"), "bin", "main.ml")
	if err := os.Chtimes(main, now, now); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	again := w.build("fserv", list)
	t.Logf("a build of both targets with nothing to do took %s", time.Since(start))
	if len(again.ran) > 0 {
		t.Errorf("these steps ran again: %q", again.ran)
	}
	if diff := cmp.Diff(first.artifacts, again.artifacts); diff != "" {
		t.Errorf("artifacts (-first +second):\n%s", diff)
	}
}

// changed builds after a source file of the project has changed.
func (w *world) changed(t *testing.T, list string) {
	main := filepath.Join(w.Project("fserv"), "bin", "main.ml")
	text, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(main, append(text, "\nlet () = ignore \"changed\"\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := w.build("fserv", list).ran; !slices.Equal(got, []string{"fserv", "fserv"}) {
		t.Errorf("steps that ran: %q, want fserv's own on both targets", got)
	}
}

// TestE2E builds both examples for all targets, each twice from nothing, and
// compares the bytes.
func TestE2E(t *testing.T) {
	if os.Getenv("OFARM_TEST_E2E") == "" {
		t.Skip("\"make e2e\" runs this")
	}
	w := prepare(t, "libev", "openssl", "gmp")
	const list = "alpine,debian-stable,debian-oldstable,debian-oldoldstable"
	var runs []map[string]farm.Artifact
	for range 2 {
		if err := os.RemoveAll(w.cache); err != nil {
			t.Fatal(err)
		}
		all := map[string]farm.Artifact{}
		for _, project := range []string{"fserv", "zcalc"} {
			w.ofarm(append(w.LockAlpine(project), "--prove", "debian-bullseye,debian-bookworm,debian-trixie")...)
			b := w.build(project, list)
			for path, a := range b.artifacts {
				all[project+" "+path] = a
			}
			if project == "zcalc" {
				sharesCompiler(t, b)
			}
		}
		runs = append(runs, all)
	}
	if diff := cmp.Diff(runs[0], runs[1]); diff != "" {
		t.Errorf("two builds from nothing differ (-first +second):\n%s", diff)
	}
	w.runEverywhere(t)
	w.tooNew(t)
}

// sharesCompiler checks that the second example took what it shares with the
// first from its cache.
func sharesCompiler(t *testing.T, b built) {
	for _, step := range b.ran {
		for _, shared := range []string{"ocaml-base-compiler", "dune.", "ocamlfind"} {
			if strings.HasPrefix(step, shared) {
				t.Errorf("%s ran again for the second example", step)
			}
		}
	}
}

// runEverywhere runs what was built in the roots that it is for.
func (w *world) runEverywhere(t *testing.T) {
	ctx := t.Context()
	for _, project := range []string{"fserv", "zcalc"} {
		static := filepath.Join(w.dist(project), w.alpineName(), "bin", project)
		says(ctx, t, w.emptyRoot(static), project+" ", "/"+project, "--version")
		for built, roots := range map[string][]string{
			"debian-bullseye": {"debian-bullseye", "debian-bookworm", "debian-trixie"},
			"debian-bookworm": {"debian-bookworm", "debian-trixie"},
			"debian-trixie":   {"debian-trixie"},
		} {
			for _, release := range roots {
				file := filepath.Join(w.dist(project), built, "bin", project)
				says(ctx, t, w.bareRoot("fserv", release, file), project+" ", "/"+project, "--version")
			}
		}
	}
	root := w.emptyRoot(filepath.Join(w.dist("zcalc"), w.alpineName(), "bin", "zcalc"))
	got, err := site.RunIn(ctx, root, "/zcalc", "2^100 + 1")
	if err != nil || got != "1267650600228229401496703205377" {
		t.Errorf("zcalc '2^100 + 1' printed %q (%v)", got, err)
	}
}

// TestE2ERecordedCommands records afresh what real opam runs for the examples'
// packages, and compares it with the committed record, against which the plans
// are tested.
func TestE2ERecordedCommands(t *testing.T) {
	if os.Getenv("OFARM_TEST_E2E") == "" {
		t.Skip("\"make e2e\" runs this")
	}
	fresh := filepath.Join(t.TempDir(), "recorded-commands.tsv")
	cmd := exec.CommandContext(t.Context(), "../../../testdata/record-commands.sh", "-d", t.TempDir(), "-o", fresh)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("recording: %v\n%s", err, tail(string(out), 40))
	}
	want, err := os.ReadFile("../../../testdata/recorded-commands.tsv")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("commands (-committed +recorded):\n%s", diff)
	}
}
