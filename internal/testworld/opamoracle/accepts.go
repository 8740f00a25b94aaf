package opamoracle

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Rejected says what opam has against a solution.
type Rejected struct {
	// Text is opam's explanation why the packages can't be installed together;
	// empty if they can.
	Text string
	// Unneeded are packages of the solution that opam does without, as
	// NAME.VERSION, sorted.
	Unneeded []string
}

// Error says it in one line.
func (e *Rejected) Error() string {
	if e.Text != "" {
		return "opam rejects the solution: " + e.Text
	}
	return "opam does without " + strings.Join(e.Unneeded, ", ")
}

// Accepts says whether opam takes a solution (name to version) of a request as
// it is: nothing missing, nothing to change, nothing to leave out. The
// solution's opam files are taken from repos, the first that has one wins. Atoms
// and env are as for [Oracle.Resolve].
//
// Errors: [*MissingError] if a package is in no repository, [*Rejected], and
// that opam couldn't be run.
func (o *Oracle) Accepts(solution map[string]string, atoms []string, env map[string]string, repos ...Repository) error {
	repo, err := os.MkdirTemp(o.scratch, "accepts-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(repo)
	packages := map[string][]string{}
	for name, version := range solution {
		packages[name] = []string{version}
	}
	if err := Trim(repo, packages, repos...); err != nil {
		return err
	}
	if _, err := o.accepted(repo, slices.Concat(atoms, spellPackages(solution)), env); err != nil {
		return err
	}
	needed, err := o.accepted(repo, atoms, env)
	if err != nil {
		return err
	}
	return unneeded(solution, needed)
}

// accepted asks opam, and says that there is no solution as a [*Rejected].
func (o *Oracle) accepted(repo string, atoms []string, env map[string]string) (map[string]string, error) {
	got, err := o.Resolve(repo, atoms, env)
	if none := (*NoSolution)(nil); errors.As(err, &none) {
		return nil, &Rejected{Text: none.Text}
	}
	return got, err
}

// unneeded compares a solution with the part of it that opam chose.
func unneeded(solution, needed map[string]string) error {
	rest := maps.Clone(solution)
	for name, version := range needed {
		if rest[name] != version {
			return fmt.Errorf("opam chose %s.%s, which the repository doesn't have", name, version)
		}
		delete(rest, name)
	}
	if len(rest) == 0 {
		return nil
	}
	return &Rejected{Unneeded: spellPackages(rest)}
}
