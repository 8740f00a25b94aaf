package apk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/agext/levenshtein"
)

// A NotFoundError says that nothing is or provides a name.
type NotFoundError struct {
	Need  string   // the dependency, such as gcc>=14 or so:libz.so.1
	Chain []string // the packages that lead to it, the wanted one first; empty if it is wanted itself
	Near  []string // names that look like it
	Have  []string // packages that would provide the name, but in no version that fits
}

func (e *NotFoundError) Error() string {
	s := fmt.Sprintf("no package provides %q%s", e.Need, neededBy(e.Chain))
	if len(e.Have) > 0 {
		s += "; there is " + strings.Join(e.Have, ", ")
	} else if len(e.Near) > 0 {
		s += "; there is " + strings.Join(e.Near, ", ")
	}
	return s
}

// An AmbiguousError says that several packages provide a name, and nothing prefers one: apk doesn't choose then.
type AmbiguousError struct {
	Name      string
	Chain     []string // the packages that lead to it, the wanted one first
	Providers []string // packages that one could want
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("several packages provide %q%s, and none is preferred; name one of %s",
		e.Name, neededBy(e.Chain), strings.Join(e.Providers, ", "))
}

// A ConflictError says that every package that fits a need is kept out by something else.
type ConflictError struct {
	Need      string
	Chain     []string // the packages that lead to it, the wanted one first
	Obstacles []string // one per candidate
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("nothing can be chosen for %q%s: %s", e.Need, neededBy(e.Chain), strings.Join(e.Obstacles, "; "))
}

func neededBy(chain []string) string {
	if len(chain) == 0 {
		return ""
	}
	return ", needed by " + strings.Join(chain, " -> ")
}

// obstacle tells why a package can't be chosen beside those that are, or is empty.
func (r *resolver) obstacle(ch *choice) string {
	if ch.hopeless {
		d, _ := r.unmet(ch)
		return fmt.Sprintf("%s needs %s, which nothing provides", ch.ID(), d)
	}
	for _, as := range ch.provided() {
		if why := r.obstacleAs(provider{ch, as.Version}, as.Name); why != "" {
			return why
		}
	}
	for _, d := range ch.Depends {
		if why := r.obstacleFor(ch, d); why != "" {
			return why
		}
	}
	return ""
}

// obstacleAs looks at one name that a package would provide.
func (r *resolver) obstacleAs(p provider, name string) string {
	for _, q := range r.required[name] {
		if p.admits(q.Dependency) == q.Conflict {
			return fmt.Sprintf("%s does not fit %s%s", p.ID(), q, askedBy(q.by))
		}
	}
	for _, other := range r.provided[name] {
		if other.choice != p.choice && (p.version != "" || other.version != "") {
			return fmt.Sprintf("%s and %s both provide %s", other.ID(), p.ID(), name)
		}
	}
	return ""
}

// obstacleFor looks at one dependency of a package that is to be chosen.
func (r *resolver) obstacleFor(ch *choice, d Dependency) string {
	for _, p := range r.provided[d.Name] {
		if p.choice != ch && p.admits(d) == d.Conflict {
			return fmt.Sprintf("%s wants %s, which %s does not fit", ch.ID(), d, p.ID())
		}
	}
	return ""
}

func askedBy(ch *choice) string {
	if ch == nil {
		return ", which is wanted"
	}
	return ", which " + ch.ID() + " asks for"
}

// explainUnmet makes the error for a required name that can't be settled.
func (r *resolver) explainUnmet(name string) error {
	chain, need := r.chain(name)
	var obstacles, open []string
	for _, p := range r.all[name] {
		if why := r.obstacle(p.choice); why != "" {
			obstacles = append(obstacles, why)
		} else {
			open = append(open, p.Name)
		}
	}
	if len(open) > 0 {
		sort.Strings(open)
		return &AmbiguousError{Name: name, Chain: chain, Providers: slices.Compact(open)}
	}
	if len(obstacles) == 0 {
		return r.notFound(Dependency{Name: name}, chain)
	}
	sort.Strings(obstacles)
	return &ConflictError{Need: need, Chain: chain, Obstacles: slices.Compact(obstacles)}
}

// chain gives the packages that lead to a name, the wanted one first, and the name as it was asked for.
func (r *resolver) chain(name string) ([]string, string) {
	why := r.reasonFor(name)
	var out []string
	for by := why.By; by != "" && !slices.Contains(out, by); by = r.reasonOf(by).By {
		out = append(out, by)
	}
	slices.Reverse(out)
	return out, why.For
}

func (r *resolver) reasonOf(name string) Reason {
	for _, p := range r.provided[name] {
		if p.Name == name {
			return r.chosen[p.choice]
		}
	}
	return Reason{}
}

// explainHopeless makes the errors for wanted names that nothing can meet whatever is chosen, all of them at once.
func (c *catalog) explainHopeless(want []Dependency) error {
	var all []error
	for _, d := range want {
		if !d.Conflict && !c.canMeet(d) {
			all = append(all, c.explainMissing(d, nil))
		}
	}
	return errors.Join(all...)
}

// explainMissing follows a hopeless dependency down to what is missing.
func (c *catalog) explainMissing(d Dependency, chain []string) error {
	best := c.bestAdmitted(d)
	if best == nil || slices.Contains(chain, best.Name) {
		return c.notFound(d, chain)
	}
	next, _ := c.unmet(best)
	return c.explainMissing(next, append(slices.Clip(chain), best.Name))
}

// bestAdmitted gives the best of the providers that fit a dependency, hopeless or not.
func (c *catalog) bestAdmitted(d Dependency) *choice {
	var fit []provider
	for _, p := range c.all[d.Name] {
		if p.admits(d) {
			fit = append(fit, p)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return slices.MinFunc(fit, better).choice
}

func (c *catalog) notFound(d Dependency, chain []string) error {
	e := &NotFoundError{Need: d.String(), Chain: chain}
	for _, p := range c.all[d.Name] {
		e.Have = append(e.Have, p.ID())
	}
	sort.Strings(e.Have)
	if len(e.Have) == 0 {
		e.Near = c.near(d.Name)
	}
	return e
}

// near gives up to three names that look like one.
func (c *catalog) near(name string) []string {
	type scored struct {
		name  string
		score float64
	}
	var found []scored
	for other := range c.all {
		if s := levenshtein.Match(name, other, nil); s >= 0.75 {
			found = append(found, scored{other, s})
		}
	}
	slices.SortFunc(found, func(a, b scored) int {
		if a.score != b.score {
			return cmp.Compare(b.score, a.score)
		}
		return strings.Compare(a.name, b.name)
	})
	var out []string
	for _, f := range found[:min(3, len(found))] {
		out = append(out, f.name)
	}
	return out
}
