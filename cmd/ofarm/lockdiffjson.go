package main

import "github.com/ofarm/ofarm/internal/lock"

// changesJSON is what differs between two locks as JSON. Lists have the order
// of [lock.Changes].
type changesJSON struct {
	Options      []changeJSON       `json:"options"`
	Repositories []changeJSON       `json:"repositories"`
	Reordered    bool               `json:"repositories_reordered"`
	Projects     []changeJSON       `json:"projects"`
	Opam         []opamChangeJSON   `json:"opam"`
	Targets      []targetChangeJSON `json:"targets"`
	Roots        []targetChangeJSON `json:"roots"`
}

// changeJSON is what was and what is; null where there was or is nothing.
type changeJSON struct {
	Name string  `json:"name"`
	Old  *string `json:"old"`
	New  *string `json:"new"`
}

// opamChangeJSON is an opam package. Kind is added, removed, upgraded,
// downgraded, patched or changed.
type opamChangeJSON struct {
	changeJSON
	Kind   changeKind `json:"kind"`
	Fields []string   `json:"fields"`
}

type targetChangeJSON struct {
	Target   string       `json:"target"`
	Platform string       `json:"platform"`
	Added    bool         `json:"added"`
	Removed  bool         `json:"removed"`
	Archives []changeJSON `json:"archives"`
	Packages []changeJSON `json:"packages"`
	Depexts  []string     `json:"depexts"`
}

// lockChangesJSON describes for programs what differs between two locks.
func lockChangesJSON(c lock.Changes) changesJSON {
	out := changesJSON{
		Options:      describeChanges(c.Settings),
		Repositories: describeChanges(c.Repositories),
		Reordered:    c.Reordered,
		Projects:     describeChanges(c.Projects),
		Opam:         []opamChangeJSON{},
		Targets:      describeTargets(c.Targets),
		Roots:        describeTargets(c.Roots),
	}
	for _, p := range c.Packages {
		out.Opam = append(out.Opam, opamChangeJSON{describeChange(p.Change), kindOf(p), append([]string{}, p.Fields...)})
	}
	return out
}

func describeTargets(list []lock.TargetChange) []targetChangeJSON {
	out := []targetChangeJSON{}
	for _, t := range list {
		out = append(out, targetChangeJSON{
			Target: t.Name, Platform: t.Platform, Added: t.Added, Removed: t.Removed,
			Archives: describeChanges(t.Archives),
			Packages: describeChanges(t.Packages),
			Depexts:  append([]string{}, t.Depexts...),
		})
	}
	return out
}

func describeChanges(list []lock.Change) []changeJSON {
	out := []changeJSON{}
	for _, c := range list {
		out = append(out, describeChange(c))
	}
	return out
}

func describeChange(c lock.Change) changeJSON {
	orNull := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	return changeJSON{c.Name, orNull(c.Old), orNull(c.New)}
}
