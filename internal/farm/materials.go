package farm

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/package-url/packageurl-go"

	"github.com/ofarm/ofarm/internal/lock"
	"github.com/ofarm/ofarm/internal/plan"
	"github.com/ofarm/ofarm/internal/registry"
	"github.com/ofarm/ofarm/internal/release"
	"github.com/ofarm/ofarm/llb"
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

// sourceMaterial is a source by its first URL, as far as that may be told. A git
// repository's is written as in SPDX's download locations, git+https://…@COMMIT.
func sourceMaterial(name string, s lock.Source) release.Material {
	m := release.Material{Name: name, URI: s.URLs[0], SHA256: s.SHA256}
	if git := lockedGit.FindStringSubmatch(m.URI); git != nil {
		m.URI, m.GitCommit = git[1]+"@"+git[2], git[2]
		if !strings.HasPrefix(m.URI, "git+") {
			m.URI = "git+" + m.URI
		}
	}
	m.URI = toldURI(m.URI)
	return m
}

// toldURI is a URI without a user and a password. One of a file says nothing to
// others than how this machine's folders are called: it is left out.
func toldURI(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil, u.Scheme == "", u.Scheme == "file", u.Scheme == "git+file":
		return ""
	case u.User == nil:
		return uri
	}
	u.User = nil
	return u.String()
}

// rootMaterials are the images of a plan's roots, and the package files that they
// are assembled of. A base that is named in a registry stands for its package
// files: whether they were read here depends on what else was built here. Alpine's
// other roots are made of them in any case.
func (f *Farm) rootMaterials(pl *plan.Plan, images llb.Images) ([]release.Material, error) {
	var out []release.Material
	for i, r := range pl.Roots {
		image := images.Roots[r.Name]
		m := release.Material{Name: "root/" + r.Name, SHA256: image.Encoded(), MediaType: ocispec.MediaTypeImageManifest}
		for _, from := range f.Bases {
			if i == 0 && from.Ref.Digest == image {
				m.URI = registry.Ref{Host: from.Ref.Host, Repository: from.Ref.Repository, Digest: image}.String()
				break
			}
		}
		out = append(out, m)
		if m.URI != "" && (pl.Release.Distro != targets.Alpine || len(pl.Roots) == 1) {
			continue
		}
		for _, p := range r.Packages {
			m, err := packageMaterial(pl.Release, p)
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		}
	}
	return out, nil
}

// toolMaterials are what ofarm itself brings into steps: the program of the linker
// shim, whose image has links too, and the images of its scripts.
func (f *Farm) toolMaterials(p targets.Platform, images llb.Images) ([]release.Material, error) {
	path := f.shimPath(p)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &ShimMissingError{Path: path, Err: err}
	}
	out := []release.Material{{Name: filepath.Base(path), SHA256: hexSum(data)}}
	for _, lib := range []struct {
		name  string
		image digest.Digest
	}{{"root library", images.RootLib}, {"step library", images.StepLib}} {
		if lib.image != "" {
			out = append(out, release.Material{
				Name: lib.name, SHA256: lib.image.Encoded(), MediaType: ocispec.MediaTypeImageManifest,
			})
		}
	}
	return out, nil
}
