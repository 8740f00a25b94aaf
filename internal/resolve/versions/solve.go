package versions

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ofarm/ofarm/internal/opam"
)

// Solve finds the best solution of a request. Where there is none, the error is
// a [*NoSolutionError].
func Solve(req Request) (*Solution, error) {
	if len(req.Targets) == 0 {
		return nil, fmt.Errorf("choosing versions: no target")
	}
	e, err := explore(req)
	if err != nil {
		return nil, err
	}
	sol, err := solveJoint(e)
	if err != nil || sol != nil {
		return sol, err
	}
	return solveApart(e)
}

// solveJoint finds a solution with the same versions on all targets; nil where
// there are only others.
func solveJoint(e *explorer) (*Solution, error) {
	ch := newChooser(encode(e, true))
	if !ch.sat.fits() {
		if len(ch.classes) > 1 {
			return nil, nil
		}
		return nil, explain(e, 0)
	}
	ch.begin()
	for c := range ch.classes {
		ch.choose(c)
	}
	return ch.solution(true)
}

// solveApart finds a solution in which a package's version depends on the
// target. Later targets follow the first one where they can.
func solveApart(e *explorer) (*Solution, error) {
	ch := newChooser(encode(e, false))
	if !ch.sat.fits() {
		for c := range ch.classes {
			if err := explain(e, c); err != nil {
				return nil, err
			}
		}
	}
	ch.begin()
	for c := range ch.classes {
		ch.follow(c)
		ch.choose(c)
	}
	return ch.solution(false)
}

// chooser grants wishes one after the other.
type chooser struct {
	*encoder
	sat *sat
	// granted are literals that the solution has; they fit.
	granted []int
	// chosen are the versions of each class.
	chosen []map[*pkg]*version
}

func newChooser(enc *encoder) *chooser {
	ch := &chooser{encoder: enc, sat: newSAT(enc.formula)}
	for range enc.classes {
		ch.chosen = append(ch.chosen, map[*pkg]*version{})
	}
	return ch
}

// begin keeps out the versions that are to be avoided, and keeps those that
// shall stay.
func (ch *chooser) begin() {
	var keep, avoid []int
	for _, p := range ch.order {
		for i, v := range p.versions {
			for c := range ch.classes {
				is := ch.rows[c][p].is[i]
				switch {
				case ch.keeps(c, v) && !ch.sat.fits([]int{is}):
					// It can't stay; nor is it to be dropped for that.
				case ch.keeps(c, v):
					keep = append(keep, ch.either(is, -ch.rows[c][p].installed()))
				case v.avoided:
					avoid = append(avoid, -is)
				}
			}
		}
	}
	ch.refresh()
	ch.granted = ch.sat.most(ch.granted, avoid)
	ch.granted = append(ch.granted, ch.sat.most(ch.granted, keep)...)
}

// keeps tells whether a version shall stay on a class of targets.
func (ch *chooser) keeps(c int, v *version) bool {
	return ch.req.Targets[ch.classes[c]].Keep[v.pkg.name] == v.name
}

// either is a literal that holds only if one of two does.
func (ch *chooser) either(a, b int) int {
	l := ch.variable()
	ch.add(-l, a, b)
	return l
}

// follow wishes that a class has the versions that earlier ones have.
func (ch *chooser) follow(c int) {
	var wishes []int
	for _, p := range ch.order {
		for before := range c {
			v := ch.chosen[before][p]
			if v == nil {
				continue
			}
			r := ch.rows[c][p]
			wishes = append(wishes, ch.either(r.is[slices.Index(p.versions, v)], -r.installed()))
			break
		}
	}
	ch.refresh()
	ch.granted = append(ch.granted, ch.sat.most(ch.granted, wishes)...)
}

// choose fixes all that a class needs, from the project on.
func (ch *chooser) choose(c int) {
	var level []opam.Requirement
	for _, root := range ch.req.Roots {
		p := ch.pkgs[root.Name]
		v := p.versions[0]
		ch.chosen[c][p] = v
		level = append(level, v.needs[ch.classes[c]].requires...)
	}
	for _, d := range ch.req.Constraints {
		if d.adds() {
			level = append(level, d.Package)
		}
	}
	level = ch.direct(c, level)
	var alternatives []opam.Requirement
	for len(level) > 0 || len(alternatives) > 0 {
		if len(level) == 0 {
			level, alternatives = ch.alternative(c, alternatives[0]), alternatives[1:]
			continue
		}
		var atoms []opam.Requirement
		for _, q := range level {
			if q.Op == opam.FormulaAtom {
				atoms = append(atoms, q)
			} else {
				alternatives = append(alternatives, q)
			}
		}
		level = ch.atoms(c, atoms)
	}
}

// direct fixes what the project itself asks for, in the order of its files, and
// returns what that needs.
func (ch *chooser) direct(c int, level []opam.Requirement) []opam.Requirement {
	if slices.ContainsFunc(level, func(q opam.Requirement) bool { return q.Op != opam.FormulaAtom }) {
		var next []opam.Requirement
		for _, q := range level {
			if q.Op == opam.FormulaAtom {
				next = append(next, ch.atoms(c, []opam.Requirement{q})...)
			} else {
				next = append(next, ch.alternative(c, q)...)
			}
		}
		return next
	}
	return ch.atoms(c, level)
}

// atoms fixes the versions of packages that are needed, and returns what these
// need.
func (ch *chooser) atoms(c int, atoms []opam.Requirement) []opam.Requirement {
	var open []opam.Requirement
	seen := map[string]bool{}
	for _, q := range atoms {
		if ch.chosen[c][ch.pkgs[q.Name]] == nil && !seen[q.Name] {
			seen[q.Name] = true
			open = append(open, q)
		}
	}
	ch.newest(c, open)
	var next []opam.Requirement
	for _, q := range open {
		next = append(next, ch.chosen[c][ch.pkgs[q.Name]].needs[ch.classes[c]].requires...)
	}
	return next
}

// newest fixes some packages, each at the newest version that is possible; all
// together where that fits, and else one half after the other.
func (ch *chooser) newest(c int, open []opam.Requirement) {
	if len(open) == 0 {
		return
	}
	if len(open) == 1 {
		ch.newestOf(c, open[0])
		return
	}
	var wish []int
	for _, q := range open {
		wish = append(wish, ch.wish(c, ch.pkgs[q.Name], q))
	}
	if ch.sat.fits(ch.granted, wish) {
		for i, q := range open {
			ch.grant(c, ch.pkgs[q.Name], wish[i])
		}
		return
	}
	half := len(open) / 2
	ch.newest(c, open[:half])
	ch.newest(c, open[half:])
}

// wish is the literal of the version that is wanted first.
func (ch *chooser) wish(c int, p *pkg, q opam.Requirement) int {
	r := ch.rows[c][p]
	best := -1
	for i, v := range p.versions {
		if !q.Versions.Contains(v.name) || slices.Contains(ch.granted, -r.is[i]) {
			continue
		}
		if ch.keeps(c, v) {
			return r.is[i]
		}
		if best < 0 {
			best = i
		}
	}
	return r.is[max(best, 0)]
}

// newestOf fixes one package: at its wished version if that fits, and else at
// the newest that does.
func (ch *chooser) newestOf(c int, q opam.Requirement) {
	p := ch.pkgs[q.Name]
	r := ch.rows[c][p]
	if is := ch.wish(c, p, q); ch.sat.fits(ch.granted, []int{is}) {
		ch.grant(c, p, is)
		return
	}
	low, high := 0, len(p.versions)-1 // of the newest place that fits
	for low < high {
		middle := (low + high) / 2
		if !ch.sat.fits(ch.granted, []int{r.upTo[middle]}) {
			low = middle + 1
			continue
		}
		high = middle
		for i := range high {
			if ch.sat.holds(r.is[i]) {
				high = i
				break
			}
		}
	}
	ch.grant(c, p, r.is[low])
}

func (ch *chooser) grant(c int, p *pkg, is int) {
	ch.granted = append(ch.granted, is)
	ch.chosen[c][p] = p.versions[slices.Index(ch.rows[c][p].is, is)]
}

// alternative decides a disjunction: nothing is to be done where what was chosen
// fulfils it, and else the first part that fits is taken, of those that what
// shall stay fulfils, or of all. It returns what is to be fixed next.
func (ch *chooser) alternative(c int, q opam.Requirement) []opam.Requirement {
	if q.Satisfied(ch.installed(c)) {
		return nil
	}
	parts := slices.Clone(q.Parts)
	keep := ch.req.Targets[ch.classes[c]].Keep
	slices.SortStableFunc(parts, func(a, b opam.Requirement) int {
		return after(a.Satisfied(keep)) - after(b.Satisfied(keep))
	})
	for _, part := range parts {
		l := ch.literal(c, part)
		if l == 0 {
			continue
		}
		ch.refresh() // the part of a part has a literal from now on
		if ch.sat.fits(ch.granted, []int{l}) {
			ch.granted = append(ch.granted, l)
			return conjuncts(part)
		}
	}
	return nil // can't be: what was granted fits
}

func after(first bool) int {
	if first {
		return 0
	}
	return 1
}

// refresh makes a new solver if clauses were added.
func (ch *chooser) refresh() {
	if ch.sat.clauses < len(ch.clauses) || ch.sat.variables < ch.variables {
		asked := ch.sat.questions
		ch.sat = newSAT(ch.formula)
		ch.sat.questions = asked
	}
}

// installed lists what was chosen for a class.
func (ch *chooser) installed(c int) map[string]string {
	out := map[string]string{}
	for p, v := range ch.chosen[c] {
		out[p.name] = v.name
	}
	return out
}

// solution puts the choices together, and checks them.
func (ch *chooser) solution(joint bool) (*Solution, error) {
	sol := &Solution{Joint: joint, Stats: Stats{
		Packages: len(ch.order), Files: ch.files, Classes: len(ch.classes),
		Variables: ch.variables, Clauses: len(ch.clauses), Questions: ch.sat.questions,
	}}
	avoid := map[string]bool{}
	for _, p := range ch.order {
		sol.Stats.Versions += len(p.versions)
	}
	for t, c := range ch.classOf {
		all := ch.installed(c)
		if err := check(ch.chosen[c], all, t); err != nil {
			return nil, fmt.Errorf("the chosen versions don't fit on %s: %w", ch.req.Targets[t].Name, err)
		}
		for p, v := range ch.chosen[c] {
			if v.avoided {
				avoid[v.id()] = true
			}
			if p.root {
				delete(all, p.name)
			}
		}
		sol.Versions = append(sol.Versions, all)
	}
	sol.Avoided = slices.Sorted(maps.Keys(avoid))
	return sol, nil
}

// check goes through a solution for a target without the solver.
func check(chosen map[*pkg]*version, installed map[string]string, t int) error {
	classes := map[string]*pkg{}
	for _, p := range slices.SortedFunc(maps.Keys(chosen), func(a, b *pkg) int { return a.index - b.index }) {
		v := chosen[p]
		n := v.needs[t]
		if !n.available {
			return fmt.Errorf("%s is not available", v.id())
		}
		for _, q := range n.requires {
			if !q.Satisfied(installed) {
				return fmt.Errorf("%s needs %s", v.id(), q)
			}
		}
		for _, q := range n.conflicts {
			if q.Name != p.name && q.Satisfied(installed) {
				return fmt.Errorf("%s conflicts with %s", v.id(), q)
			}
		}
		for _, class := range v.file.ConflictClass {
			if other := classes[class]; other != nil && other != p {
				return fmt.Errorf("%s and %s are both of the conflict class %s", p.name, other.name, class)
			}
			classes[class] = p
		}
	}
	return nil
}
