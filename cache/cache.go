// Package cache names a switch by what it is made of.
//
// A key is the sha256 of everything in a plan that a step's output can depend
// on: its commands and environment, its source, its root's package files, and
// the keys of the steps it sees. Two plans that give a step the same key give
// it the same inputs; whether its output is kept somewhere (BuildKit's own
// cache, a registry) can be asked under that name without a daemon.
//
// A key says less than BuildKit's cache knows: a dependency that was rebuilt
// to the same bytes has another key, and rebuilds nobody all the same.
//
// A key that changes means that every switch kept under it is lost; the
// golden keys in the tests are there to make such a change a decision.
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/ofarm/ofarm/internal/plan"
)

// version is part of every key: of the meaning of the fields that are hashed.
const version = 1

// material is what a step's key is made of.
type material struct {
	Version  int
	Platform string
	Root     []string
	Deps     []string
	Step     plan.Step
}

// Keys returns the key of each step by the step's name, 64 hex digits each. The
// project's step has one too, but for the project's files, which aren't in a
// plan.
func Keys(p *plan.Plan) map[string]string {
	keys := map[string]string{}
	for _, s := range p.Steps {
		m := material{Version: version, Platform: string(p.Platform), Root: rootFiles(p, s.Root), Step: s}
		for _, d := range s.Deps {
			m.Deps = append(m.Deps, keys[d])
		}
		keys[s.Name] = digest(m)
	}
	return keys
}

// rootFiles are the package files of a root, with the base's below them.
func rootFiles(p *plan.Plan, name string) []string {
	var out []string
	for _, r := range p.Roots {
		if len(r.Depexts) > 0 && r.Name != name {
			continue
		}
		for _, f := range r.Packages {
			out = append(out, f.SHA256)
		}
	}
	return out
}

func digest(m material) string {
	// A struct of strings, numbers and lists always has a JSON form.
	data, err := json.Marshal(m)
	if err != nil {
		panic("cache: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
