package versions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/opam"
)

// NoSolutionError says why no versions fit together.
type NoSolutionError struct {
	// Target is the one that has no solution.
	Target string
	// Chain are the reasons, from the project to the contradiction: without any
	// of them there would be a solution. Each is a sentence without a full stop.
	Chain []string
	// Missing are packages of the chain that there are not, by name.
	Missing []string
}

func (e *NoSolutionError) Error() string {
	return fmt.Sprintf("no versions of the opam packages fit together on %s:\n  %s", e.Target, strings.Join(e.Chain, "\n  "))
}

// originKind is what a clause comes from.
type originKind uint8

const (
	fromConstraint originKind = iota
	fromDepends
	fromAvailable
	fromConflicts
	fromClass
)

// origin is where clauses come from: a field of all versions of a package, as
// far as it is about the same other packages, or a demand of the request.
type origin struct {
	kind       originKind
	constraint *Constraint
	pkg        *pkg
	names      []string
	class      string
	// on is the literal that the origin counts.
	on int
}

// origins are those of a formula.
type origins struct {
	list  []*origin
	byKey map[string]*origin
}

// literal is what a clause of an origin has in it: it holds if the origin
// doesn't count. 0 where origins aren't asked for.
func (all *origins) literal(f *formula, o origin) int {
	if all == nil {
		return 0
	}
	key := fmt.Sprint(o.kind, o.constraint, o.names, o.class)
	if o.pkg != nil {
		key += o.pkg.name
	}
	known, ok := all.byKey[key]
	if !ok {
		o.on = f.variable()
		known = &o
		all.byKey[key] = known
		all.list = append(all.list, known)
	}
	return -known.on
}

// rank orders origins from the project to what is far from it.
func (o *origin) rank() int {
	switch {
	case o.pkg != nil && o.pkg.root:
		return -2
	case o.kind == fromConstraint:
		return -1
	case o.pkg != nil:
		return o.pkg.index
	}
	return 1 << 30
}

// explain finds why a class of targets has no solution; nil if it has one.
func explain(e *explorer, c int) error {
	enc := encodeClass(e, c)
	s := newSAT(enc.formula)
	slices.SortStableFunc(enc.origins.list, func(a, b *origin) int { return cmp.Compare(a.rank(), b.rank()) })
	var all []int
	byLiteral := map[int]*origin{}
	for _, o := range enc.origins.list {
		all = append(all, o.on)
		byLiteral[o.on] = o
	}
	if s.fits(all) {
		return nil
	}
	t := &teller{encoder: enc, class: c, live: map[*pkg][]*version{}}
	core := s.core(nil, false, all)
	slices.SortFunc(core, func(a, b int) int { return cmp.Compare(slices.Index(all, a), slices.Index(all, b)) })
	for _, l := range core {
		t.tell(byLiteral[l])
	}
	return &NoSolutionError{Target: e.req.Targets[enc.classes[c]].Name, Chain: t.chain, Missing: t.missing}
}

// core returns a minimal part of candidates that doesn't fit together with
// given (QuickXplain); grown says that given has grown since it last fitted.
func (s *sat) core(given []int, grown bool, candidates []int) []int {
	if grown && !s.fits(given) {
		return nil
	}
	if len(candidates) == 1 {
		return candidates
	}
	half := len(candidates) / 2
	first, second := candidates[:half], candidates[half:]
	more := s.core(slices.Concat(given, first), true, second)
	less := s.core(slices.Concat(given, more), len(more) > 0, first)
	return slices.Concat(less, more)
}

// teller writes the chain.
type teller struct {
	*encoder
	class int
	chain []string
	// missing are packages that were told to be missing.
	missing []string
	// live are the versions that what was told leaves; all where it is nil.
	live map[*pkg][]*version
}

func (t *teller) say(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); !slices.Contains(t.chain, line) {
		t.chain = append(t.chain, line)
	}
}

func (t *teller) tell(o *origin) {
	switch o.kind {
	case fromConstraint:
		t.constraint(o)
	case fromDepends:
		t.field(o, "needs", "need", func(n *needs) []opam.Requirement { return n.requires })
	case fromConflicts:
		t.field(o, "conflicts with", "conflict with", func(n *needs) []opam.Requirement { return n.conflicts })
	case fromAvailable:
		t.available(o)
	case fromClass:
		t.conflictClass(o)
	}
}

func (t *teller) constraint(o *origin) {
	q := o.constraint.Package
	t.say("%s asks for %s", o.constraint.By, t.requirement(q))
	t.others(q)
}

// versions are those of a package that come into question.
func (t *teller) versions(p *pkg) []*version {
	if live, ok := t.live[p]; ok {
		return live
	}
	return p.versions
}

// most is how many different demands of one package's versions are told.
const most = 4

// field tells what the versions of a package ask for; neighbours that ask for
// the same are told in one. Of dependencies it first tells those that can't be
// fulfilled any more, and drops the versions that have them.
func (t *teller) field(o *origin, one, many string, list func(*needs) []opam.Requirement) {
	live := t.versions(o.pkg)
	if o.kind != fromDepends {
		t.lines(o, live, one, many, list)
		return
	}
	var dead, rest []*version
	for _, v := range live {
		if q, ok := t.find(v, o, list); ok && !t.possible(q) {
			dead = append(dead, v)
		} else {
			rest = append(rest, v)
		}
	}
	t.lines(o, dead, one, many, list)
	if len(rest) == 0 {
		return
	}
	t.live[o.pkg] = rest
	var asked []opam.Requirement
	for _, v := range rest {
		q, ok := t.find(v, o, list)
		if !ok {
			return // this one asks for nothing, so nothing is sure
		}
		asked = append(asked, q)
	}
	if t.narrow(asked) || o.pkg.root {
		t.lines(o, rest, one, many, list)
	}
}

// lines tells what some versions ask for.
func (t *teller) lines(o *origin, live []*version, one, many string, list func(*needs) []opam.Requirement) {
	told := 0
	for i := 0; i < len(live); {
		q, ok := t.find(live[i], o, list)
		last := i
		for last+1 < len(live) {
			next, also := t.find(live[last+1], o, list)
			if also != ok || next.String() != q.String() {
				break
			}
			last++
		}
		if ok {
			if told++; told <= most {
				t.line(o, live[i:last+1], one, many, q)
			}
		}
		i = last + 1
	}
	if told > most {
		t.say("older versions of %s ask for still others", o.pkg.name)
	}
}

// possible tells whether some version that is left fulfils a requirement.
func (t *teller) possible(q opam.Requirement) bool {
	return slices.ContainsFunc(q.Atoms(), func(a opam.Requirement) bool {
		p := t.pkgs[a.Name]
		return p != nil && slices.ContainsFunc(t.versions(p), func(v *version) bool { return a.Versions.Contains(v.name) })
	})
}

// find looks for the demand of a version that an origin is about.
func (t *teller) find(v *version, o *origin, list func(*needs) []opam.Requirement) (opam.Requirement, bool) {
	n := v.needs[t.classes[t.class]]
	if !n.available {
		return opam.Requirement{}, false
	}
	all := list(n)
	i := slices.IndexFunc(all, func(q opam.Requirement) bool { return slices.Equal(names(q), o.names) })
	if i < 0 {
		return opam.Requirement{}, false
	}
	return all[i], true
}

func (t *teller) line(o *origin, list []*version, one, many string, q opam.Requirement) {
	if o.pkg.root {
		t.say("%s.opam asks for %s", o.pkg.name, t.requirement(q))
	} else {
		verb := one
		if len(list) > 1 {
			verb = many
		}
		t.say("%s %s %s", span(list), verb, t.requirement(q))
	}
	if o.kind == fromDepends {
		t.others(q)
	}
}

// span names versions, newest first, of one package.
func span(list []*version) string {
	p := list[0].pkg
	switch {
	case len(p.all) == len(list) && len(list) > 1:
		return "all versions of " + p.name
	case len(list) == 1:
		return p.name + " " + list[0].name
	}
	return fmt.Sprintf("%s %s to %s", p.name, list[len(list)-1].name, list[0].name)
}

// requirement writes a requirement for people, with what there is where
// nothing fulfils it.
func (t *teller) requirement(q opam.Requirement) string {
	text := q.Plain()
	var missing []string
	for _, a := range q.Atoms() {
		p := t.pkgs[a.Name]
		switch {
		case p != nil && len(p.runs(a.Versions)) > 0:
			return text
		case p == nil || len(p.all) == 0:
			missing = append(missing, fmt.Sprintf("there is no package %s", a.Name))
			t.missing = append(t.missing, a.Name)
		case !slices.ContainsFunc(p.all, a.Versions.Contains):
			missing = append(missing, fmt.Sprintf("there is no such version of %s, the newest is %s", a.Name, p.all[0]))
		}
	}
	if len(missing) == 0 {
		return text
	}
	return text + " (" + strings.Join(missing, "; ") + ")"
}

// others tells which demands of the project keep a requirement from being
// fulfilled.
func (t *teller) others(q opam.Requirement) {
	for _, a := range q.Atoms() {
		p := t.pkgs[a.Name]
		if p == nil || len(p.runs(a.Versions)) > 0 {
			continue
		}
		for _, d := range p.hard {
			meets := func(v string) bool { return a.Versions.Contains(v) && d.set.Contains(v) }
			if !slices.ContainsFunc(p.all, meets) {
				demand := opam.Requirement{Op: opam.FormulaAtom, Name: p.name, Versions: d.set}
				t.say("%s asks for %s", d.by, t.requirement(demand))
			}
		}
	}
}

// narrow leaves only those versions of a package that some of what is asked for
// allows, and tells whether that are fewer than before.
func (t *teller) narrow(asked []opam.Requirement) bool {
	for _, q := range asked {
		if q.Op != opam.FormulaAtom || q.Name != asked[0].Name {
			return true
		}
	}
	p := t.pkgs[asked[0].Name]
	before := t.versions(p)
	var live []*version
	for _, v := range before {
		if slices.ContainsFunc(asked, func(q opam.Requirement) bool { return q.Versions.Contains(v.name) }) {
			live = append(live, v)
		}
	}
	_, told := t.live[p]
	t.live[p] = live
	return !told && len(p.hard) == 0 || len(live) < len(before)
}

func (t *teller) available(o *origin) {
	target := t.req.Targets[t.classes[t.class]].Name
	for _, v := range t.versions(o.pkg) {
		if v.needs[t.classes[t.class]].available {
			continue
		}
		text := ""
		if e := v.file.Field("available"); e != nil {
			text = fmt.Sprintf(" (available: %s)", opam.AppendExpr(nil, e))
		}
		t.say("%s is not available on %s%s", v.id(), target, text)
		return
	}
}

func (t *teller) conflictClass(o *origin) {
	var members []string
	for _, p := range t.order {
		if slices.ContainsFunc(p.versions, func(v *version) bool { return slices.Contains(v.file.ConflictClass, o.class) }) {
			members = append(members, p.name)
		}
	}
	t.say("only one of %s can be installed (conflict class %s)", strings.Join(members, ", "), o.class)
}
