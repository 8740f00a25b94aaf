package farm

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/config"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/opamrepo"
	"github.com/ofarm/ofarm/targets"
)

// StaleError says that a lock was made for something else than the project now
// asks for.
type StaleError struct {
	Path string
	// Differences are one line each.
	Differences []string
}

func (e *StaleError) Error() string {
	if len(e.Differences) == 1 {
		return fmt.Sprintf("%s is stale: %s", e.Path, e.Differences[0])
	}
	return fmt.Sprintf("%s is stale:\n  %s", e.Path, strings.Join(e.Differences, "\n  "))
}

// Demand is what a lock has to fulfil beyond the project's opam files.
type Demand struct {
	Requirement opam.Requirement
	// By is who asks: "ofarm.toml", or a flag of ofarm lock.
	By string
}

// Demands are what ofarm.toml, and a lock's options, ask of opam packages.
func (p *Project) Demands(asked lock.Options) ([]Demand, error) {
	var out []Demand
	add := func(by, text string, parse func(string) (opam.Requirement, error)) error {
		if text == "" {
			return nil
		}
		r, err := parse(text)
		if err != nil {
			return fmt.Errorf("%s: %w", by, err)
		}
		out = append(out, Demand{r, by})
		return nil
	}
	if err := add("--ocaml", asked.OCaml, opam.OCaml); err != nil {
		return nil, err
	}
	if asked.OCaml == "" {
		if err := add(config.Name, p.Config.OCaml, opam.OCaml); err != nil {
			return nil, err
		}
	}
	for _, text := range p.Config.Opam {
		if err := add(config.Name, text, opam.ParseAtom); err != nil {
			return nil, err
		}
	}
	for _, text := range asked.Constraints {
		if err := add("--opam", text, opam.ParseAtom); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Differences says what the project asks for and a lock hasn't, one line each;
// none if the lock is up to date.
func (p *Project) Differences(f *lock.File) ([]string, error) {
	diff := p.fileDifferences(f)
	diff = append(diff, p.targetDifferences(f)...)
	diff = append(diff, p.repositoryDifferences(f)...)
	diff = append(diff, p.rootDifferences(f)...)
	if p.Config.WithDoc && !f.Options.WithDoc {
		diff = append(diff, config.Name+" asks for with-doc, and the lock is without")
	}
	if p.Config.WithTest && !f.Options.WithTest {
		diff = append(diff, config.Name+" asks for with-test, and the lock is without")
	}
	demands, err := p.Demands(f.Options)
	if err != nil {
		return nil, err
	}
	for _, d := range demands {
		if line := d.difference(f); line != "" {
			diff = append(diff, line)
		}
	}
	return diff, nil
}

// adds tells that the demand brings its package in. One with a version holds
// wherever the package is installed.
func (d Demand) adds() bool { return d.Requirement.Versions.Op == opam.FormulaEmpty }

// Idle tells that no target of a lock has what the demand is about: it is one of a
// version, and nothing needs the package.
func (d Demand) Idle(f *lock.File) bool {
	return !d.adds() && !slices.ContainsFunc(f.Packages, func(p lock.Package) bool { return p.Name == d.Requirement.Name })
}

func (d Demand) difference(f *lock.File) string {
	for _, t := range f.Targets {
		installed := map[string]string{}
		for _, pkg := range f.PackagesOf(t.TargetID) {
			installed[pkg.Name] = pkg.Version
		}
		name := d.Requirement.Name
		version, there := installed[name]
		if d.Requirement.Satisfied(installed) || !there && !d.adds() {
			continue
		}
		has := "the lock is without"
		if there {
			has = "the lock has " + name + " " + version
		}
		return fmt.Sprintf("%s asks for %s, and %s", d.By, d.Requirement.Plain(), has)
	}
	return ""
}

// fileDifferences compares what the opam files ask for with what was locked.
func (p *Project) fileDifferences(f *lock.File) []string {
	var diff []string
	now := p.Locked()
	for _, l := range f.Projects {
		if !slices.ContainsFunc(now, func(n lock.Project) bool { return n.File == l.File }) {
			diff = append(diff, l.File+" was locked and is not there")
		}
	}
	for _, n := range now {
		i := slices.IndexFunc(f.Projects, func(l lock.Project) bool { return l.File == n.File })
		switch {
		case i < 0:
			diff = append(diff, n.File+" is not locked")
		case f.Projects[i].SHA256 != n.SHA256:
			diff = append(diff, p.asksOtherwise(f, f.Projects[i])...)
		}
	}
	return diff
}

// targetDifferences lists ofarm.toml's targets that aren't locked, and those
// whose distro packages are others.
func (p *Project) targetDifferences(f *lock.File) []string {
	var diff []string
	for _, name := range p.Config.Targets {
		r, err := targets.Find(name, f.TargetNames())
		if err != nil {
			continue // told when ofarm.toml is read
		}
		if !slices.Contains(f.TargetNames(), r.Name) {
			diff = append(diff, fmt.Sprintf("%s asks for target %s", config.Name, name))
		}
	}
	for _, t := range f.Targets {
		for _, want := range p.Config.For(t.Name).DistroPackages {
			if !slices.ContainsFunc(t.Depexts, func(d lock.Depext) bool { return d.Name == want }) {
				diff = append(diff, fmt.Sprintf("%s asks for distro package %s on %s", config.Name, want, t.Name))
			}
		}
	}
	return diff
}

// rootDifferences lists ofarm.toml's roots for proving that aren't locked for a
// platform that has targets.
func (p *Project) rootDifferences(f *lock.File) []string {
	roots, err := BareRoots(p.Config.Prove, f.TargetNames())
	if err != nil {
		return nil // told when ofarm.toml is read
	}
	var diff []string
	for _, r := range roots {
		for _, t := range f.Targets {
			id := lock.TargetID{Name: r.Name, Platform: t.Platform}
			line := fmt.Sprintf("%s asks for root %s", config.Name, targets.Folder(id.Name, targets.Platform(id.Platform)))
			if _, ok := f.Root(id); !ok && !slices.Contains(diff, line) {
				diff = append(diff, line)
			}
		}
	}
	return diff
}

// repositoryDifferences compares ofarm.toml's opam repositories, if it names
// any, with the lock's.
func (p *Project) repositoryDifferences(f *lock.File) []string {
	want := p.Config.OpamRepositories
	if len(want) == 0 {
		return nil
	}
	same := slices.EqualFunc(want, f.Repositories, func(url string, l lock.Repository) bool {
		spec, err := opamrepo.Spec{URL: url}.Relative(p.Dir)
		return err == nil && spec.Satisfied(l)
	})
	if same {
		return nil
	}
	var has []string
	for _, l := range f.Repositories {
		has = append(has, l.URL)
	}
	return []string{fmt.Sprintf("%s asks for opam repositories %q, and the lock was made with %q", config.Name, want, has)}
}

// asking are the fields of an opam file that a lock depends on.
var asking = []string{"depends", "depopts", "conflicts", "conflict-class", "available", "depexts", "pin-depends"}

// Locked are the project's entries in a lock: for each opam file a digest of
// the fields that say what it needs, in one spelling. The other fields can
// change without making a lock stale.
func (p *Project) Locked() []lock.Project {
	var out []lock.Project
	for _, pkg := range p.Packages {
		var text []byte
		for _, name := range asking {
			if e := pkg.File.Field(name); e != nil {
				text = append(append(text, name...), ": "...)
				text = append(opam.AppendExpr(text, e), '\n')
			}
		}
		sum := sha256.Sum256(text)
		out = append(out, lock.Project{File: pkg.Name + ".opam", SHA256: hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(out, func(a, b lock.Project) int { return cmp.Compare(a.File, b.File) })
	return out
}
