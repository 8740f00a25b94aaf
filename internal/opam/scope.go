package opam

import (
	"maps"
	"slices"
)

// Package is what variables say about one package.
type Package struct {
	Version string
	Pinned  bool
	Dev     bool   // its source has no checksum
	Build   string // folder it is built in

	// Variables are further ones, such as build-id, hash and depends, and
	// those of the package's .config file. They win over the table of
	// [ConfigVariable].
	Variables map[string]Value
}

// Scope is what the variables of one package's opam file stand for, looked for
// in opam's order. It is an [Env].
type Scope struct {
	Prefix string // the switch's folder

	// Globals are the variables of the target (os, os-distribution, os-family,
	// os-version, arch, make, jobs …) and of the build (with-test, with-doc,
	// dev …).
	Globals map[string]Value

	// Name is the package in whose file the variables stand, Self what is
	// known of it. It counts as installed when Installed has it too.
	Name string
	Self Package

	// Installed are the switch's packages by name.
	Installed map[string]Package

	// Unknown, when set, is told the variables of installed packages that
	// neither opam nor the table knows, and any package's build-id and depends
	// that Variables lacks. opam would have had values for them, so the plan
	// may go wrong.
	Unknown func(v Variable)
}

// SwitchVariables are the global variables that name the folders of a switch:
// prefix, lib, bin, sbin, share, doc, etc, man, toplevel and stublibs.
func SwitchVariables(prefix string) map[string]Value {
	vars := map[string]Value{
		"prefix":   String(prefix),
		"toplevel": String(prefix + "/lib/toplevel"),
		"stublibs": String(prefix + "/lib/stublibs"),
	}
	for _, dir := range []string{"lib", "bin", "sbin", "share", "doc", "etc", "man"} {
		vars[dir] = String(prefix + "/" + dir)
	}
	return vars
}

// PackageVariables are the variables that name the folders of a package:
// lib, share, doc and etc with a folder of the package's name, bin, sbin and
// man without.
func PackageVariables(prefix, name string) map[string]Value {
	vars := map[string]Value{}
	for _, dir := range []string{"lib", "share", "doc", "etc"} {
		vars[dir] = String(prefix + "/" + dir + "/" + name)
	}
	for _, dir := range []string{"bin", "sbin", "man"} {
		vars[dir] = String(prefix + "/" + dir)
	}
	return vars
}

// Lookup finds a variable.
func (s Scope) Lookup(v Variable) (Value, bool) {
	x := s.find(v)
	return x, x.Defined()
}

func (s Scope) find(v Variable) Value {
	switch {
	case v.Package == "":
		return s.global(v.Name)
	case v.Package == "_" && s.Name == "":
		return Value{}
	case v.Package == "_":
		v.Package = s.Name
	}
	return s.packageVariable(v)
}

// global finds a global variable: those given, the switch's folders, then the
// package's own as if asked with its name.
func (s Scope) global(name string) Value {
	if x, ok := s.Globals[name]; ok {
		return x
	}
	if s.Name != "" && (name == "name" || name == "version") {
		return s.self(name)
	}
	if x, ok := SwitchVariables(s.Prefix)[name]; ok {
		return x
	}
	if s.Name == "" {
		return Value{}
	}
	return s.packageVariable(Variable{s.Name, name})
}

func (s Scope) self(name string) Value {
	if name == "name" {
		return String(s.Name)
	}
	if s.Self.Version == "" {
		return Value{}
	}
	return String(s.Self.Version)
}

func (s Scope) packageVariable(v Variable) Value {
	p, installed := s.Installed[v.Package]
	known := installed
	if v.Package == s.Name {
		p, known = s.Self, true
	}
	if x, ok := p.Variables[v.Name]; ok && known {
		return x
	}
	switch v.Name {
	case "installed":
		return Bool(installed)
	case "name":
		return String(v.Package)
	case "pinned":
		return Bool(known && p.Pinned)
	}
	if !known {
		return Value{}
	}
	if x, ok := s.builtin(v, p); ok {
		return x
	}
	x, ok := ConfigVariable(v.Package, p.Version, v.Name, s)
	if !ok && s.Unknown != nil && (installed && v.Package != s.Name || isHash(v.Name)) {
		s.Unknown(v)
	}
	return x
}

// isHash says whether opam computes the variable from the whole switch; who
// plans must give it among Package.Variables.
func isHash(name string) bool { return name == "build-id" || name == "depends" }

// builtin gives the variables that opam has for every known package.
func (s Scope) builtin(v Variable, p Package) (Value, bool) {
	switch v.Name {
	case "version":
		return String(p.Version), p.Version != ""
	case "dev":
		return Bool(p.Dev), true
	case "build":
		return String(p.Build), p.Build != ""
	case "hash":
		return String(""), true
	}
	x, ok := PackageVariables(s.Prefix, v.Package)[v.Name]
	return x, ok
}

// Binding is a variable and what it stands for.
type Binding struct {
	Variable Variable
	Value    Value
}

// Bindings lists every variable that is defined in the scope and needn't be
// looked up by rule: all but installed and pinned of unknown packages, which
// are false, and enable, which follows installed. The order is by package,
// global ones first, then by name.
func (s Scope) Bindings() []Binding {
	var list []Binding
	add := func(pkg string, names []string) {
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			v := Variable{pkg, name}
			if x, ok := s.Lookup(v); ok {
				list = append(list, Binding{v, x})
			}
		}
	}
	quiet := s
	quiet.Unknown = nil
	s = quiet
	own := []string{}
	if s.Name != "" {
		own = s.packageNames(s.Name, s.Self)
	}
	global := slices.Concat(slices.Collect(maps.Keys(s.Globals)), slices.Collect(maps.Keys(SwitchVariables(s.Prefix))), own)
	add("", global)
	add("_", slices.Clone(own))
	packages := slices.Collect(maps.Keys(s.Installed))
	if _, ok := s.Installed[s.Name]; !ok && s.Name != "" {
		packages = append(packages, s.Name)
	}
	slices.Sort(packages)
	for _, pkg := range packages {
		p := s.Installed[pkg]
		if pkg == s.Name {
			p = s.Self
		}
		add(pkg, s.packageNames(pkg, p))
	}
	return list
}

// packageNames lists the names that a package's variables may have.
func (s Scope) packageNames(pkg string, p Package) []string {
	names := []string{"installed", "name", "pinned", "version", "dev", "build", "hash"}
	names = slices.AppendSeq(names, maps.Keys(PackageVariables(s.Prefix, pkg)))
	names = slices.AppendSeq(names, maps.Keys(p.Variables))
	return append(names, configNames(pkg)...)
}
