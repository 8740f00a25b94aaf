package link

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// pkg is what one .pc file says about linking (pkg-config's file format:
// "name=value" lines define variables, "Key: value" lines use them as ${name}).
type pkg struct {
	name     string
	libs     []string // words of Libs, then of Libs.private
	requires []string // names in Requires, then in Requires.private
}

// packages are the .pc files of some folders.
type packages struct {
	byName map[string]*pkg
	owner  map[string]*pkg // by -l's name: the package of which it is the first library
}

// readPackages reads all .pc files; of two with one name the first folder's
// counts. Folders and files that can't be read are left out: most folders with
// libraries have no .pc files beside them.
func readPackages(fsys fs.FS, dirs []string) *packages {
	ps := &packages{byName: map[string]*pkg{}, owner: map[string]*pkg{}}
	for _, dir := range dirs {
		entries, err := fs.ReadDir(fsys, dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			ps.read(fsys, dir, e.Name())
		}
	}
	names := make([]string, 0, len(ps.byName))
	for name := range ps.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		ps.own(ps.byName[name])
	}
	return ps
}

func (ps *packages) read(fsys fs.FS, dir, file string) {
	name, ok := strings.CutSuffix(file, ".pc")
	if !ok || ps.byName[name] != nil {
		return
	}
	b, err := fs.ReadFile(fsys, path.Join(dir, file))
	if err != nil {
		return
	}
	p := parsePkg(string(b), "/"+dir)
	p.name = name
	ps.byName[name] = p
}

// own enters p as the owner of its first library. Where several packages share
// one, the package named like it wins, then the first by name.
func (ps *packages) own(p *pkg) {
	i := slices.IndexFunc(p.libs, func(w string) bool { return strings.HasPrefix(w, "-l") })
	if i < 0 {
		return
	}
	l := p.libs[i][2:]
	if ps.owner[l] == nil || p.name == l || p.name == "lib"+l && ps.owner[l].name != l {
		ps.owner[l] = p
	}
}

func parsePkg(text, dir string) *pkg {
	vars := map[string]string{"pcfiledir": dir}
	fields := map[string]string{}
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		i := strings.IndexAny(line, "=:")
		if i < 0 {
			continue
		}
		key, value := strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:])
		if line[i] == '=' {
			vars[key] = substitute(value, vars)
			continue
		}
		fields[key] = substitute(value, vars)
	}
	return &pkg{
		libs:     slices.Concat(split(fields["Libs"]), split(fields["Libs.private"])),
		requires: slices.Concat(requires(fields["Requires"]), requires(fields["Requires.private"])),
	}
}

// substitute replaces ${name}. Variables are defined before they are used, so
// values need no second pass; an unknown name is empty.
func substitute(s string, vars map[string]string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		name, rest, ok := strings.Cut(s[i+2:], "}")
		if !ok {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		b.WriteString(vars[name])
		s = rest
	}
}

// requires reads "a >= 1.0, b c": names, each perhaps with a comparison.
func requires(s string) []string {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	var names []string
	for i := 0; i < len(words); i++ {
		if strings.Trim(words[i], "<>=!") == "" {
			i++ // and the version behind it
			continue
		}
		names = append(names, words[i])
	}
	return names
}

// need is a library that another one needs.
type need struct {
	name string   // -l's name, or a path that ends in .a
	by   string   // "libssl.pc", "libstdc++"
	dirs []string // where its package says it lies
}

// needs returns what -lNAME needs besides itself, in link order: the words of
// its package and of all that package requires.
func (ps *packages) needs(name string) []need {
	var out []need
	if p := ps.owner[name]; p != nil {
		out = ps.collect(p, name, map[*pkg]bool{})
	}
	for _, n := range compilerNeeds[name] {
		out = append(out, need{name: n, by: "lib" + name})
	}
	return out
}

func (ps *packages) collect(p *pkg, self string, seen map[*pkg]bool) []need {
	if p == nil || seen[p] {
		return nil
	}
	seen[p] = true
	dirs := p.libDirs()
	var out []need
	for _, w := range p.libs {
		name, ok := strings.CutPrefix(w, "-l")
		switch {
		case w == "-pthread":
			name = "pthread"
		case !ok && !isArchive(w), name == self:
			continue
		}
		out = append(out, need{name: name, by: p.name + ".pc", dirs: dirs})
	}
	for _, r := range p.requires {
		out = append(out, ps.collect(ps.byName[r], self, seen)...)
	}
	return out
}

// dirs are the folders in which the packages that name -lNAME say it is, its
// owner's first.
func (ps *packages) dirs(name string) []string {
	var out []string
	if p := ps.owner[name]; p != nil {
		out = p.libDirs()
	}
	for _, n := range slices.Sorted(maps.Keys(ps.byName)) {
		if p := ps.byName[n]; slices.Contains(p.libs, "-l"+name) {
			out = append(out, p.libDirs()...)
		}
	}
	return out
}

func (p *pkg) libDirs() []string {
	var out []string
	for _, w := range p.libs {
		if d, ok := strings.CutPrefix(w, "-L"); ok && d != "" {
			out = append(out, d)
		}
	}
	return out
}
