package farm

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/release"
	"github.com/ofarm/ofarm/targets"
)

// packageMaterial is a distro's package file.
func packageMaterial(r targets.Release, p lock.DistroPackage) (release.Material, error) {
	kind, distro := packageurl.TypeDebian, r.Codename
	if r.Distro == targets.Alpine {
		kind, distro = packageurl.TypeApk, r.Name
	}
	uri, err := packageURL(packageurl.NewPackageURL(kind, string(r.Distro), p.Name, p.Version,
		packageurl.QualifiersFromMap(map[string]string{"arch": p.Arch, "distro": distro}), ""))
	return release.Material{Name: path.Join(p.Archive, p.Path), URI: uri, SHA256: p.SHA256}, err
}

// packageURL spells a package URL as its specification wants.
func packageURL(u *packageurl.PackageURL) (string, error) {
	if err := u.Normalize(); err != nil {
		return "", fmt.Errorf("the package URL of %s: %w", u.Name, err)
	}
	return u.ToString(), nil
}

// opamMaterials are an opam package's files that a plan reads, and where it has
// a step with a source what that is made of.
func opamMaterials(pkg lock.Package, pl *plan.Plan) ([]release.Material, error) {
	uri, err := packageURL(packageurl.NewPackageURL(packageurl.TypeOpam, "", pkg.Name, pkg.Version, nil, ""))
	if err != nil {
		return nil, err
	}
	inputs, err := opamInputs(pkg)
	if err != nil {
		return nil, err
	}
	var out []release.Material
	for _, in := range inputs {
		out = append(out, release.Material{Name: in.Title, URI: uri, SHA256: in.Sum.Hex()})
	}
	if step, ok := pl.Step(pkg.ID()); !ok || step.Source == nil {
		return out, nil
	}
	dir := path.Join("sources", pkg.ID())
	if pkg.Source != nil {
		out = append(out, sourceMaterial(path.Join(dir, "source"), *pkg.Source))
	}
	for _, e := range pkg.ExtraSources {
		out = append(out, sourceMaterial(path.Join(dir, "extra", e.Name), e))
	}
	return out, nil
}

// locked is the URL of a git repository in a lock, with the commit.
var lockedGit = regexp.MustCompile(`^(git(?:\+|://).*)#([0-9a-f]{40})$`)

// sourceMaterial is a source by its first URL. A git repository's is written as
// in SPDX's download locations, git+https://…@COMMIT.
func sourceMaterial(name string, s lock.Source) release.Material {
	m := release.Material{Name: name, URI: s.URLs[0], SHA256: s.SHA256}
	if git := lockedGit.FindStringSubmatch(m.URI); git != nil {
		m.URI, m.GitCommit = git[1]+"@"+git[2], git[2]
		if !strings.HasPrefix(m.URI, "git+") {
			m.URI = "git+" + m.URI
		}
	}
	return m
}
