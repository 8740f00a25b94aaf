package daemontest

import (
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ofarm/ofarm/internal/audit"
	"github.com/ofarm/ofarm/internal/testworld/shellworld"
)

// installProg is a script that installs a file of the project as it is.
const installProg = `mkdir -p "$OPAM_SWITCH_PREFIX/bin"
cp prog "$OPAM_SWITCH_PREFIX/bin/prog"
`

// dynamicProgram is one of this machine's that needs its glibc.
func dynamicProgram(t *testing.T) string {
	t.Helper()
	for _, file := range []string{"/bin/true", "/bin/ls", "/usr/bin/env"} {
		f, err := elf.Open(file)
		if err != nil {
			continue
		}
		libs, _ := f.ImportedLibraries()
		f.Close()
		if len(libs) > 0 {
			return readFile(t, file)
		}
	}
	t.Skip("this machine has no dynamic program")
	return ""
}

// What a target's policy forbids isn't exported, and the error says why.
func TestAudit(t *testing.T) {
	b := newBench(t)
	dynamic := dynamicProgram(t)
	static := readFile(t, filepath.Join(b.bin, "ofarm-cc-linux-amd64"))

	good := b.project(shellworld.Package{Name: "good", Script: installProg, Files: map[string]string{"prog": static}}, "")
	built, err := b.try(good)
	if err != nil {
		t.Fatal(err)
	}
	if len(built.Artifacts) != 1 || built.Artifacts[0].Linkage != audit.Static {
		t.Errorf("artifacts %+v", built.Artifacts)
	}
	if exported(t, good, alpine+"/bin/prog") != static {
		t.Error("the exported file isn't the project's")
	}

	before := snapshot(t, filepath.Join(good, "dist"))
	for name, c := range map[string]struct {
		config string
		rule   audit.Rule
		text   string
	}{
		"dynamic where static is wanted": {"", audit.RuleInterpreter, "an interpreter in an executable that must be static"},
		"a newer glibc":                  {"link = \"dynamic\"\nmax-glibc = \"2.1\"\n", audit.RuleGLIBC, "newer than 2.1"},
	} {
		write(t, good, "prog", dynamic)
		if err := os.Chmod(filepath.Join(good, "prog"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, good, "ofarm.toml", "strip = false\n"+c.config)
		err := b.fails(good, alpine+"/bin/prog: ", c.text)
		var v *audit.Violation
		if !errors.As(err, &v) || v.Rule != c.rule {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(before, snapshot(t, filepath.Join(good, "dist"))); diff != "" {
			t.Errorf("%s: it changed what was exported before (-before +after):\n%s", name, diff)
		}
	}

	write(t, good, "ofarm.toml", "strip = false\nlink = \"dynamic\"\n")
	built, err = b.try(good)
	if err != nil || len(built.Artifacts) != 1 || built.Artifacts[0].Linkage != audit.Dynamic && built.Artifacts[0].Linkage != audit.MostlyStatic {
		t.Errorf("allowed to be dynamic: %v %+v", err, built)
	}
}
