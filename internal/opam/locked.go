package opam

// Locked is a lock of opam's own, a NAME.opam.locked as "opam lock" writes it:
// an opam file whose depends gives one version for each package.
type Locked struct {
	File     *File
	Packages []LockedPackage // in the file's order
}

// LockedPackage is one entry of its depends.
type LockedPackage struct {
	At      Position
	Name    string
	Version string

	// When is the filter beside the version, such as with-test or build; nil
	// for packages that are always wanted.
	When *Filter
}

// ParseLocked reads a lock file, which name stands for in errors. The error
// holds all mistakes of the file, among them every package that isn't locked
// to exactly one version.
func ParseLocked(name string, data []byte) (*Locked, error) {
	f, err := Parse(name, data)
	if err != nil {
		return nil, err
	}
	errs := &mistakes{file: name}
	l := &Locked{File: f}
	for _, atom := range conjuncts(f.Depends) {
		p := LockedPackage{At: atom.At, Name: atom.Name}
		if atom.Op != FormulaAtom {
			errs.add(atom.At, "a choice between packages is not locked")
			continue
		}
		for _, c := range conditionParts(atom.When) {
			p.take(c, errs)
		}
		if p.Version == "" {
			errs.add(atom.At, "%q is not locked: expected {= \"version\"}", p.Name)
		}
		l.Packages = append(l.Packages, p)
	}
	l.checkTwice(errs)
	if err := errs.err(); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Locked) checkTwice(errs *mistakes) {
	seen := map[string]bool{}
	for _, p := range l.Packages {
		if seen[p.Name] {
			errs.add(p.At, "%q is locked twice", p.Name)
		}
		seen[p.Name] = true
	}
}

// take notes one condition of a locked package.
func (p *LockedPackage) take(c Condition, errs *mistakes) {
	switch {
	case c.Op != FormulaAtom:
		errs.add(p.At, "%q is not locked: it has alternatives", p.Name)
		p.Version = "?"
	case c.Rel == "":
		p.When = join(FilterAnd, p.When, c.Filter)
	case c.Rel != "=" || c.Version.Op != FilterText || !ValidVersion(c.Version.Text):
		errs.add(p.At, "%q is not locked to a version: expected {= \"version\"}", p.Name)
		p.Version = "?"
	case p.Version != "":
		errs.add(p.At, "%q is locked to two versions", p.Name)
	default:
		p.Version = c.Version.Text
	}
}

func conjuncts(f Formula) []Formula {
	switch f.Op {
	case FormulaEmpty:
		return nil
	case FormulaAnd:
		return f.Parts
	}
	return []Formula{f}
}

func conditionParts(c Condition) []Condition {
	switch c.Op {
	case FormulaEmpty:
		return nil
	case FormulaAnd:
		return c.Parts
	}
	return []Condition{c}
}
