package plan

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/targets"
)

// works tells whether a locked package does or brings anything.
func (p *pkg) works() bool {
	if p.locked == nil {
		return false
	}
	l := p.locked
	return l.Source != nil || len(l.ExtraSources) > 0 || len(l.ExtraFiles) > 0 ||
		len(p.file.Build) > 0 || len(p.file.Install) > 0
}

// addSteps makes a step of every package that works, and one of the project.
func (b *builder) addSteps() {
	for _, p := range b.order {
		if p.works() {
			b.addPackage(p)
		}
	}
	if len(b.in.Project.Packages) > 0 {
		b.addProject()
	}
}

func (b *builder) addPackage(p *pkg) {
	env := b.env(p)
	part, err := b.part(p, env)
	if err != nil {
		b.fail(err)
		return
	}
	vars, err := b.stepEnv([]*pkg{p})
	if err != nil {
		b.fail(err)
		return
	}
	b.plan.Steps = append(b.plan.Steps, Step{
		Name:    p.id(),
		Package: p.name,
		Version: p.version,
		Root:    rootName(b.rootOf(p)),
		Dir:     path.Join(BuildDir, p.id()),
		Source:  source(p.locked),
		Deps:    b.stepNames(p.closure),
		Env:     vars,
		Parts:   []Part{part},
	})
}

// source is nil for a package that brings no file.
func source(l *lock.Package) *Source {
	s := Source{Archive: l.Source, Files: slices.Clone(l.ExtraFiles)}
	for _, e := range l.ExtraSources {
		s.Files = append(s.Files, lock.NamedInput{Name: e.Name, Input: e.Input})
	}
	if s.Archive == nil && len(s.Files) == 0 {
		return nil
	}
	slices.SortFunc(s.Files, func(a, b lock.NamedInput) int { return cmp.Compare(a.Name, b.Name) })
	return &s
}

// stepNames are the steps of those packages that have one, sorted.
func (b *builder) stepNames(names []string) []string {
	var out []string
	for _, n := range names {
		if p := b.packages[n]; p.works() {
			out = append(out, p.id())
		}
	}
	slices.Sort(out)
	return out
}

// part is what a step does for one package.
func (b *builder) part(p *pkg, env opam.Scope) (Part, error) {
	part := Part{Package: p.name, Version: p.version}
	for _, f := range p.file.Patches {
		ok, err := f.When.True(env)
		if err != nil {
			return Part{}, fmt.Errorf("%s: patches: %w", p.id(), err)
		}
		if ok {
			part.Patches = append(part.Patches, f.Text)
		}
	}
	for _, s := range p.file.Substs {
		if slices.Contains(part.Patches, s) {
			part.SubstsFirst = append(part.SubstsFirst, s)
		} else {
			part.Substs = append(part.Substs, s)
		}
	}
	var err error
	if len(p.file.Substs) > 0 {
		if part.Table, err = table(env); err != nil {
			return Part{}, fmt.Errorf("%s: substs: %w", p.id(), err)
		}
	}
	if part.Build, err = commands(p.file.Build, env); err != nil {
		return Part{}, fmt.Errorf("%s: build: %w", p.id(), err)
	}
	if part.Install, err = commands(p.file.Install, env); err != nil {
		return Part{}, fmt.Errorf("%s: install: %w", p.id(), err)
	}
	return part, nil
}

// table lists the variables that a file of substs may use.
func table(scope opam.Scope) (string, error) {
	text, err := opam.AppendBindings(nil, scope.Bindings())
	return string(text), err
}

func commands(cmds []opam.Command, env opam.Env) ([]Command, error) {
	list, err := opam.EvalCommands(cmds, env)
	if err != nil {
		return nil, err
	}
	var out []Command
	for _, words := range list {
		out = append(out, Command(words))
	}
	return out, nil
}

// addProject makes the project's step of all its packages.
func (b *builder) addProject() {
	own := b.ownPackages()
	step := Step{
		Name:    own[0].name,
		Package: own[0].name,
		Version: own[0].version,
		Project: true,
		Root:    rootName(b.projectRoot()),
		Dir:     path.Join(BuildDir, own[0].name),
		Export:  b.in.Settings.Export,
		Strip:   !b.in.Settings.NoStrip,
		Link:    b.linkMode(),
	}
	if len(step.Export) == 0 {
		step.Export = []string{"bin/*"}
	}
	var closure []string
	for _, p := range own {
		part, err := b.part(p, b.env(p))
		if err != nil {
			b.fail(err)
			return
		}
		step.Parts = append(step.Parts, part)
		closure = append(closure, p.closure...)
	}
	b.override(&step)
	slices.Sort(closure)
	step.Deps = b.stepNames(slices.Compact(closure))
	vars, err := b.stepEnv(own)
	if err != nil {
		b.fail(err)
		return
	}
	step.Env = b.projectEnv(step, vars)
	b.plan.Steps = append(b.plan.Steps, step)
}

// override puts the commands of the settings in the place of the opam files'.
func (b *builder) override(step *Step) {
	first := &step.Parts[0]
	for i := range step.Parts {
		if b.in.Settings.Build != nil {
			step.Parts[i].Build = nil
		}
		if b.in.Settings.Install != nil {
			step.Parts[i].Install = nil
		}
	}
	if b.in.Settings.Build != nil {
		first.Build = literal(b.in.Settings.Build)
	}
	if b.in.Settings.Install != nil {
		step.Parts[len(step.Parts)-1].Install = literal(b.in.Settings.Install)
	}
}

func literal(cmds [][]string) []Command {
	out := []Command{}
	for _, c := range cmds {
		var words Command
		for _, w := range c {
			words = append(words, opam.String(w).Word())
		}
		out = append(out, words)
	}
	return out
}

func (b *builder) linkMode() targets.LinkMode {
	if b.in.Settings.Link != "" {
		return b.in.Settings.Link
	}
	return b.plan.Release.Link
}
