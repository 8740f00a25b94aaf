package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/opam"
)

// mostDistroChanges is how many package files of a target are printed: a new
// point release of a distro changes hundreds.
const mostDistroChanges = 12

// printLockChanges prints for people what differs between two locks; nothing
// where nothing does.
func printLockChanges(out io.Writer, c lock.Changes) error {
	p := &changePrinter{}
	for _, s := range c.Settings {
		p.setting(s)
	}
	for _, r := range c.Repositories {
		p.change("repository "+r.Name, r)
	}
	if c.Reordered {
		p.line("Changing", "the order of opam repositories")
	}
	for _, r := range c.Projects {
		p.project(r)
	}
	for _, pkg := range c.Packages {
		p.line(verbs[kindOf(pkg)], opamChange(pkg))
	}
	for _, t := range c.Targets {
		p.target("target", t)
	}
	for _, t := range c.Roots {
		p.target("root", t)
	}
	_, err := io.WriteString(out, p.String())
	return err
}

// changeKind says how an opam package has changed; the words are those of JSON.
type changeKind string

const (
	kindAdded      changeKind = "added"
	kindRemoved    changeKind = "removed"
	kindUpgraded   changeKind = "upgraded"
	kindDowngraded changeKind = "downgraded"
	// kindPatched is the same version with another opam file or other files
	// beside it.
	kindPatched changeKind = "patched"
	kindChanged changeKind = "changed"
)

var verbs = map[changeKind]string{
	kindAdded: "Adding", kindRemoved: "Removing", kindUpgraded: "Upgrading",
	kindDowngraded: "Downgrading", kindPatched: "Patching", kindChanged: "Changing",
}

func kindOf(p lock.PackageChange) changeKind {
	switch {
	case p.Old == "":
		return kindAdded
	case p.New == "":
		return kindRemoved
	case p.Patched():
		return kindPatched
	}
	switch order := opam.CompareVersions(p.Old, p.New); {
	case order < 0:
		return kindUpgraded
	case order > 0:
		return kindDowngraded
	}
	return kindChanged
}

// opamChange is an opam package with what was and what is.
func opamChange(p lock.PackageChange) string {
	text := p.Name + " " + move(p.Old, p.New)
	if len(p.Fields) > 0 {
		text += " (" + strings.Join(p.Fields, ", ") + ")"
	}
	return text
}

// move is what was and what is, or the one of them that there is.
func move(old, new string) string {
	switch {
	case old == "" || old == new:
		return new
	case new == "":
		return old
	}
	return old + " -> " + new
}

// changePrinter gathers lines.
type changePrinter struct{ strings.Builder }

// line begins with a verb, so that what follows stands in one column.
func (p *changePrinter) line(verb, text string) { fmt.Fprintf(p, "%11s %s\n", verb, text) }

func (p *changePrinter) change(what string, c lock.Change) {
	switch {
	case c.Old == "":
		p.line("Adding", what+" "+c.New)
	case c.New == "":
		p.line("Removing", what+" "+c.Old)
	default:
		old, new := shortenCommon(c.Old, c.New)
		p.line("Changing", what+" "+old+" -> "+new)
	}
}

func (p *changePrinter) setting(c lock.Change) {
	what := "option " + c.Name
	switch {
	case c.Name == "epoch":
		p.change("epoch", c)
	case c.New == "true":
		p.line("Adding", what)
	case c.Old == "true":
		p.line("Removing", what)
	default:
		p.change(what, c)
	}
}

func (p *changePrinter) project(c lock.Change) {
	switch {
	case c.Old == "":
		p.line("Adding", c.Name)
	case c.New == "":
		p.line("Removing", c.Name)
	case c.Old == c.New:
		p.line("Changing", c.Name+" (depends)")
	default:
		p.line("Changing", c.Name+" (asks for other dependencies)")
	}
}

// shortenCommon shortens the places of two states of one repository, which end
// in a commit or a sha256, to these.
func shortenCommon(old, new string) (string, string) {
	for _, mark := range []string{"#", " sha256:"} {
		a, oldHash, _ := strings.Cut(old, mark)
		b, newHash, ok := strings.Cut(new, mark)
		if ok && a == b && oldHash != "" {
			return short(oldHash), short(newHash)
		}
	}
	return old, new
}

// short is enough of a hash to tell it by.
func short(hash string) string { return hash[:min(12, len(hash))] }

// target prints what differs between two targets, or roots, of a name.
func (p *changePrinter) target(what string, c lock.TargetChange) {
	name := folderOf(c.TargetID)
	switch {
	case c.Added:
		p.line("Adding", what+" "+name)
		return
	case c.Removed:
		p.line("Removing", what+" "+name)
		return
	case len(c.Packages) > 0:
		fmt.Fprintf(p, "  %s: %s changed\n", name, counted(len(c.Packages), "distro package", "distro packages"))
	default:
		fmt.Fprintf(p, "  %s: the same distro packages\n", name)
	}
	for _, a := range c.Archives {
		fmt.Fprintf(p, "    archive %s %s\n", a.Name, archiveMove(a))
	}
	for i, d := range c.Packages {
		if i == mostDistroChanges {
			fmt.Fprintf(p, "    and %d more\n", len(c.Packages)-i)
			break
		}
		fmt.Fprintf(p, "    %s\n", distroChange(d))
	}
	if len(c.Depexts) > 0 {
		fmt.Fprintf(p, "    depexts: %s\n", strings.Join(c.Depexts, ", "))
	}
}

func distroChange(c lock.Change) string {
	switch {
	case c.Old == "":
		return "+ " + c.Name + " " + c.New
	case c.New == "":
		return "- " + c.Name + " " + c.Old
	case c.Old == c.New:
		return c.Name + " " + c.Old + " (another file)"
	}
	return c.Name + " " + c.Old + " -> " + c.New
}

// archiveMove is what an archive's index was and is; without a timestamp that
// is a sha256.
func archiveMove(c lock.Change) string {
	is := func(s string) string {
		if sum, ok := strings.CutPrefix(s, "sha256:"); ok {
			return short(sum)
		}
		return s
	}
	if c.Old == c.New {
		return c.Old + " (another index)"
	}
	return move(is(c.Old), is(c.New))
}
