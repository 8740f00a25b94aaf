package resolve

import (
	"slices"

	"github.com/ofarm/ofarm/internal/lock"
)

// needs turns what each depext brings by itself into a lock's entries.
//
// Where depexts together bring other packages than one by one (one's choice
// among alternatives is another's conflict), each gets all that they bring
// together: a root that has one of them then has all.
func needs(depexts []string, alone map[string][]string, together []string) []lock.Depext {
	var union []string
	for _, d := range depexts {
		union = append(union, alone[d]...)
	}
	slices.Sort(union)
	together = slices.Sorted(slices.Values(together))
	differ := !slices.Equal(slices.Compact(union), together)
	var out []lock.Depext
	for _, d := range depexts {
		names := slices.Sorted(slices.Values(alone[d]))
		if differ {
			names = together
		}
		out = append(out, lock.Depext{Name: d, Needs: names})
	}
	return out
}
