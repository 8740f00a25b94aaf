package lock

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func (p *parser) localPath(path string) {
	if !filepath.IsLocal(path) {
		p.errorf("%q is not a path below its folder", path)
	}
}

// commit is the end of a git repository's URL.
var commit = regexp.MustCompile(`#([0-9a-f]{40}|[0-9a-f]{64})$`)

// isGit tells whether a URL is that of a git repository.
func isGit(url string) bool {
	return strings.HasPrefix(url, "git+") || strings.HasPrefix(url, "git://")
}

// checkURL checks that a repository is named by its content where it isn't a
// folder.
func (p *parser) checkURL(r Repository) {
	git := isGit(r.URL)
	switch {
	case git && !commit.MatchString(r.URL):
		p.errorf("repository %s: its URL doesn't end in the commit, #HEX", r.Name)
	case !git && r.Ref != "":
		p.errorf("repository %s: only a git repository has a ref", r.Name)
	case git && r.SHA256 != "":
		p.errorf("repository %s: a git repository has no sha256, but a commit", r.Name)
	case !git && strings.Contains(r.URL, "://") && r.SHA256 == "":
		p.errorf("repository %s: no sha256", r.Name)
	}
}

// check looks for mistakes between entries: what is missing, out of order, or
// named and not there.
func (p *parser) check() {
	for i := range p.file.Packages {
		p.checkPackage(&p.file.Packages[i])
	}
	for i := range p.file.Targets {
		p.checkTarget(false, &p.file.Targets[i])
		p.checkDepexts(&p.file.Targets[i])
	}
	for i := range p.file.Roots {
		p.checkTarget(true, &p.file.Roots[i])
	}
	p.checkNeeds()
	p.sorted("project", slices.IsSortedFunc(p.file.Projects, func(a, b Project) int { return cmp.Compare(a.File, b.File) }))
	p.sorted("opam", slices.IsSortedFunc(p.file.Packages, ComparePackages))
	p.sorted("target", slices.IsSortedFunc(p.file.Targets, CompareTargets))
	p.sorted("root", slices.IsSortedFunc(p.file.Roots, CompareTargets))
}

func (p *parser) sorted(what string, ok bool) {
	if !ok {
		p.errorAt(1, "the %s entries are not sorted", what)
	}
}

func (p *parser) checkPackage(pkg *Package) {
	line := p.lines["opam "+pkg.ID()]
	p.checkOpamFile(line, pkg)
	if pkg.Source != nil && len(pkg.Source.URLs) == 0 {
		p.errorAt(line, "%s: its source has no url", pkg.ID())
	}
	for _, e := range pkg.ExtraSources {
		if len(e.URLs) == 0 {
			p.errorAt(line, "%s: its extra-source %q has no url", pkg.ID(), e.Name)
		}
	}
	for _, t := range pkg.Only {
		if _, ok := p.lines["target "+t.String()]; !ok {
			p.errorAt(line, "%s: target %q is not in the lock", pkg.ID(), t.String())
		}
	}
}

// checkOpamFile checks that there is a place that a package's opam file is
// from. Whatever lies beside one in a source is in the source anyway.
func (p *parser) checkOpamFile(line int, pkg *Package) {
	_, known := p.lines["repository "+pkg.Repository]
	switch {
	case pkg.OpamFile.SHA256 == "":
		p.errorAt(line, "%s: no opam-file", pkg.ID())
	case !pkg.InSource() && !known:
		p.errorAt(line, "%s: repository %q is not in the lock", pkg.ID(), pkg.Repository)
	case pkg.InSource() && pkg.Source == nil:
		p.errorAt(line, "%s: its opam file is in its source, and it has no source", pkg.ID())
	case pkg.InSource() && len(pkg.ExtraFiles) > 0:
		p.errorAt(line, "%s: its opam file is in its source, and it has an extra-file from a repository", pkg.ID())
	}
}

// checkTarget checks what a target and a root of the lock have in common.
func (p *parser) checkTarget(bare bool, t *Target) {
	line := p.lines["target "+t.String()]
	if bare {
		line = p.lines["root "+t.String()]
	}
	for _, list := range [][]DistroPackage{t.Base, t.Extra} {
		if !slices.IsSortedFunc(list, CompareDistro) {
			p.errorAt(line, "%s: its package files are not sorted", t)
		}
		for _, d := range list {
			if !slices.ContainsFunc(t.Archives, func(a Archive) bool { return a.Name == d.Archive }) {
				p.errorAt(p.lines[entryKey(bare, t, "package", d.Name)], "%s: archive %q is not in the target", d.Name, d.Archive)
			}
		}
	}
}

func (p *parser) checkDepexts(t *Target) {
	needed := map[string]bool{}
	for _, d := range t.Depexts {
		for _, n := range d.Needs {
			needed[n] = true
			if !slices.ContainsFunc(t.Extra, func(e DistroPackage) bool { return e.Name == n }) {
				p.errorAt(p.lines[t.String()+" depext "+d.Name], "depext %s: extra package %q is not in the target", d.Name, n)
			}
		}
	}
	for _, e := range t.Extra {
		if !needed[e.Name] {
			p.errorAt(p.lines[t.String()+" package "+e.Name], "extra package %s: no depext needs it", e.Name)
		}
	}
}

// ComparePackages orders opam packages as a lock does: by name, then by
// version, both as plain strings.
func ComparePackages(a, b Package) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
}

// CompareTargets orders targets as a lock does: by name, then by platform.
func CompareTargets(a, b Target) int { return CompareTargetIDs(a.TargetID, b.TargetID) }

// CompareTargetIDs orders targets as a lock does: by name, then by platform.
func CompareTargetIDs(a, b TargetID) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Platform, b.Platform))
}

// CompareDistro orders package files as a lock does: by name.
func CompareDistro(a, b DistroPackage) int { return cmp.Compare(a.Name, b.Name) }
