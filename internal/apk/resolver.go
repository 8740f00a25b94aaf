package apk

import (
	"cmp"
	"slices"
	"strings"
)

// maxRetries bounds how many choices are taken back before Select gives up.
const maxRetries = 2000

// A requirement is a dependency and who has it.
type requirement struct {
	Dependency
	by *choice // nil for what is wanted
}

// A resolver is the state of choosing. Everything that changes it leaves a step back in trail.
type resolver struct {
	*catalog
	required map[string][]requirement // by name, conflicts included
	chosen   map[*choice]Reason
	provided map[string][]provider // by the chosen, by name
	pending  []string              // required names, in the order they came up; some are met by now
	skipped  map[*choice]bool      // install_if packages that can't come along
	trail    []func()
	retries  int
}

func newResolver(c *catalog) *resolver {
	return &resolver{
		catalog: c, required: map[string][]requirement{}, chosen: map[*choice]Reason{},
		provided: map[string][]provider{}, skipped: map[*choice]bool{},
	}
}

// start takes what is kept and requires what is wanted.
func (r *resolver) start(want []Dependency) error {
	for _, d := range want {
		r.require(requirement{d, nil})
	}
	for _, k := range r.kept {
		if why := r.obstacle(k); why != "" {
			return &ConflictError{Need: k.ID(), Obstacles: []string{why}}
		}
		r.choose(k, Reason{})
	}
	return nil
}

// resolve settles what is pending. On an error the state is as before.
func (r *resolver) resolve() error {
	if name, ok := r.nextPending(); ok {
		return r.try(name)
	}
	if ch := r.nextInstallIf(); ch != nil {
		return r.tryInstallIf(ch)
	}
	if name, ok := r.firstUnmet(); ok {
		return r.explainUnmet(name)
	}
	return nil
}

// try takes the candidates for a name, one after the other.
func (r *resolver) try(name string) error {
	var first error
	for _, p := range r.candidates(name) {
		mark := len(r.trail)
		r.choose(p.choice, r.reasonFor(name))
		err := r.resolve()
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
		r.back(mark)
		if r.retries++; r.retries > maxRetries {
			return first
		}
	}
	return cmp.Or(first, r.explainUnmet(name))
}

// tryInstallIf takes a package whose install_if is met, or goes on without it if that can't be.
func (r *resolver) tryInstallIf(ch *choice) error {
	mark := len(r.trail)
	r.choose(ch, Reason{By: r.meets(ch.InstallIf[0]), For: spelled(ch.InstallIf), InstallIf: true})
	err := r.resolve()
	if err == nil {
		return nil
	}
	r.back(mark)
	if r.retries++; r.retries > maxRetries {
		return err
	}
	r.skipped[ch] = true
	return r.resolve()
}

// choose takes a package and requires what it needs.
func (r *resolver) choose(ch *choice, why Reason) {
	r.chosen[ch] = why
	r.undo(func() { delete(r.chosen, ch) })
	for _, d := range ch.provided() {
		before := r.provided[d.Name]
		r.provided[d.Name] = append(slices.Clip(before), provider{ch, d.Version})
		r.undo(func() { r.provided[d.Name] = before })
	}
	for _, d := range ch.Depends {
		r.require(requirement{d, ch})
	}
}

func (r *resolver) require(q requirement) {
	before, pending := r.required[q.Name], r.pending
	if !q.Conflict && !r.isRequired(q.Name) {
		r.pending = append(slices.Clip(pending), q.Name)
	}
	r.required[q.Name] = append(slices.Clip(before), q)
	r.undo(func() { r.required[q.Name], r.pending = before, pending })
}

func (r *resolver) undo(step func()) { r.trail = append(r.trail, step) }

// back takes back everything since the mark.
func (r *resolver) back(mark int) {
	for i := len(r.trail) - 1; i >= mark; i-- {
		r.trail[i]()
	}
	r.trail = r.trail[:mark]
}

// nextPending gives the name to settle next: one that leaves a single candidate or none, else that of the longest
// chain. Names that only a virtual's undecided providers have are left for the end, when something else may have
// brought one of them.
func (r *resolver) nextPending() (string, bool) {
	best, found := "", false
	for _, name := range r.pending {
		if len(r.provided[name]) > 0 {
			continue
		}
		n := len(r.candidates(name))
		if n == 0 && r.undecided(name) {
			continue
		}
		if n <= 1 {
			return name, true
		}
		if !found || r.before(name, best) {
			best, found = name, true
		}
	}
	return best, found
}

func (r *resolver) before(a, b string) bool {
	return cmp.Or(cmp.Compare(r.depthOf(b), r.depthOf(a)), strings.Compare(a, b)) < 0
}

// firstUnmet gives a required name that is still without a provider.
func (r *resolver) firstUnmet() (string, bool) {
	for _, name := range r.pending {
		if len(r.provided[name]) == 0 {
			return name, true
		}
	}
	return "", false
}

// candidates lists the providers of a name that may be chosen now, the best first.
func (r *resolver) candidates(name string) []provider {
	var out []provider
	for _, p := range r.all[name] {
		if r.decided(name, p) && r.obstacle(p.choice) == "" {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, better)
	return out
}

// decided reports whether apk would take the provider unasked: not if the name is a virtual with several providers
// and this one has no priority and isn't required by its own name.
func (r *resolver) decided(name string, p provider) bool {
	return p.version != "" || p.ProviderPriority > 0 || len(r.all[name]) == 1 || r.isRequired(p.Name)
}

func (r *resolver) isRequired(name string) bool {
	return slices.ContainsFunc(r.required[name], func(q requirement) bool { return !q.Conflict })
}

// undecided reports whether a name has providers that only lack somebody to decide for one.
func (r *resolver) undecided(name string) bool {
	return slices.ContainsFunc(r.all[name], func(p provider) bool {
		return !r.decided(name, p) && r.obstacle(p.choice) == ""
	})
}

// nextInstallIf gives the best package whose install_if is met and which is not there yet.
func (r *resolver) nextInstallIf() *choice {
	for _, ch := range r.choices {
		if len(ch.InstallIf) == 0 || r.skipped[ch] || len(r.provided[ch.Name]) > 0 || !r.triggered(ch) {
			continue
		}
		if r.obstacle(ch) == "" {
			return r.newestTriggered(ch)
		}
	}
	return nil
}

// newestTriggered gives the newest of the packages of ch's name that could come instead of it.
func (r *resolver) newestTriggered(ch *choice) *choice {
	best := provider{ch, ch.Version}
	for _, p := range r.all[ch.Name] {
		fits := p.Name == ch.Name && len(p.InstallIf) > 0 && !r.skipped[p.choice] && r.triggered(p.choice)
		if fits && r.obstacle(p.choice) == "" && better(p, best) < 0 {
			best = p
		}
	}
	return best.choice
}

func (r *resolver) triggered(ch *choice) bool {
	for _, d := range ch.InstallIf {
		if (r.meets(d) != "") == d.Conflict {
			return false
		}
	}
	return true
}

// meets gives the name of the chosen package that fits a dependency, leaving Conflict aside.
func (r *resolver) meets(d Dependency) string {
	for _, p := range r.provided[d.Name] {
		if p.admits(d) {
			return p.Name
		}
	}
	return ""
}

// reasonFor is the first requirement of a name.
func (r *resolver) reasonFor(name string) Reason {
	for _, q := range r.required[name] {
		if !q.Conflict {
			return q.reason()
		}
	}
	return Reason{}
}

func (q requirement) reason() Reason {
	why := Reason{For: q.String()}
	if q.by != nil {
		why.By = q.by.Name
	}
	return why
}

// selection is what was chosen, sorted.
func (r *resolver) selection() *Selection {
	s := &Selection{}
	for ch, why := range r.chosen {
		s.Packages = append(s.Packages, Selected{ch.Package, ch.repository, why})
	}
	slices.SortFunc(s.Packages, func(a, b Selected) int { return strings.Compare(a.Name, b.Name) })
	return s
}
