package lock

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Changes are what differs between two locks, as a person would tell it. It is
// empty only where the locks are the same byte for byte.
type Changes struct {
	// Settings are options, and the epoch: sorted by name, then by value.
	Settings []Change
	// Repositories are sorted by name. What they are is their URL, and the
	// sha256 if they have one.
	Repositories []Change
	// Reordered tells that repositories of both locks have another order.
	Reordered bool
	// Projects are the opam files of the project that are locked, are no longer
	// or ask for something else. What they are is the sha256 of what they ask
	// for.
	Projects []Change
	// Packages are opam packages, sorted by name.
	Packages []PackageChange
	// Targets are sorted by name, then by platform, and so are Roots.
	Targets []TargetChange
	Roots   []TargetChange
}

// Empty tells whether nothing differs.
func (c Changes) Empty() bool {
	return !c.Reordered &&
		len(c.Settings)+len(c.Repositories)+len(c.Projects)+len(c.Packages)+len(c.Targets)+len(c.Roots) == 0
}

// Change is what a named thing was and is. Old is empty where it is new, and
// New where it is gone.
type Change struct{ Name, Old, New string }

// PackageChange is a [Change] of an opam package's version. Where both are the
// same, Fields say what differs.
type PackageChange struct {
	Change
	// Fields are sorted: "depends", "depexts", "extra files", "opam file",
	// "repository", "sources" and "targets". They are those of the same version
	// only.
	Fields []string
}

// Patched tells that the repository has changed what a version is: its opam
// file or the files beside it.
func (c PackageChange) Patched() bool {
	return slices.Contains(c.Fields, "opam file") || slices.Contains(c.Fields, "extra files")
}

// TargetChange is what differs between a target of two locks.
type TargetChange struct {
	TargetID
	// Added and Removed tell that only one lock has the target. The lists are
	// empty then.
	Added, Removed bool
	// Archives are sorted by name, which is the archive's, the suite and the
	// component with blanks between them. What they are is a timestamp, or the
	// index's sha256 where the archive has none.
	Archives []Change
	// Packages are package files, sorted by name. What they are is a version.
	// Old and New are the same where only the file differs.
	Packages []Change
	// Depexts are the names of those that are new, gone, or need other package
	// files; sorted.
	Depexts []string
}

// Diff compares two locks.
func Diff(old, new *File) Changes {
	return Changes{
		Settings:     diffSettings(old, new),
		Repositories: diffTexts(old.Repositories, new.Repositories, repositoryText),
		Reordered:    reordered(old.Repositories, new.Repositories),
		Projects:     diffProjects(old, new),
		Packages:     diffPackages(old, new),
		Targets:      diffTargets(old.Targets, new.Targets),
		Roots:        diffTargets(old.Roots, new.Roots),
	}
}

// diffTexts compares two lists of what has a name and a text to tell it by.
func diffTexts[T any](old, new []T, text func(T) (name, is string)) []Change {
	index := func(list []T) map[string]string {
		m := map[string]string{}
		for _, x := range list {
			name, is := text(x)
			m[name] = is
		}
		return m
	}
	before, after := index(old), index(new)
	var out []Change
	for _, name := range keys(before, after) {
		if before[name] != after[name] {
			out = append(out, Change{name, before[name], after[name]})
		}
	}
	return out
}

// keys are those of two maps, sorted.
func keys[V any](a, b map[string]V) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}

// diffSettings compares the single values, and then the constraints, of which
// several can be about one package.
func diffSettings(old, new *File) []Change {
	values := func(f *File) [][2]string {
		o := f.Options
		list := [][2]string{{"epoch", fmt.Sprint(f.Epoch)}, {"ocaml", o.OCaml}}
		if o.WithDoc {
			list = append(list, [2]string{"with-doc", "true"})
		}
		if o.WithTest {
			list = append(list, [2]string{"with-test", "true"})
		}
		return list
	}
	out := diffTexts(values(old), values(new), func(v [2]string) (string, string) { return v[0], v[1] })
	for _, c := range without(old.Options.Constraints, new.Options.Constraints) {
		out = append(out, Change{Name: "opam", Old: c})
	}
	for _, c := range without(new.Options.Constraints, old.Options.Constraints) {
		out = append(out, Change{Name: "opam", New: c})
	}
	slices.SortStableFunc(out, func(a, b Change) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// without are the elements of a that b lacks.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func repositoryText(r Repository) (name, is string) {
	return r.Name, strings.Join(strings.Fields(r.URL+" "+hash(r.SHA256)+" "+refWord(r.Ref)), " ")
}

func reordered(old, new []Repository) bool {
	common := func(list, other []Repository) []string {
		var names []string
		for _, r := range list {
			if slices.ContainsFunc(other, func(o Repository) bool { return o.Name == r.Name }) {
				names = append(names, r.Name)
			}
		}
		return names
	}
	return !slices.Equal(common(old, new), common(new, old))
}

// diffProjects compares the project's files by their sha256. Where that is the
// same and they were resolved otherwise, it stands on both sides.
func diffProjects(old, new *File) []Change {
	out := diffTexts(old.Projects, new.Projects, func(p Project) (string, string) { return p.File, p.SHA256 })
	for _, p := range old.Projects {
		for _, q := range new.Projects {
			if p.File == q.File && p.SHA256 == q.SHA256 && needsText(p.Depends, p.Depexts) != needsText(q.Depends, q.Depexts) {
				out = append(out, Change{p.File, p.SHA256, q.SHA256})
			}
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func needsText(depends []string, depexts []Depexts) string {
	w := writer{}
	w.needs(depends, depexts)
	return string(w.b)
}
