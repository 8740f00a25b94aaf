package farm

import (
	"maps"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/ofarm/ofarm/llb"
)

// namedImage is an image with what it is.
type namedImage struct {
	what   string
	digest digest.Digest
}

// namedImages lists a plan's images: roots, then sources, both by name, then
// what there is one of.
func namedImages(i llb.Images) []namedImage {
	var out []namedImage
	for _, name := range slices.Sorted(maps.Keys(i.Roots)) {
		out = append(out, namedImage{"root " + name, i.Roots[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(i.Sources)) {
		out = append(out, namedImage{"the source of " + name, i.Sources[name]})
	}
	return append(out,
		namedImage{"the project's files", i.Project},
		namedImage{"the step library", i.StepLib},
		namedImage{"the root library", i.RootLib},
		namedImage{"the linker shim", i.Shim},
	)
}

// otherInputs lists the images that came out otherwise the second time. They
// are made by ofarm from inputs of the lock, and the project's files, so there
// should be none: the graphs of both builds are the same then.
func (r *verification) otherInputs() []InputPair {
	out := []InputPair{}
	for i := range r.one.images {
		first, again := namedImages(r.one.images[i]), namedImages(r.two.images[i])
		for k := range first {
			if first[k] == again[k] {
				continue
			}
			out = append(out, InputPair{
				Target: r.one.folder(i), What: first[k].what,
				First: first[k].digest.String(), Again: again[k].digest.String(),
			})
		}
	}
	return out
}
