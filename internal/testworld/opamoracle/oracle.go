package opamoracle

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// exitNoSolution is opam's exit code where packages can't be installed.
const exitNoSolution = 20

// Oracle is an installed opam. It may be used by several goroutines at once.
type Oracle struct {
	// Version is opam's own, "2.1.2".
	Version string
	// scratch is opam's home, and where repositories are made.
	scratch string
}

// New finds opam on PATH. Without it the test is skipped, and fails if
// OFARM_TEST_DAEMON is "require".
func New(t testing.TB) *Oracle {
	t.Helper()
	if _, err := exec.LookPath("opam"); err != nil {
		if os.Getenv("OFARM_TEST_DAEMON") == "require" {
			t.Fatalf("OFARM_TEST_DAEMON=require: %v", err)
		}
		t.Skip(err)
	}
	o := &Oracle{scratch: t.TempDir()}
	out, err := o.run(o.scratch, "--version")
	if err != nil {
		t.Fatal(err)
	}
	o.Version = strings.TrimSpace(out)
	return o
}

// NoSolution is opam's answer that a request has none.
type NoSolution struct {
	Atoms []string
	// Text is opam's explanation in one line: its lines joined, without runs of
	// spaces.
	Text string
}

// Error gives opam's text.
func (e *NoSolution) Error() string { return e.Text }

// Resolve asks which packages opam would install in an empty switch, name to
// version, over the opam repository in the folder repo. Atoms are what is
// wanted, see [ParseAtom]. Env binds opam's global variables, at least one; the
// others are undefined, but for opam-version and make.
//
// Errors: [*NoSolution], and that opam couldn't be run.
func (o *Oracle) Resolve(repo string, atoms []string, env map[string]string) (map[string]string, error) {
	bindings, err := environment(env)
	if err != nil {
		return nil, err
	}
	out, err := o.run(repo, "admin", "list", "--resolve="+strings.Join(atoms, ","),
		"--environment="+bindings, "--short", "--columns=package")
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == exitNoSolution {
		return nil, &NoSolution{Atoms: slices.Clone(atoms), Text: oneLine(string(exit.Stderr))}
	}
	if err != nil {
		return nil, fmt.Errorf("asking opam for %s: %w", strings.Join(atoms, " "), err)
	}
	return parsePackages(out)
}

// environment spells variables as opam's --environment wants them.
func environment(env map[string]string) (string, error) {
	if len(env) == 0 {
		return "", errors.New("no variable is bound: opam would take this machine's")
	}
	var bindings []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if strings.ContainsAny(name+env[name], ",") {
			return "", fmt.Errorf("variable %s: %q has a comma, which opam's --environment can't hold", name, env[name])
		}
		bindings = append(bindings, name+"="+env[name])
	}
	return strings.Join(bindings, ","), nil
}

// parsePackages reads NAME.VERSION words, each name once.
func parsePackages(text string) (map[string]string, error) {
	packages := map[string]string{}
	for _, word := range strings.Fields(text) {
		name, version, ok := strings.Cut(word, ".")
		if _, twice := packages[name]; !ok || twice {
			return nil, fmt.Errorf("reading a list of packages: %q is no NAME.VERSION, or the second one", word)
		}
		packages[name] = version
	}
	return packages, nil
}

// spellPackages writes packages as NAME.VERSION, sorted.
func spellPackages(packages map[string]string) []string {
	words := make([]string, 0, len(packages))
	for name, version := range packages {
		words = append(words, name+"."+version)
	}
	slices.Sort(words)
	return words
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// run runs opam in a folder with an environment of its own, so that nothing of
// this machine's opam has a say.
func (o *Oracle) run(dir string, args ...string) (string, error) {
	cmd := exec.Command("opam", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + o.scratch, "OPAMROOT=" + filepath.Join(o.scratch, "opam"),
		"OPAMROOTISOK=1", "OPAMYES=1", "OPAMCOLOR=never", "OPAMUTF8=never", "LC_ALL=C",
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		exit.Stderr = stderr.Bytes()
		if exit.ExitCode() != exitNoSolution {
			return "", fmt.Errorf("opam %s: %w\n%s", args[0], err, stderr.Bytes())
		}
	}
	return string(out), err
}
