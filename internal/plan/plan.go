package plan

import (
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/targets"
)

// Fixed paths inside a step. They never change: compilers write them into
// what they install.
const (
	// Prefix is the opam prefix, where everything is installed.
	Prefix = "/ofarm/switch"
	// BuildDir is the folder below which each step has its source.
	BuildDir = "/ofarm/build"
	// ShimDir has the linker shim, first on the project's PATH.
	ShimDir = "/ofarm/cc"
	// OutDir is what the project's step exports.
	OutDir = "/ofarm/out"
	// LinkDir gets a record of each link.
	LinkDir = OutDir + "/.ofarm/link"
)

// Plan is what one target's build does.
type Plan struct {
	Release  targets.Release
	Platform targets.Platform
	// Epoch is SOURCE_DATE_EPOCH inside steps, in seconds.
	Epoch int64
	// Roots are the base first, then the others by name.
	Roots []Root
	// Steps are in topological order, equal ranks by name. The last one is the
	// project's, unless the plan is of packages only.
	Steps []Step
}

// Root is a root file system that steps run on.
type Root struct {
	// Name is "base", or "base+" and the depexts joined by "+".
	Name string
	// Depexts are the distro packages asked for beyond the base, sorted; none
	// for the base.
	Depexts []string
	// Packages are the package files of the base, or those that the root has
	// beyond the base; sorted by name.
	Packages []lock.DistroPackage
}

// Step is one run of commands in a root.
type Step struct {
	// Name is "dune.3.17.2", or the project's own name.
	Name string
	// Package and Version are opam's, of the first package of a project.
	Package, Version string
	// Project is true for the project's own step.
	Project bool
	// Root is the name of the root it runs on.
	Root string
	// Dir is the folder of the source, in which commands run.
	Dir string
	// Source is what Dir has at the start; nil for an empty folder and for the
	// project, whose files are not part of the plan.
	Source *Source
	// Deps are the names of the steps whose output it sees, sorted: the whole
	// closure.
	Deps []string
	// Env is the whole environment, sorted by name.
	Env []Var
	// Parts are the opam packages that the step builds, in order: one, but
	// for a project with several opam files.
	Parts []Part
	// Export are the patterns below Prefix that the project exports.
	Export []string
	// Strip tells whether exported executables are stripped.
	Strip bool
	// Link is how the project's executables are linked.
	Link targets.LinkMode
}

// Part is the building and installing of one opam package.
type Part struct {
	Package, Version string
	// Patches are files of the source, in the order of their application.
	Patches []string
	// SubstsFirst are the substs that are patches, Substs the others: opam
	// substitutes before and after it patches.
	SubstsFirst, Substs []string
	// Table is the variables for substs, a line VARIABLE<TAB>VALUE each; empty
	// where there are none.
	Table string
	// Build and Install are the commands.
	Build, Install []Command
}

// Source is the content of a step's folder: an unpacked source archive with
// files laid over it.
type Source struct {
	// Archive is nil where there are only files.
	Archive *lock.Source
	// Files are sorted by name.
	Files []lock.NamedInput
}

// Var is a variable with its value.
type Var struct{ Name, Value string }

// Command is a program and its arguments. A word's run-time parts are
// variables of the step's script: "jobs".
type Command []opam.Word

// Root returns the root of a name.
func (p *Plan) Root(name string) (Root, bool) {
	for _, r := range p.Roots {
		if r.Name == name {
			return r, true
		}
	}
	return Root{}, false
}

// Step returns the step of a name.
func (p *Plan) Step(name string) (Step, bool) {
	for _, s := range p.Steps {
		if s.Name == name {
			return s, true
		}
	}
	return Step{}, false
}
