package lock

import (
	"fmt"
	"slices"
	"strings"
)

// diffPackages compares the opam packages. A name that has lost one version and
// got another has moved; with several versions, for different targets, those
// that have no counterpart are added or removed.
func diffPackages(old, new *File) []PackageChange {
	before, after := byName(old), byName(new)
	var out []PackageChange
	for _, name := range keys(before, after) {
		gone, same, come := splitVersions(before[name], after[name])
		for i := range max(len(gone), len(come)) {
			c := Change{Name: name}
			if i < len(gone) {
				c.Old = gone[i]
			}
			if i < len(come) {
				c.New = come[i]
			}
			out = append(out, PackageChange{Change: c})
		}
		for _, p := range same {
			if fields := differentFields(p[0], p[1]); len(fields) > 0 {
				out = append(out, PackageChange{Change{name, p[0].Version, p[1].Version}, fields})
			}
		}
	}
	return out
}

func byName(f *File) map[string][]Package {
	m := map[string][]Package{}
	for _, p := range f.Packages {
		m[p.Name] = append(m[p.Name], p)
	}
	return m
}

// splitVersions splits the versions of one name into those of the old lock
// only, of both and of the new one only.
func splitVersions(old, new []Package) (gone []string, same [][2]Package, come []string) {
	for _, p := range old {
		i := slices.IndexFunc(new, func(q Package) bool { return q.Version == p.Version })
		if i < 0 {
			gone = append(gone, p.Version)
			continue
		}
		same = append(same, [2]Package{p, new[i]})
	}
	for _, q := range new {
		if !slices.ContainsFunc(old, func(p Package) bool { return p.Version == q.Version }) {
			come = append(come, q.Version)
		}
	}
	return gone, same, come
}

// differentFields are the fields of [PackageChange] in which two entries of one
// version differ, sorted.
func differentFields(a, b Package) []string {
	var out []string
	for _, f := range []struct {
		name string
		text func(Package) string
	}{
		{"depends", func(p Package) string { return needsText(p.Depends, nil) }},
		{"depexts", func(p Package) string { return needsText(nil, p.Depexts) }},
		{"extra files", func(p Package) string { return fmt.Sprint(p.ExtraFiles) }},
		{"opam file", func(p Package) string { return fmt.Sprint(p.OpamFile) }},
		{"repository", func(p Package) string { return p.Repository + " " + p.OpamPath }},
		{"sources", sourcesText},
		{"targets", func(p Package) string { return fmt.Sprint(p.Only) }},
	} {
		if f.text(a) != f.text(b) {
			out = append(out, f.name)
		}
	}
	return out
}

func sourcesText(p Package) string {
	w := writer{}
	if p.Source != nil {
		w.source("source", *p.Source)
	}
	for _, s := range p.ExtraSources {
		w.source("extra-source", s)
	}
	return string(w.b)
}

func diffTargets(old, new []Target) []TargetChange {
	var out []TargetChange
	for _, t := range old {
		u, ok := find(new, t.TargetID)
		if !ok {
			out = append(out, TargetChange{TargetID: t.TargetID, Removed: true})
		} else if c, differs := diffTarget(t, u); differs {
			out = append(out, c)
		}
	}
	for _, u := range new {
		if _, ok := find(old, u.TargetID); !ok {
			out = append(out, TargetChange{TargetID: u.TargetID, Added: true})
		}
	}
	slices.SortFunc(out, func(a, b TargetChange) int { return CompareTargetIDs(a.TargetID, b.TargetID) })
	return out
}

func diffTarget(old, new Target) (c TargetChange, differs bool) {
	c = TargetChange{
		TargetID: old.TargetID,
		Archives: diffArchives(old.Archives, new.Archives),
		Packages: diffDistro(old, new),
	}
	depexts := diffTexts(old.Depexts, new.Depexts, func(d Depext) (string, string) {
		return d.Name, "depext " + strings.Join(d.Needs, " ")
	})
	for _, d := range depexts {
		c.Depexts = append(c.Depexts, d.Name)
	}
	w, v := writer{}, writer{}
	w.target("", old)
	v.target("", new)
	return c, string(w.b) != string(v.b)
}

func diffArchives(old, new []Archive) []Change {
	name := func(a Archive) string { return a.Name + " " + a.Suite + " " + a.Component }
	out := diffTexts(old, new, func(a Archive) (string, string) { return name(a), a.Timestamp + " " + a.SHA256 })
	for i := range out {
		out[i].Old, out[i].New = archiveIs(out[i].Old), archiveIs(out[i].New)
	}
	return out
}

// archiveIs is a timestamp, or a sha256 where there is none.
func archiveIs(text string) string {
	timestamp, sum, _ := strings.Cut(text, " ")
	if timestamp == "-" {
		return hash(sum)
	}
	return timestamp
}

// diffDistro compares the package files of a target, those of the base and the
// others alike.
func diffDistro(old, new Target) []Change {
	index := func(t Target) map[string]DistroPackage {
		m := map[string]DistroPackage{}
		for _, p := range slices.Concat(t.Base, t.Extra) {
			m[p.Name] = p
		}
		return m
	}
	before, after := index(old), index(new)
	var out []Change
	for _, name := range keys(before, after) {
		if p, q := before[name], after[name]; p != q {
			out = append(out, Change{name, p.Version, q.Version})
		}
	}
	return out
}
