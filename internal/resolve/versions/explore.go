package versions

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/ofarm/ofarm/internal/opam"
)

// explorer reads what a request can reach.
type explorer struct {
	req     Request
	varying map[string]bool // variables that targets differ in
	pkgs    map[string]*pkg
	order   []*pkg // as they were first named
	queue   []atom
	files   int
}

// pkg is a package with those of its versions that something allows.
type pkg struct {
	name string
	// index is its place in the order in which packages were first named.
	index int
	// all are the versions that there are, newest first, and state what is
	// known of each.
	all   []string
	state []state
	// fixed is set for the project's own and pinned packages, root for the
	// former.
	fixed *Package
	root  bool
	// hard are demands on the version by the project's files and the request.
	hard []hardDemand
	// allowed memoizes which versions a set allows.
	allowed map[string][]int
	// versions are the reached ones, newest first.
	versions []*version
}

// hardDemand is a set of versions outside of which a package can't be.
type hardDemand struct {
	set opam.Versions
	by  string
}

// state is what is known of a version.
type state uint8

const (
	unread   state = iota
	reached        // to be read, or read
	excluded       // contradicts a hard demand
)

// version is a version that was reached.
type version struct {
	pkg     *pkg
	name    string
	place   int // in pkg.all
	avoided bool
	file    *opam.File
	// needs are, for each target, what it asks for.
	needs []*needs
}

// needs is what a version asks for on a target.
type needs struct {
	available bool
	requires  []opam.Requirement // all must hold
	conflicts []opam.Requirement // atoms, none may hold
}

// atom is a package with the versions that something allows.
type atom struct {
	name string
	set  opam.Versions
}

func (v *version) id() string { return v.pkg.name + "." + v.name }

func explore(req Request) (*explorer, error) {
	e := &explorer{req: req, varying: varying(req.Targets), pkgs: map[string]*pkg{}}
	if err := e.addFixed(); err != nil {
		return nil, err
	}
	for _, c := range req.Constraints {
		if err := e.constrain(c); err != nil {
			return nil, err
		}
	}
	for len(e.queue) > 0 {
		a := e.queue[0]
		e.queue = e.queue[1:]
		if err := e.reach(a); err != nil {
			return nil, err
		}
	}
	for _, p := range e.order {
		slices.SortFunc(p.versions, func(a, b *version) int { return cmp.Compare(a.place, b.place) })
	}
	return e, nil
}

// varying lists the variables whose values differ between targets.
func varying(targets []Target) map[string]bool {
	out := map[string]bool{}
	for _, t := range targets {
		for name, value := range t.Variables {
			if first, ok := targets[0].Variables[name]; !ok || first.Text() != value.Text() {
				out[name] = true
			}
		}
	}
	return out
}

// addFixed takes in the packages that aren't of the universe. The demands of
// the project's files are known before anything is read.
func (e *explorer) addFixed() error {
	for _, list := range [][]Package{e.req.Roots, e.req.Pinned} {
		for i := range list {
			p, err := e.pkg(list[i].Name)
			if err != nil {
				return err
			}
			p.fixed, p.all, p.state = &list[i], []string{list[i].Version}, []state{unread}
			p.allowed = map[string][]int{}
		}
	}
	for _, root := range e.req.Roots {
		e.pkgs[root.Name].root = true
		v, err := e.read(e.pkgs[root.Name], 0)
		if err != nil {
			return err
		}
		for _, r := range commonRequires(v) {
			if err := e.demand(r, root.Name+".opam"); err != nil {
				return err
			}
		}
		e.queue = append(e.queue, atom{name: root.Name})
	}
	return nil
}

// commonRequires are the requirements that a version has on every target.
func commonRequires(v *version) []opam.Requirement {
	out := v.needs[0].requires
	for _, n := range v.needs[1:] {
		if n == v.needs[0] {
			continue
		}
		have := map[string]bool{}
		for _, r := range n.requires {
			have[r.String()] = true
		}
		out = slices.DeleteFunc(slices.Clone(out), func(r opam.Requirement) bool { return !have[r.String()] })
	}
	return out
}

// constrain notes a demand of the request.
func (e *explorer) constrain(c Constraint) error {
	p, err := e.pkg(c.Package.Name)
	switch {
	case err != nil:
		return err
	case c.Package.Versions.Op == opam.FormulaEmpty:
		e.queue = append(e.queue, atom{name: p.name})
		return nil
	case p.root && !c.Package.Versions.Contains(p.all[0]):
		return fmt.Errorf("%s asks for %s, but %s is the project's own, in version %s", c.By, c.Package.Plain(), p.name, p.all[0])
	case !p.root:
		p.restrict(c.Package.Versions, c.By)
	}
	return nil
}

// demand notes what the project's files ask for on every target.
func (e *explorer) demand(r opam.Requirement, by string) error {
	for _, c := range conjuncts(r) {
		for _, a := range c.Atoms() {
			e.queue = append(e.queue, atom{a.Name, a.Versions})
		}
		if c.Op != opam.FormulaAtom || c.Versions.Op == opam.FormulaEmpty {
			continue
		}
		p, err := e.pkg(c.Name)
		if err != nil {
			return err
		}
		p.restrict(c.Versions, by)
	}
	return nil
}

// restrict excludes all versions but those of a set.
func (p *pkg) restrict(set opam.Versions, by string) {
	p.hard = append(p.hard, hardDemand{set, by})
	for i, v := range p.all {
		if !set.Contains(v) {
			p.state[i] = excluded
		}
	}
	clear(p.allowed)
}

// pkg returns the package of a name, which may have no versions.
func (e *explorer) pkg(name string) (*pkg, error) {
	if p, ok := e.pkgs[name]; ok {
		return p, nil
	}
	all, err := e.req.Universe.Versions(name)
	if err != nil {
		return nil, fmt.Errorf("looking for the versions of %s: %w", name, err)
	}
	p := &pkg{name: name, index: len(e.order), all: all, state: make([]state, len(all)), allowed: map[string][]int{}}
	e.pkgs[name] = p
	e.order = append(e.order, p)
	return p, nil
}

// places lists the versions of a set that aren't excluded, by their place.
func (p *pkg) places(set opam.Versions) []int {
	key := set.String()
	out, ok := p.allowed[key]
	if ok {
		return out
	}
	for i, v := range p.all {
		if p.state[i] != excluded && set.Contains(v) {
			out = append(out, i)
		}
	}
	p.allowed[key] = out
	return out
}

// reach takes in the versions that an atom allows, and puts what they need into
// the queue.
func (e *explorer) reach(a atom) error {
	p, err := e.pkg(a.name)
	if err != nil {
		return err
	}
	for _, i := range p.places(a.set) {
		if p.state[i] != unread {
			continue
		}
		p.state[i] = reached
		v, err := e.read(p, i)
		if err != nil {
			return err
		}
		p.versions = append(p.versions, v)
		if err := e.follow(v); err != nil {
			return err
		}
	}
	return nil
}

// follow puts what a version needs into the queue. A version that can't be
// installed anywhere is not followed.
func (e *explorer) follow(v *version) error {
	var done []*needs
	for _, n := range v.needs {
		if !n.available || slices.Contains(done, n) {
			continue
		}
		done = append(done, n)
		var atoms []atom
		for i, c := range n.requires {
			own, err := e.atoms(c)
			if err != nil {
				return err
			}
			if len(own) == 0 {
				n.requires = []opam.Requirement{n.requires[i]} // enough to exclude it
				atoms = nil
				break
			}
			atoms = append(atoms, own...)
		}
		e.queue = append(e.queue, atoms...)
	}
	return nil
}

// atoms lists those alternatives of a conjunct that some version can fulfil.
func (e *explorer) atoms(c opam.Requirement) ([]atom, error) {
	var out []atom
	for _, a := range c.Atoms() {
		p, err := e.pkg(a.Name)
		if err != nil {
			return nil, err
		}
		if len(p.places(a.Versions)) > 0 {
			out = append(out, atom{a.Name, a.Versions})
		}
	}
	return out, nil
}

// read reads the opam file of a version.
func (e *explorer) read(p *pkg, place int) (*version, error) {
	v := &version{pkg: p, name: p.all[place], place: place}
	e.files++
	var file *opam.File
	var own map[string]opam.Value
	if p.fixed != nil {
		file, own = p.fixed.File, p.fixed.Variables
	} else {
		var err error
		if file, err = e.req.Universe.OpamFile(p.name, v.name); err != nil {
			return nil, err
		}
	}
	v.file, v.avoided = file, avoided(file) && !p.root
	v.needs = make([]*needs, len(e.req.Targets))
	same := !mentions(file, e.varying)
	for t, target := range e.req.Targets {
		if t > 0 && same {
			v.needs[t] = v.needs[0]
			continue
		}
		n, err := evaluate(v, file, target, own)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.id(), err)
		}
		v.needs[t] = n
	}
	return v, nil
}

// evaluate gives what a file asks for on a target.
func evaluate(v *version, file *opam.File, target Target, own map[string]opam.Value) (*needs, error) {
	globals := maps.Clone(target.Variables)
	if globals == nil {
		globals = map[string]opam.Value{}
	}
	globals["build"], globals["post"] = opam.Bool(true), opam.Bool(true)
	maps.Copy(globals, own)
	scope := opam.Scope{Globals: globals, Name: v.pkg.name, Self: opam.Package{Version: v.name}}
	n := &needs{}
	var err error
	if n.available, err = file.Available.True(scope); err != nil {
		return nil, err
	}
	requires, err := file.Depends.Eval(scope)
	if err != nil {
		return nil, err
	}
	n.requires = conjuncts(requires)
	conflicts, err := file.Conflicts.Eval(scope)
	if err != nil {
		return nil, err
	}
	n.conflicts = conflicts.Atoms()
	return n, nil
}
