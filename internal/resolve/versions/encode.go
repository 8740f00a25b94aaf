package versions

import (
	"reflect"
	"slices"

	"github.com/ofarm/ofarm/internal/opam"
)

// encoder writes what was read as clauses.
type encoder struct {
	*explorer
	*formula
	// classes are the targets that are told apart: the first target of each,
	// and classOf the class of each target.
	classes []int
	classOf []int
	// rows are the variables of each package, by class.
	rows []map[*pkg]*row
	// literals are those that require made for alternatives.
	literals map[literalKey]int
	// origins are where clauses come from; nil where nobody asks for them.
	origins *origins
}

// literalKey is a requirement on a class.
type literalKey struct {
	class int
	text  string
}

// row holds the variables of a package on a class of targets.
type row struct {
	pkg *pkg
	// upTo says of each version that it or a newer one is installed, is that
	// it is.
	upTo, is []int
}

// encode writes the clauses of all classes. Where joint is set, a package has
// one version on all of them.
func encode(e *explorer, joint bool) *encoder {
	enc := newEncoder(e)
	if joint && len(enc.classes) > 1 {
		enc.join()
	}
	for c := range enc.classes {
		enc.class(c)
	}
	return enc
}

// encodeClass writes the clauses of one class, with their origins.
func encodeClass(e *explorer, c int) *encoder {
	enc := newEncoder(e)
	enc.origins = &origins{byKey: map[string]*origin{}}
	enc.class(c)
	return enc
}

func newEncoder(e *explorer) *encoder {
	enc := &encoder{explorer: e, formula: newFormula(), literals: map[literalKey]int{}}
	enc.classify()
	for range enc.classes {
		enc.rows = append(enc.rows, enc.newRows())
	}
	return enc
}

func (enc *encoder) class(c int) {
	enc.demands(c)
	for _, p := range enc.order {
		for _, v := range p.versions {
			enc.version(c, v)
		}
	}
	enc.conflictClasses(c)
}

// classify tells the targets apart that some file tells apart.
func (enc *encoder) classify() {
	for t := range enc.req.Targets {
		same := slices.IndexFunc(enc.classes, func(first int) bool { return !enc.differ(first, t) })
		if same < 0 {
			same = len(enc.classes)
			enc.classes = append(enc.classes, t)
		}
		enc.classOf = append(enc.classOf, same)
	}
}

func (enc *encoder) differ(s, t int) bool {
	for _, p := range enc.order {
		for _, v := range p.versions {
			if v.needs[s] != v.needs[t] && !reflect.DeepEqual(v.needs[s], v.needs[t]) {
				return true
			}
		}
	}
	return false
}

// newRows makes the variables of all packages that have versions.
func (enc *encoder) newRows() map[*pkg]*row {
	rows := map[*pkg]*row{}
	for _, p := range enc.order {
		if len(p.versions) > 0 {
			rows[p] = enc.newRow(p)
		}
	}
	return rows
}

func (enc *encoder) newRow(p *pkg) *row {
	r := &row{pkg: p}
	for i := range p.versions {
		r.upTo = append(r.upTo, enc.variable())
		if i == 0 {
			r.is = append(r.is, r.upTo[0])
			continue
		}
		is := enc.variable()
		r.is = append(r.is, is)
		enc.add(-r.upTo[i-1], r.upTo[i])
		enc.add(-is, r.upTo[i])
		enc.add(-is, -r.upTo[i-1])
		enc.add(is, -r.upTo[i], r.upTo[i-1])
	}
	return r
}

// installed is the literal that a package is there.
func (r *row) installed() int { return r.upTo[len(r.upTo)-1] }

// join demands that what is installed on several classes has one version.
func (enc *encoder) join() {
	common := enc.newRows()
	for _, p := range enc.order {
		if len(p.versions) == 0 {
			continue
		}
		for c := range enc.classes {
			r := enc.rows[c][p]
			for i := range p.versions {
				enc.add(-r.upTo[i], common[p].upTo[i])
				enc.add(-r.installed(), r.upTo[i], -common[p].upTo[i])
			}
		}
	}
}

// demands writes what must hold on a class.
func (enc *encoder) demands(c int) {
	for _, root := range enc.req.Roots {
		p := enc.pkgs[root.Name]
		if r := enc.rows[c][p]; r != nil {
			enc.add(r.installed())
		}
	}
	for i := range enc.req.Constraints {
		if d := &enc.req.Constraints[i]; d.adds() {
			o := enc.origins.literal(enc.formula, origin{kind: fromConstraint, constraint: d})
			enc.require(c, 0, d.Package, o)
		}
	}
}

// version writes the clauses of one version on a class.
func (enc *encoder) version(c int, v *version) {
	r := enc.rows[c][v.pkg]
	is := r.is[slices.Index(v.pkg.versions, v)]
	n := v.needs[enc.classes[c]]
	if !n.available {
		enc.add(enc.origins.literal(enc.formula, origin{kind: fromAvailable, pkg: v.pkg}), -is)
		return
	}
	for _, q := range n.requires {
		o := enc.origins.literal(enc.formula, origin{kind: fromDepends, pkg: v.pkg, names: names(q)})
		enc.require(c, -is, q, o)
	}
	for _, q := range n.conflicts {
		if q.Name != v.pkg.name {
			enc.conflict(c, -is, q, enc.origins.literal(enc.formula, origin{kind: fromConflicts, pkg: v.pkg, names: names(q)}))
		}
	}
}

// require writes: unless one of two literals holds, so does the conjunct.
func (enc *encoder) require(c, unless int, q opam.Requirement, origin int) {
	if q.Op == opam.FormulaAtom {
		for _, clause := range enc.atom(c, q) {
			enc.add(append([]int{origin, unless}, clause...)...)
		}
		return
	}
	clause := []int{origin, unless}
	for _, part := range q.Parts {
		clause = append(clause, enc.literal(c, part))
	}
	enc.add(clause...)
}

// literal is one that holds only if a requirement does; 0 if that can't be.
func (enc *encoder) literal(c int, q opam.Requirement) int {
	key := literalKey{c, q.String()}
	l, ok := enc.literals[key]
	if !ok {
		l = enc.newLiteral(c, q)
		enc.literals[key] = l
	}
	return l
}

func (enc *encoder) newLiteral(c int, q opam.Requirement) int {
	switch q.Op {
	case opam.FormulaAtom:
		return enc.all(enc.atom(c, q))
	case opam.FormulaAnd:
		var clauses [][]int
		for _, part := range q.Parts {
			clauses = append(clauses, noZero(enc.literal(c, part)))
		}
		return enc.all(clauses)
	}
	var clause []int
	for _, part := range q.Parts {
		clause = append(clause, noZero(enc.literal(c, part))...)
	}
	return enc.all([][]int{clause})
}

func noZero(l int) []int {
	if l == 0 {
		return nil
	}
	return []int{l}
}

// all is a literal that holds only if some clauses do; 0 if one is empty.
func (enc *encoder) all(clauses [][]int) int {
	if slices.ContainsFunc(clauses, func(c []int) bool { return len(c) == 0 }) {
		return 0
	}
	if len(clauses) == 1 && len(clauses[0]) == 1 {
		return clauses[0][0]
	}
	l := enc.variable()
	for _, clause := range clauses {
		enc.add(append([]int{-l}, clause...)...)
	}
	return l
}

// atom gives clauses that together say that a package is installed with one of
// some versions. A clause without literals can't hold.
func (enc *encoder) atom(c int, q opam.Requirement) [][]int {
	p := enc.pkgs[q.Name]
	runs := p.runs(q.Versions)
	r := enc.rows[c][p]
	switch len(runs) {
	case 0:
		return [][]int{{}}
	case 1:
		clauses := [][]int{{r.upTo[runs[0].last]}}
		if runs[0].first > 0 {
			clauses = append(clauses, []int{-r.upTo[runs[0].first-1]})
		}
		return clauses
	}
	var any []int
	for _, run := range runs {
		any = append(any, r.is[run.first:run.last+1]...)
	}
	return [][]int{any}
}

// conflict writes: unless a literal holds, a package isn't one of some versions.
func (enc *encoder) conflict(c, unless int, q opam.Requirement, origin int) {
	p, ok := enc.pkgs[q.Name]
	if !ok {
		return // nothing brings it in
	}
	r := enc.rows[c][p]
	for _, run := range p.runs(q.Versions) {
		newer := 0
		if run.first > 0 {
			newer = r.upTo[run.first-1]
		}
		enc.add(origin, unless, -r.upTo[run.last], newer)
	}
}

// run is a range of p.versions.
type run struct{ first, last int }

// runs are the ranges of reached versions that a set allows.
func (p *pkg) runs(set opam.Versions) []run {
	places := p.places(set)
	var out []run
	next := 0
	for i, v := range p.versions {
		for next < len(places) && places[next] < v.place {
			next++
		}
		if next == len(places) || places[next] != v.place {
			continue
		}
		if n := len(out); n > 0 && out[n-1].last == i-1 {
			out[n-1].last = i
		} else {
			out = append(out, run{i, i})
		}
	}
	return out
}

// conflictClasses forbids two packages of one class.
func (enc *encoder) conflictClasses(c int) {
	members := map[string][]*pkg{}
	var classes []string
	for _, p := range enc.order {
		for _, v := range p.versions {
			for _, class := range v.file.ConflictClass {
				if len(members[class]) == 0 {
					classes = append(classes, class)
				}
				if !slices.Contains(members[class], p) {
					members[class] = append(members[class], p)
				}
			}
		}
	}
	for _, class := range classes {
		var before []int
		for _, p := range members[class] {
			before = append(before, enc.member(c, p, class, before))
		}
	}
}

// member makes a literal that a package of a class is installed, and forbids it
// together with others.
func (enc *encoder) member(c int, p *pkg, class string, others []int) int {
	l := enc.variable()
	for i, v := range p.versions {
		if slices.Contains(v.file.ConflictClass, class) {
			enc.add(-enc.rows[c][p].is[i], l)
		}
	}
	o := enc.origins.literal(enc.formula, origin{kind: fromClass, class: class})
	for _, other := range others {
		enc.add(o, -l, -other)
	}
	return l
}

func names(q opam.Requirement) []string {
	var out []string
	for _, a := range q.Atoms() {
		if !slices.Contains(out, a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}
