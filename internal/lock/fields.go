package lock

import (
	"encoding/hex"
	"strconv"
	"strings"
)

func (p *parser) epoch(w []string) { p.file.Epoch = p.number64(w[0], "epoch") }

func (p *parser) repository(w []string) {
	r := Repository{Name: w[0], URL: w[1]}
	if len(w) == 3 {
		ref, ok := strings.CutPrefix(w[2], refPrefix)
		if r.Ref = ref; !ok {
			r.Ref, r.SHA256 = "", p.hash(w[2], "repository "+w[0])
		}
	}
	p.leave()
	p.once("repository " + w[0])
	p.checkURL(r)
	p.file.Repositories = append(p.file.Repositories, r)
}

func (p *parser) project(w []string) {
	p.leave()
	p.once("project " + w[0])
	p.file.Projects = append(p.file.Projects, Project{File: w[0], SHA256: p.hash(w[1], w[0])})
	p.root = &p.file.Projects[len(p.file.Projects)-1]
}

func (p *parser) opam(w []string) {
	name, version, ok := strings.Cut(w[0], ".")
	if !ok || name == "" || version == "" {
		p.errorf("%q is not NAME.VERSION", w[0])
	}
	p.leave()
	p.once("opam " + w[0])
	p.file.Packages = append(p.file.Packages, Package{Name: name, Version: version})
	p.pkg = &p.file.Packages[len(p.file.Packages)-1]
}

func (p *parser) newTarget(w []string) {
	id := TargetID{Name: w[0], Platform: w[1]}
	p.leave()
	p.once("target " + id.String())
	p.file.Targets = append(p.file.Targets, Target{TargetID: id})
	p.target = &p.file.Targets[len(p.file.Targets)-1]
}

func (p *parser) newRoot(w []string) {
	id := TargetID{Name: w[0], Platform: w[1]}
	p.leave()
	p.once("root " + id.String())
	p.file.Roots = append(p.file.Roots, Target{TargetID: id})
	p.target, p.bare = &p.file.Roots[len(p.file.Roots)-1], true
}

func (p *parser) leave() { p.root, p.pkg, p.src, p.target, p.bare = nil, nil, nil, nil, false }

// entry is the key of what belongs to the target or root that is being read.
func (p *parser) entry(what, name string) string { return entryKey(p.bare, p.target, what, name) }

func entryKey(bare bool, t *Target, what, name string) string {
	if bare {
		return "root " + t.String() + " " + what + " " + name
	}
	return t.String() + " " + what + " " + name
}

// once tells of a second entry of one key.
func (p *parser) once(key string) {
	if before, ok := p.lines[key]; ok {
		p.errorf("%s is already on line %d", key, before)
		return
	}
	p.lines[key] = p.number
}

func (p *parser) opamFile(w []string) {
	p.pkg.OpamFile = p.input(w[1], w[2], p.pkg.ID())
	switch own := w[0] == inSource; {
	case own != (len(w) == 4):
		p.errorf("opam-file: want %s", opamFileUsage)
	case own:
		p.localPath(w[3])
		p.pkg.OpamPath = w[3]
	default:
		p.pkg.Repository = w[0]
	}
}

func (p *parser) source(w []string) {
	p.pkg.Source = &Source{Input: p.input(w[0], w[1], p.pkg.ID())}
	p.src = p.pkg.Source
}

func (p *parser) extraSource(w []string) {
	s := Source{Name: w[0], Input: p.input(w[1], w[2], p.pkg.ID())}
	p.localPath(w[0])
	p.pkg.ExtraSources = append(p.pkg.ExtraSources, s)
	p.src = &p.pkg.ExtraSources[len(p.pkg.ExtraSources)-1]
}

func (p *parser) extraFile(w []string) {
	p.src = nil
	p.localPath(w[0])
	p.pkg.ExtraFiles = append(p.pkg.ExtraFiles, NamedInput{Name: w[0], Input: p.input(w[1], w[2], p.pkg.ID())})
}

func (p *parser) only(w []string) {
	p.src = nil
	p.pkg.Only = append(p.pkg.Only, TargetID{Name: w[0], Platform: w[1]})
}

func (p *parser) url(w []string) {
	if isGit(w[0]) && !commit.MatchString(w[0]) {
		p.errorf("%s: the URL of a git repository doesn't end in the commit, #HEX", p.pkg.ID())
	}
	p.src.URLs = append(p.src.URLs, w[0])
}

func (p *parser) checksum(w []string) {
	kind, sum, ok := strings.Cut(w[0], "=")
	length, known := checksumBytes[kind]
	if !ok || !known || !isHex(sum, length) {
		p.errorf("%s: %q is not a checksum such as md5=HEX or sha512=HEX", p.pkg.ID(), w[0])
	}
	p.src.Checksums = append(p.src.Checksums, w[0])
}

var checksumBytes = map[string]int{"md5": 16, "sha512": 64}

func (p *parser) archive(w []string) {
	a := Archive{Name: w[0], Suite: w[1], Component: w[2], Timestamp: w[3], SHA256: p.hash(w[4], w[0]+" "+w[1])}
	p.target.Archives = append(p.target.Archives, a)
}

func (p *parser) base(w []string)  { p.target.Base = append(p.target.Base, p.distro(w)) }
func (p *parser) extra(w []string) { p.target.Extra = append(p.target.Extra, p.distro(w)) }

func (p *parser) distro(w []string) DistroPackage {
	p.once(p.entry("package", w[0]))
	p.localPath(w[6])
	return DistroPackage{
		Name: w[0], Version: w[1], Arch: w[2],
		Input:   p.input(w[3], w[4], w[0]),
		Archive: w[5], Path: w[6],
	}
}

// depext reads the field of that name, of a target or of what asks for distro
// packages.
func (p *parser) depext(w []string) {
	if p.target == nil {
		p.ownDepext(w)
		return
	}
	p.once(p.target.String() + " depext " + w[0])
	p.target.Depexts = append(p.target.Depexts, Depext{Name: w[0], Needs: w[1:]})
}

func (p *parser) input(sum, size, of string) Input {
	return Input{SHA256: p.hash(sum, of), Size: p.number64(size, of)}
}

func (p *parser) hash(s, of string) string {
	sum, ok := strings.CutPrefix(s, "sha256:")
	if !ok {
		p.errorf("%s: no sha256", of)
	} else if !isHex(sum, 32) {
		p.errorf("%s: %q is not a sha256 of 64 hex digits", of, sum)
	}
	return sum
}

func (p *parser) number64(s, of string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		p.errorf("%s: %q is not a number", of, s)
	}
	return n
}

func isHex(s string, bytes int) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == bytes && s == strings.ToLower(s)
}
