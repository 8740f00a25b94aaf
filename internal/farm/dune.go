package farm

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ofarm/ofarm/internal/duneproject"
	"github.com/ofarm/ofarm/internal/opam"
)

// DuneWarning says where an opam file that dune generates isn't what
// dune-project says now.
type DuneWarning struct {
	// File is the opam file's name; Text what differs, or what is wrong with
	// dune-project.
	File, Text string
}

// DuneWarnings compares the project's opam files with its dune-project, if it
// has one that generates them.
func (p *Project) DuneWarnings() ([]DuneWarning, error) {
	f, err := p.duneProject()
	switch {
	case opam.Mistakes(err) != nil:
		return []DuneWarning{{Text: err.Error()}}, nil
	case f == nil:
		return nil, err
	}
	out := p.notGenerated(f)
	for _, pkg := range p.Packages {
		template, err := p.template(pkg.Name)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Differences(pkg.Name, pkg.File, template) {
			out = append(out, DuneWarning{pkg.Name + ".opam", d.String()})
		}
	}
	return out, nil
}

// DuneNotes says what of dune-project isn't compared with the opam files, since
// it isn't understood: one line each, with its place. There are none where dune
// writes no opam files, and where [Project.DuneWarnings] has what is wrong.
func (p *Project) DuneNotes() []string {
	f, err := p.duneProject()
	if err != nil || f == nil || !f.Generate {
		return nil
	}
	var out []string
	for _, n := range f.Notes {
		out = append(out, n.String())
	}
	return out
}

// duneProject reads the project's dune-project; nil where there is none. What is
// wrong with it are mistakes as those of opam files.
func (p *Project) duneProject() (*duneproject.File, error) {
	path := filepath.Join(p.Dir, "dune-project")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return duneproject.Parse(path, data)
}

// notGenerated tells which opam files dune would write and hasn't yet.
func (p *Project) notGenerated(f *duneproject.File) []DuneWarning {
	var out []DuneWarning
	for _, name := range f.Generates() {
		_, err := os.Stat(filepath.Join(p.Dir, name+".opam"))
		if errors.Is(err, fs.ErrNotExist) {
			out = append(out, DuneWarning{name + ".opam", "dune-project has a package " + name + ", and there is no " + name + ".opam"})
		}
	}
	return out
}

// template reads what dune appends to an opam file; nil where there is nothing.
func (p *Project) template(name string) (*opam.File, error) {
	path := filepath.Join(p.Dir, name+".opam.template")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return duneproject.ParseTemplate(path, data)
}
