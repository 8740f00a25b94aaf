package base

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ofarm/ofarm/internal/deb"
)

// Debian writes a layer: a tar of the root that the packages make when they are unpacked and not yet configured, with
// dpkg's database saying so. [ConfigureScript], run in that root, lets dpkg do the rest.
//
// The order of pkgs doesn't matter. Packages follow each other by name, except that a package comes before those whose
// files it replaces; a package's files keep their order, a folder stands where it is first needed. Owners and modes are
// the package files'; no file is newer than opt.Epoch.
//
// If one of the packages is usr-is-merged or usrmerge, the root gets the links bin, lib, sbin and so on into usr first,
// and files go where the links lead; dpkg's lists keep the paths that the packages say, as they do after dpkg.
//
// Where two packages have one path, dpkg's rules decide: folders are shared, a folder stays where a link would replace
// it and a link where a folder would, the file of a package that Replaces the other stays. Anything else is a
// [PathConflict]. A package file that isn't the one its Input names is an error.
//
// Two things of dpkg are left out: diversions made before unpacking, and the scripts preinst, which ConfigureScript
// runs late. Packages that need them in time belong into [ExtraScript].
func Debian(w io.Writer, pkgs []Input, opt Options) error {
	packages, err := scanDebian(pkgs)
	if err != nil {
		return err
	}
	l := newDebianLayer(w, opt)
	if err := l.start(packages); err != nil {
		return err
	}
	if err := l.unpackAll(packages); err != nil {
		return err
	}
	return l.finish()
}

// A debianPackage is a package to unpack and what it may overwrite.
type debianPackage struct {
	in       Input
	replaces []deb.Relation
}

// scanDebian reads the packages' control parts and puts the packages in the order of unpacking.
func scanDebian(pkgs []Input) ([]*debianPackage, error) {
	pkgs = slices.Clone(pkgs)
	slices.SortFunc(pkgs, func(a, b Input) int { return strings.Compare(a.Name, b.Name) })
	var packages []*debianPackage
	for i, in := range pkgs {
		if i > 0 && pkgs[i-1].Name == in.Name {
			return nil, fmt.Errorf("%s is given twice", in.Name)
		}
		p, err := scanDebianPackage(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name, err)
		}
		packages = append(packages, p)
	}
	return replacersFirst(packages), nil
}

// scanDebianPackage reads one package's control part.
func scanDebianPackage(in Input) (*debianPackage, error) {
	archive, file, err := openDebian(in)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	groups, err := deb.Relations(archive.Control.Get("Replaces")).Groups()
	if err != nil {
		return nil, fmt.Errorf("reading its field Replaces: %w", err)
	}
	return &debianPackage{in: in, replaces: slices.Concat(groups...)}, nil
}

// openDebian opens a package file and checks that it is the one that was named.
func openDebian(in Input) (*deb.Archive, io.Closer, error) {
	file, err := in.Open()
	if err != nil {
		return nil, nil, err
	}
	archive, err := deb.Open(file)
	if err == nil {
		err = checkDebian(archive.Control, in)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return archive, file, nil
}

// checkDebian compares a package file's own words with its Input's.
func checkDebian(control deb.Paragraph, in Input) error {
	for _, f := range []struct{ field, want string }{
		{"Package", in.Name}, {"Version", in.Version}, {"Architecture", in.Arch},
	} {
		has := control.Get(f.field)
		if has == f.want || f.want == "" && f.field == "Architecture" {
			continue
		}
		if f.field == "Architecture" && has == "all" {
			continue
		}
		return fmt.Errorf("the package file says %s %q, want %q", f.field, has, f.want)
	}
	return nil
}

// mayReplace says whether p may keep a file that other has as well.
func (p *debianPackage) mayReplace(other *debianPackage) bool {
	return slices.ContainsFunc(p.replaces, func(r deb.Relation) bool {
		return r.Name == other.in.Name && r.Admits(other.in.Version)
	})
}

// replacersFirst puts packages, which are sorted by name, before those they replace files of. Of packages that replace
// each other's files the first by name stays first.
func replacersFirst(packages []*debianPackage) []*debianPackage {
	byName := make(map[string][]*debianPackage) // who replaces files of a package
	for _, p := range packages {
		for _, other := range packages {
			if p != other && p.mayReplace(other) {
				byName[other.in.Name] = append(byName[other.in.Name], p)
			}
		}
	}
	var out []*debianPackage
	done := make(map[*debianPackage]bool)
	var visit func(p *debianPackage)
	visit = func(p *debianPackage) {
		if done[p] {
			return
		}
		done[p] = true
		for _, first := range byName[p.in.Name] {
			visit(first)
		}
		out = append(out, p)
	}
	for _, p := range packages {
		visit(p)
	}
	return out
}
