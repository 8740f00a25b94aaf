package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/farm"
	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
	"github.com/ofarm/ofarm/internal/resolve"
)

// warnProject tells what is remarkable about a project's opam files.
func (w *world) warnProject(p *farm.Project) error {
	for _, pkg := range p.Packages {
		w.warnUnknown(pkg.File)
	}
	return w.warnDune(p)
}

// warnUnknown tells of fields that opam doesn't know, and so has ignored: a
// mistyped "depends" would otherwise show as a package that isn't locked.
func (w *world) warnUnknown(f *opam.File) {
	for _, it := range f.Unknown() {
		kind, known := "field", opam.FieldNames()
		if it.Value == nil {
			kind, known = "section", []string{"url", "extra-source"}
		}
		fmt.Fprintf(w.Stderr, warnUnknownField, f.Path, it.At.Line, it.At.Column, kind, it.Name)
		if near := nearest(it.Name, known); near != "" {
			w.hint(fmt.Sprintf(hintNear, near))
		}
	}
}

// warnDune tells of opam files that dune hasn't brought up to date, and what
// does.
func (w *world) warnDune(p *farm.Project) error {
	stale, err := p.DuneWarnings()
	var files []string
	for _, d := range stale {
		fmt.Fprintf(w.Stderr, warnDune, d.Text)
		if d.File != "" {
			files = append(files, d.File)
		}
	}
	if len(files) > 0 {
		w.hint(fmt.Sprintf(hintDune, strings.Join(slices.Compact(files), " ")))
	}
	return err
}

// warn tells what is remarkable about a new lock.
func (w *world) warn(p *farm.Project, made *resolve.Result) error {
	if made.Apart {
		w.warnApart(made.Lock)
	}
	for _, id := range made.Avoided {
		fmt.Fprintf(w.Stderr, warnAvoided, id)
	}
	demands, err := p.Demands(made.Lock.Options)
	for _, d := range demands {
		if d.Idle(made.Lock) {
			fmt.Fprintf(w.Stderr, warnIdle, d.By, d.Requirement.Plain(), d.Requirement.Name)
		}
	}
	return err
}

// warnApart tells which packages have different versions on different targets.
func (w *world) warnApart(l *lock.File) {
	places := map[string][]string{}
	versions := map[string]int{}
	for _, p := range l.Packages {
		versions[p.Name]++
		for _, id := range p.Only {
			places[p.Name] = append(places[p.Name], p.Version+" on "+folderOf(id))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		if versions[name] > 1 {
			fmt.Fprintf(w.Stderr, warnApart, name, strings.Join(places[name], ", "))
		}
	}
}

// lockedBefore is the lock that there is; nil where there is none, or one that
// can't be read: that has nothing to keep, which is told.
func (w *world) lockedBefore(p *farm.Project) *lock.File {
	data, err := os.ReadFile(p.LockPath())
	if err != nil {
		return nil
	}
	old, err := lock.Parse(p.LockPath(), data)
	if err != nil {
		fmt.Fprintf(w.Stderr, warnNothingKept, failures(err)[0].err)
		return nil
	}
	return old
}
