package config

import (
	"errors"
	"os"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/tomlfile"
	"github.com/ofarm/ofarm/targets"
)

// Name is the file's name in a project.
const Name = "ofarm.toml"

// File is a whole ofarm.toml. See [Keys] for what each key means.
type File struct {
	Targets          []string          `toml:"targets"`
	Packages         []string          `toml:"packages"`
	OpamRepositories []string          `toml:"opam-repositories"`
	OpamLocked       string            `toml:"opam-locked"`
	OCaml            string            `toml:"ocaml"`
	Opam             []string          `toml:"opam"`
	WithTest         bool              `toml:"with-test"`
	WithDoc          bool              `toml:"with-doc"`
	Output           string            `toml:"output"`
	Prove            []string          `toml:"prove"`
	Smoke            map[string]Smoke  `toml:"smoke"`
	Mirrors          Mirrors           `toml:"mirrors"`
	Keys             TrustedKeys       `toml:"keys"`
	Target           map[string]Target `toml:"target"`
	AllTargets       Target            `toml:"-"`
}

// Target is what can be set for all targets and for one.
type Target struct {
	Link           targets.LinkMode `toml:"link"`
	MaxGLIBC       string           `toml:"max-glibc"`
	Strip          *bool            `toml:"strip"`
	Export         []string         `toml:"export"`
	Build          [][]string       `toml:"build"`
	Install        [][]string       `toml:"install"`
	DistroPackages []string         `toml:"distro-packages"`
	ThreadStack    string           `toml:"thread-stack"`
	Base           string           `toml:"base"`
}

// Roots to prove executables in that aren't a release's.
const (
	RootEmpty   = "empty"   // nothing at all
	RootBusybox = "busybox" // one static program
)

// Smoke is how an executable is tried.
type Smoke struct {
	// Args are its arguments; nil means --version.
	Args []string `toml:"args"`
	// Expect must be somewhere in what it writes.
	Expect string `toml:"expect"`
}

// Mirrors are base URLs or folders ("file://…" or a path relative to the file).
type Mirrors struct {
	ByHash         []string `toml:"by-hash"`
	Debian         []string `toml:"debian"`
	DebianSecurity []string `toml:"debian-security"`
	Alpine         []string `toml:"alpine"`
}

// TrustedKeys are files of keys beyond the built-in ones.
type TrustedKeys struct {
	Debian []string `toml:"debian"`
	Alpine []string `toml:"alpine"`
}

// file is what is read: the keys for all targets stand at the top level.
type file struct {
	File
	Target
}

// Mistake is one thing wrong with an ofarm.toml.
type Mistake struct{ tomlfile.Mistake }

// Read reads the file at a path; a missing one is the zero value.
func Read(path string) (File, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return File{}, nil
	}
	if err != nil {
		return File{}, err
	}
	return Parse(path, data)
}

// Parse reads an ofarm.toml. All mistakes are reported at once, as a
// *multierror.Error of [*Mistake].
func Parse(name string, data []byte) (File, error) {
	var f file
	if list := tomlfile.Decode(name, data, &f); list != nil {
		var all *multierror.Error
		for _, m := range list {
			all = multierror.Append(all, &Mistake{m})
		}
		return File{}, all
	}
	f.File.AllTargets = f.Target
	return f.File, check(name, data, f.File)
}

// For returns what holds for a target: its own table over the top level.
func (f File) For(release string) Target {
	out := f.AllTargets
	for _, name := range f.tables(release) {
		out = out.over(f.Target[name])
	}
	return out
}

// tables are the names of the tables that hold for a release: its own, or that of
// an alias. A file that was read without a mistake has at most one.
func (f File) tables(release string) []string {
	var out []string
	for _, name := range targets.Names() {
		r, err := targets.Find(name, []string{release})
		if _, ok := f.Target[name]; ok && err == nil && r.Name == release {
			out = append(out, name)
		}
	}
	return out
}

// over returns t with all that own sets.
func (t Target) over(own Target) Target {
	if own.Link != "" {
		t.Link = own.Link
	}
	if own.MaxGLIBC != "" {
		t.MaxGLIBC = own.MaxGLIBC
	}
	if own.Strip != nil {
		t.Strip = own.Strip
	}
	if own.Export != nil {
		t.Export = own.Export
	}
	if own.Build != nil {
		t.Build = own.Build
	}
	if own.Install != nil {
		t.Install = own.Install
	}
	if own.DistroPackages != nil {
		t.DistroPackages = own.DistroPackages
	}
	if own.ThreadStack != "" {
		t.ThreadStack = own.ThreadStack
	}
	if own.Base != "" {
		t.Base = own.Base
	}
	return t
}
