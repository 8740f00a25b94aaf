package duneproject

import "slices"

// isOtherField knows the fields of a package that say nothing about dependencies.
func isOtherField(name string) bool {
	return slices.Contains([]string{
		"authors", "bug_reports", "deprecated_package_names", "description", "dir", "documentation", "homepage",
		"license", "maintainers", "maintenance_intent", "sites", "source", "synopsis", "tags",
	}, name)
}

func (d *decoder) pkg(n node) {
	p := Package{At: n.at}
	seen := map[string]bool{}
	for _, field := range n.items[1:] {
		name := field.head()
		if seen[name] {
			d.errs.add(field.at, "field %q stands twice in this package", name)
		}
		seen[name] = name != ""
		d.field(&p, field)
	}
	switch {
	case p.Name == "":
		d.errs.add(n.at, "package without a name: (name …) is missing")
	case d.f.Package(p.Name) != nil:
		d.errs.add(n.at, "package %q stands twice", p.Name)
	}
	d.f.Packages = append(d.f.Packages, p)
}

func (d *decoder) field(p *Package, n node) {
	switch name := n.head(); {
	case name == "name":
		p.Name = d.single(n)
	case name == "version":
		p.Version = d.single(n)
	case name == "allow_empty":
		p.AllowEmpty, _ = onOff(n)
	case name == "depends":
		p.Depends = d.dependencies(p, n)
	case name == "depopts":
		p.Depopts = d.dependencies(p, n)
	case name == "conflicts":
		p.Conflicts = d.dependencies(p, n)
	case name == "":
		d.errs.add(n.at, "expected a field in parentheses that begins with its name")
	case !isOtherField(name):
		p.opaque = true
		d.note(n.at, "field %q isn't known; the package's opam file isn't compared", name)
	}
}

// single reads a field with one string.
func (d *decoder) single(n node) string {
	if len(n.items) != 2 || !n.items[1].isText() {
		d.errs.add(n.at, "expected one string after %q", n.head())
		return ""
	}
	return n.items[1].text
}

func (d *decoder) dependencies(p *Package, n node) []Dependency {
	var deps []Dependency
	for _, item := range n.items[1:] {
		if dep, ok := d.dependency(item); ok {
			deps = append(deps, dep)
			continue
		}
		p.opaque = true
		d.note(item.at, "this dependency isn't understood; the package's opam file isn't compared")
	}
	return deps
}

// dependency reads NAME or (NAME CONDITION).
func (d *decoder) dependency(n node) (Dependency, bool) {
	dep := Dependency{At: n.at, Name: n.text}
	if n.kind != list {
		return dep, n.isText()
	}
	if len(n.items) == 0 || !n.items[0].isText() {
		return dep, false
	}
	dep.Name = n.items[0].text
	switch len(n.items) {
	case 1:
		d.errs.add(n.at, "no condition for %q: write it without the parentheses", dep.Name)
		return dep, true
	case 2:
		if c, ok := readConstraint(n.items[1]); ok {
			dep.when = &c
			return dep, true
		}
	}
	dep.opaque = true
	d.note(n.at, "the condition for %q isn't understood; it isn't compared", dep.Name)
	return dep, true
}
