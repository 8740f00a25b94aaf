package release

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// The types of what is written. See the package comment.
const (
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://slsa.dev/provenance/v1"
	buildType     = "https://github.com/ofarm/ofarm/build/v1"
	builderID     = "https://github.com/ofarm/ofarm"
)

// statement is an in-toto Statement v1 with SLSA provenance v1 in it; of both
// only what ofarm has something to say in.
type statement struct {
	Type          string       `json:"_type"`
	Subject       []descriptor `json:"subject"`
	PredicateType string       `json:"predicateType"`
	Predicate     struct {
		BuildDefinition buildDefinition `json:"buildDefinition"`
		RunDetails      runDetails      `json:"runDetails"`
	} `json:"predicate"`
}

// descriptor is an in-toto ResourceDescriptor
// (https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md).
type descriptor struct {
	Name        string       `json:"name"`
	URI         string       `json:"uri,omitempty"`
	Digest      digestSet    `json:"digest"`
	MediaType   string       `json:"mediaType,omitempty"`
	Annotations *annotations `json:"annotations,omitempty"`
}

type digestSet struct {
	GitCommit string `json:"gitCommit,omitempty"`
	SHA256    string `json:"sha256"`
}

// annotations say of which targets a dependency is, where it isn't of all.
type annotations struct {
	Targets []string `json:"ofarm_targets"`
}

// perTarget has a value for each target, by its folder.
type perTarget[T any] struct {
	Targets map[string]T `json:"targets"`
}

// buildDefinition is BuildDefinition of SLSA's provenance.
type buildDefinition struct {
	BuildType            string              `json:"buildType"`
	ExternalParameters   perTarget[External] `json:"externalParameters"`
	InternalParameters   perTarget[Internal] `json:"internalParameters"`
	ResolvedDependencies []descriptor        `json:"resolvedDependencies"`
}

// runDetails is RunDetails of SLSA's provenance.
type runDetails struct {
	Builder struct {
		ID string `json:"id"`
		// Version has a program's version; where targets were built by several,
		// that of each under PROGRAM/FOLDER.
		Version             map[string]string `json:"version,omitempty"`
		BuilderDependencies []descriptor      `json:"builderDependencies,omitempty"`
	} `json:"builder"`
}

// join makes one statement of several targets' builds.
func join(builds []Build) statement {
	var s statement
	s.Type, s.PredicateType = statementType, predicateType
	def := &s.Predicate.BuildDefinition
	def.BuildType = buildType
	def.ExternalParameters.Targets = map[string]External{}
	def.InternalParameters.Targets = map[string]Internal{}
	for _, b := range builds {
		for _, a := range b.Subjects {
			s.Subject = append(s.Subject, descriptor{Name: a.Path, Digest: digestSet{SHA256: a.SHA256}})
		}
		def.ExternalParameters.Targets[b.Folder] = b.External
		def.InternalParameters.Targets[b.Folder] = b.Internal
	}
	slices.SortFunc(s.Subject, func(x, y descriptor) int { return cmp.Compare(x.Name, y.Name) })
	def.ResolvedDependencies = joinMaterials(builds, func(b Build) []Material { return b.Materials })
	builder := &s.Predicate.RunDetails.Builder
	builder.ID = builderID
	builder.Version = joinVersions(builds)
	builder.BuilderDependencies = joinMaterials(builds, func(b Build) []Material { return b.Tools })
	return s
}

// joinMaterials lists what builds have of some kind, each once, sorted.
func joinMaterials(builds []Build, of func(Build) []Material) []descriptor {
	folders := map[Material][]string{}
	for _, b := range builds {
		for _, m := range of(b) {
			if !slices.Contains(folders[m], b.Folder) {
				folders[m] = append(folders[m], b.Folder)
			}
		}
	}
	out := []descriptor{}
	for _, m := range slices.SortedFunc(maps.Keys(folders), compareMaterials) {
		d := descriptor{
			Name: m.Name, URI: m.URI, MediaType: m.MediaType,
			Digest: digestSet{GitCommit: m.GitCommit, SHA256: m.SHA256},
		}
		if len(folders[m]) < len(builds) {
			slices.Sort(folders[m])
			d.Annotations = &annotations{folders[m]}
		}
		out = append(out, d)
	}
	return out
}

func compareMaterials(x, y Material) int {
	return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.SHA256, y.SHA256), cmp.Compare(x.URI, y.URI),
		cmp.Compare(x.GitCommit, y.GitCommit), cmp.Compare(x.MediaType, y.MediaType))
}

// joinVersions gives a version that all builds share the program's name.
func joinVersions(builds []Build) map[string]string {
	out := map[string]string{}
	for _, b := range builds {
		for name, version := range b.Versions {
			shared := !slices.ContainsFunc(builds, func(o Build) bool {
				v, ok := o.Versions[name]
				return !ok || v != version
			})
			if shared {
				out[name] = version
			} else {
				out[name+"/"+b.Folder] = version
			}
		}
	}
	return out
}

// split is the inverse of join. What belongs to no target is left out.
func (s statement) split() []Build {
	def, builder := s.Predicate.BuildDefinition, s.Predicate.RunDetails.Builder
	var out []Build
	for _, folder := range slices.Sorted(maps.Keys(def.ExternalParameters.Targets)) {
		b := Build{
			Folder:    folder,
			External:  def.ExternalParameters.Targets[folder],
			Internal:  def.InternalParameters.Targets[folder],
			Materials: materialsOf(def.ResolvedDependencies, folder),
			Versions:  versionsOf(builder.Version, folder),
			Tools:     materialsOf(builder.BuilderDependencies, folder),
		}
		for _, d := range s.Subject {
			if strings.HasPrefix(d.Name, folder+"/") {
				b.Subjects = append(b.Subjects, Subject{Path: d.Name, SHA256: d.Digest.SHA256})
			}
		}
		out = append(out, b)
	}
	return out
}

func materialsOf(list []descriptor, folder string) []Material {
	var out []Material
	for _, d := range list {
		if d.Annotations == nil || slices.Contains(d.Annotations.Targets, folder) {
			out = append(out, Material{
				Name: d.Name, URI: d.URI, MediaType: d.MediaType,
				SHA256: d.Digest.SHA256, GitCommit: d.Digest.GitCommit,
			})
		}
	}
	return out
}

func versionsOf(all map[string]string, folder string) map[string]string {
	out := map[string]string{}
	for name, version := range all {
		program, of, own := strings.Cut(name, "/")
		if !own || of == folder {
			out[program] = version
		}
	}
	return out
}
