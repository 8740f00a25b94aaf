package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/targets"
)

// Input is what a plan is made of.
type Input struct {
	Lock   *lock.File
	Target lock.TargetID
	// OpamFiles has the bytes of every locked opam file, by sha256 in hex.
	OpamFiles map[string][]byte
	// Project is what the last step builds.
	Project Project
	// Settings are the project's wishes for this target.
	Settings Settings
}

// Project is the user's own opam packages.
type Project struct {
	// Packages are what the project's opam files say, by name of the package;
	// none for a plan of locked packages only.
	Packages []ProjectPackage
}

// ProjectPackage is one opam file of a project.
type ProjectPackage struct {
	// Name and Version of the package; a file without a version is "dev".
	Name, Version string
	File          *opam.File
}

// Settings say how the project is built; the zero value is what the target and
// the opam files say.
type Settings struct {
	Link targets.LinkMode
	// NoStrip keeps symbols.
	NoStrip bool
	// Export are patterns relative to the prefix; none means "bin/*".
	Export []string
	// Build and Install replace the opam files' commands unless nil.
	Build, Install [][]string
	// DistroPackages are distro packages that the project's step has beyond
	// its depexts.
	DistroPackages []string
	// ThreadStack is the stack of a thread in static executables, in bytes; 0
	// means the linker shim's default.
	ThreadStack int64
}

// NotLockedError says that a lock lacks a target; without a platform, that it has
// it for none.
type NotLockedError struct {
	Target lock.TargetID
	// Locked are the names of the targets that it has.
	Locked []string
}

func (e *NotLockedError) Error() string {
	if e.Target.Platform == "" {
		return fmt.Sprintf("target %q is not in the lock", e.Target.Name)
	}
	return fmt.Sprintf("target %q (%s) is not in the lock", e.Target.Name, e.Target.Platform)
}

// EntryError says that the lock of a target doesn't fit together: an entry is
// missing, or one is there that nothing needs.
type EntryError struct {
	Target lock.TargetID
	// Package is the one that it is about, "NAME.VERSION" or a project's name;
	// or "depext NAME".
	Package string
	Text    string
}

func (e *EntryError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Target.Name, e.Package, e.Text)
}

// New makes the plan of one target.
//
// Errors: [*NotLockedError] where the lock lacks the target; mistakes of opam
// files with their position; all [*EntryError] of the target at once.
func New(in Input) (*Plan, error) {
	target, ok := in.Lock.Target(in.Target)
	if !ok {
		return nil, &NotLockedError{Target: in.Target, Locked: in.Lock.TargetNames()}
	}
	release, err := targets.Find(in.Target.Name, nil)
	if err != nil {
		return nil, err
	}
	platform, err := targets.ParsePlatform(in.Target.Platform)
	if err != nil {
		return nil, err
	}
	b := &builder{
		in:       in,
		target:   target,
		vars:     targetVariables(release, platform),
		packages: map[string]*pkg{},
		plan:     &Plan{Release: release, Platform: platform, Epoch: in.Lock.Epoch},
	}
	if err := b.build(); err != nil {
		return nil, err
	}
	return b.plan, nil
}

// builder makes one plan.
type builder struct {
	in       Input
	target   lock.Target
	vars     map[string]opam.Value
	packages map[string]*pkg
	order    []*pkg
	plan     *Plan
	errs     *multierror.Error
}

// pkg is an opam package of the target.
type pkg struct {
	name, version string
	locked        *lock.Package // nil for the project's
	file          *opam.File
	// before are its dependencies, post those needed only afterwards; sorted.
	before, post []string
	// closure is all it depends on, sorted.
	closure []string
	// depexts are what it asks for itself.
	depexts []string
	needed  bool
	// scope is made when it is first asked for; see env.
	scope *opam.Scope
}

func (p *pkg) id() string { return p.name + "." + p.version }

func (b *builder) build() error {
	stages := []func(){b.read, b.link, b.checkNeeded, b.sort, b.close, b.checkOwn, b.askDepexts, b.addRoots, b.addSteps}
	for _, stage := range stages {
		stage()
		if err := b.errs.ErrorOrNil(); err != nil {
			return err
		}
	}
	return nil
}

// fail notes an error, once: what one package's setenv gets wrong would show in
// every step that sees the package.
func (b *builder) fail(err error) {
	if b.errs != nil && slices.ContainsFunc(b.errs.Errors, func(e error) bool { return e.Error() == err.Error() }) {
		return
	}
	b.errs = multierror.Append(b.errs, err)
}

func (b *builder) entry(p *pkg, format string, args ...any) {
	of := p.id()
	if p.locked == nil {
		of = p.name
	}
	b.fail(&EntryError{Target: b.in.Target, Package: of, Text: fmt.Sprintf(format, args...)})
}

// read parses the opam files of the target's packages and takes in the
// project's.
func (b *builder) read() {
	for _, l := range b.in.Lock.PackagesOf(b.in.Target) {
		data, ok := b.in.OpamFiles[l.OpamFile.SHA256]
		p := &pkg{name: l.Name, version: l.Version, locked: &l}
		if !ok {
			b.entry(p, "its opam file sha256:%s is not at hand", l.OpamFile.SHA256)
			continue
		}
		file, err := opam.Parse(l.ID()+"/opam", data)
		if err != nil {
			b.fail(err)
			continue
		}
		p.file = file
		b.checkSources(p)
		b.add(p)
	}
	for _, own := range b.in.Project.Packages {
		b.add(&pkg{name: own.Name, version: own.Version, file: own.File})
	}
}

func (b *builder) add(p *pkg) {
	if other, ok := b.packages[p.name]; ok {
		b.entry(p, "the target has %s as well", other.id())
		return
	}
	b.packages[p.name] = p
}

// sorted lists the packages by name.
func (b *builder) sorted() []*pkg {
	var out []*pkg
	for _, p := range b.packages {
		out = append(out, p)
	}
	slices.SortFunc(out, func(x, y *pkg) int { return cmp.Compare(x.name, y.name) })
	return out
}
