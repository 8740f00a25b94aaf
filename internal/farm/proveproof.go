package farm

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/ofarm/ofarm/internal/prove"
)

// Proof is what came of an artifact in one root, as artifacts.json has it.
type Proof struct {
	// Root is the root's name.
	Root string `json:"root"`
	// OK tells that it ran as expected.
	OK bool `json:"ok"`
	// NotRun tells that it wasn't run, because the root has not its libc.
	NotRun bool `json:"not_run,omitempty"`
	// Reason says why it isn't OK, on one line.
	Reason string `json:"reason,omitempty"`
}

func proof(r prove.Result) Proof {
	p := Proof{Root: r.Root, OK: r.Verdict == prove.Passed, NotRun: r.Verdict == prove.NotRun}
	if r.Reason != nil {
		p.Reason = r.Reason.Text
	}
	return p
}

// writeProofs notes results in artifacts.json, at those artifacts that still
// have the bytes which were proved. Proofs in other roots stay.
func writeProofs(dir string, programs []*program, results []prove.Result) error {
	unlock, err := lockOutput(dir)
	if err != nil {
		return err
	}
	defer unlock()
	all, err := ReadArtifacts(filepath.Join(dir, ArtifactsName))
	if err != nil {
		return err
	}
	proved := map[string]string{} // sha256 by path
	for _, p := range programs {
		proved[p.artifact.Path] = p.artifact.SHA256
	}
	byPath := map[string][]Proof{}
	for _, r := range results {
		byPath[r.Artifact] = append(byPath[r.Artifact], proof(r))
	}
	for i, a := range all {
		if proved[a.Path] == a.SHA256 {
			all[i].Proof = mergeProofs(a.Proof, byPath[a.Path])
		}
	}
	return putArtifacts(dir, all)
}

// mergeProofs are the new ones, and the old ones of other roots, sorted by root.
func mergeProofs(old, now []Proof) []Proof {
	out := slices.Clone(now)
	for _, p := range old {
		if !slices.ContainsFunc(now, func(n Proof) bool { return n.Root == p.Root }) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Proof) int { return cmp.Compare(a.Root, b.Root) })
	return out
}
