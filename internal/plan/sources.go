package plan

import "slices"

// checkSources holds what the lock has of a package's sources against what its
// opam file says: a step that lacks one would fail late, or not at all.
func (b *builder) checkSources(p *pkg) {
	switch {
	case p.locked.InSource(): // a pinned package's source is that of the pin
	case p.file.URL != nil && p.locked.Source == nil:
		b.entry(p, "its opam file names a source, and the lock has none for it")
	case p.file.URL == nil && p.locked.Source != nil:
		b.entry(p, "the lock has a source for it, and its opam file names none")
	case p.file.URL != nil && p.file.URL.Subpath != "":
		b.entry(p, "it is built in the folder %q of its source (subpath), which ofarm can't do", p.file.URL.Subpath)
	}
	var want, have []string
	for _, s := range p.file.ExtraSources {
		want = append(want, s.Name)
	}
	for _, s := range p.locked.ExtraSources {
		have = append(have, s.Name)
	}
	b.checkFiles(p, "extra-source", want, have)
	want, have = nil, nil
	for _, f := range p.file.ExtraFiles {
		want = append(want, f.Name)
	}
	for _, f := range p.locked.ExtraFiles {
		have = append(have, f.Name)
	}
	// opam takes in files beside the opam file that it doesn't list.
	if len(want) > 0 {
		b.checkFiles(p, "extra-file", want, have)
	}
}

func (b *builder) checkFiles(p *pkg, what string, want, have []string) {
	for _, name := range want {
		if !slices.Contains(have, name) {
			b.entry(p, "the lock has no %s %q for it, which its opam file names", what, name)
		}
	}
	for _, name := range have {
		if !slices.Contains(want, name) {
			b.entry(p, "the lock has %s %q for it, which its opam file does not name", what, name)
		}
	}
}
