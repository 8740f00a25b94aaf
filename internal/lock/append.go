package lock

import (
	"fmt"
	"strings"
)

// Append writes the lock behind b in its one spelling. It doesn't sort: a File
// whose lists are out of order gives text that [Parse] refuses.
func (f *File) Append(b []byte) []byte {
	w := writer{b}
	w.line(0, "ofarm.lock", fmt.Sprint(Version))
	w.line(0, "epoch", fmt.Sprint(f.Epoch))
	f.Options.appendTo(&w)
	for _, r := range f.Repositories {
		w.line(0, "repository", r.Name, r.URL, hash(r.SHA256), refWord(r.Ref))
	}
	for _, p := range f.Projects {
		w.line(0, "project", p.File, hash(p.SHA256))
		w.needs(p.Depends, p.Depexts)
	}
	for _, p := range f.Packages {
		w.opam(p)
	}
	for _, t := range f.Targets {
		w.target("target", t)
	}
	for _, t := range f.Roots {
		w.target("root", t)
	}
	return w.b
}

type writer struct{ b []byte }

// line writes one line; empty words are left out.
func (w *writer) line(depth int, words ...string) {
	w.b = append(w.b, strings.Repeat("  ", depth)...)
	for i, word := range words {
		if word == "" {
			continue
		}
		if i > 0 {
			w.b = append(w.b, ' ')
		}
		w.b = append(w.b, word...)
	}
	w.b = append(w.b, '\n')
}

func (w *writer) opam(p Package) {
	w.line(0)
	w.line(0, "opam", p.ID())
	w.opamFile(p)
	if p.Source != nil {
		w.source("source", *p.Source)
	}
	for _, s := range p.ExtraSources {
		w.source("extra-source", s)
	}
	for _, f := range p.ExtraFiles {
		w.line(1, "extra-file", f.Name, hash(f.SHA256), size(f.Input))
	}
	for _, t := range p.Only {
		w.line(1, "only", t.Name, t.Platform)
	}
	w.needs(p.Depends, p.Depexts)
}

// inSource stands in the place of a repository's name for the source.
const inSource = "-"

func (w *writer) opamFile(p Package) {
	from := p.Repository
	if p.InSource() {
		from = inSource
	}
	w.line(1, "opam-file", from, hash(p.OpamFile.SHA256), size(p.OpamFile), p.OpamPath)
}

// needs writes what a package or a project's opam file depends on.
func (w *writer) needs(depends []string, depexts []Depexts) {
	if len(depends) > 0 {
		w.line(1, append([]string{"depends"}, depends...)...)
	}
	for _, d := range depexts {
		w.line(1, append([]string{"depext", d.Target.Name, d.Target.Platform}, d.Names...)...)
	}
}

func (w *writer) source(word string, s Source) {
	w.line(1, word, s.Name, hash(s.SHA256), size(s.Input))
	for _, u := range s.URLs {
		w.line(2, "url", u)
	}
	for _, c := range s.Checksums {
		w.line(2, "checksum", c)
	}
}

func (w *writer) target(word string, t Target) {
	w.line(0)
	w.line(0, word, t.Name, t.Platform)
	for _, a := range t.Archives {
		w.line(1, "archive", a.Name, a.Suite, a.Component, a.Timestamp, hash(a.SHA256))
	}
	for _, p := range t.Base {
		w.distro("base", p)
	}
	for _, p := range t.Extra {
		w.distro("extra", p)
	}
	for _, d := range t.Depexts {
		w.line(1, append([]string{"depext", d.Name}, d.Needs...)...)
	}
}

func (w *writer) distro(word string, p DistroPackage) {
	w.line(1, word, p.Name, p.Version, p.Arch, hash(p.SHA256), size(p.Input), p.Archive, p.Path)
}

// refPrefix marks the ref of a git repository.
const refPrefix = "ref:"

func refWord(ref string) string {
	if ref == "" {
		return ""
	}
	return refPrefix + ref
}

func hash(hex string) string {
	if hex == "" {
		return ""
	}
	return "sha256:" + hex
}

func size(i Input) string { return fmt.Sprint(i.Size) }
