package main

import (
	"github.com/ofarm/ofarm/cache"
	"github.com/ofarm/ofarm/internal/plan"
)

// planJSON is a plan as ofarm plan --json prints it. Lists have the plan's
// order.
type planJSON struct {
	Target   string     `json:"target"`
	Platform string     `json:"platform"`
	Epoch    int64      `json:"source_date_epoch"`
	Roots    []rootJSON `json:"roots"`
	Steps    []stepJSON `json:"steps"`
}

type rootJSON struct {
	Name     string        `json:"name"`
	Packages []packageJSON `json:"packages"`
}

type packageJSON struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// stepJSON is a step. Key names what it makes: see package cache.
type stepJSON struct {
	Name   string     `json:"name"`
	Key    string     `json:"key"`
	Root   string     `json:"root"`
	Sees   []string   `json:"sees"`
	Env    []string   `json:"env"`
	Parts  []partJSON `json:"parts"`
	Export []string   `json:"export,omitempty"`
	Link   string     `json:"link,omitempty"`
}

// partJSON is one opam package of a step. Commands are lists of words, in which
// %{jobs}% is known only at run time.
type partJSON struct {
	Package string     `json:"package"`
	Version string     `json:"version"`
	Substs  []string   `json:"substs,omitempty"`
	Patches []string   `json:"patches,omitempty"`
	Build   [][]string `json:"build"`
	Install [][]string `json:"install"`
}

func describePlans(plans []*plan.Plan) []planJSON {
	var out []planJSON
	for _, p := range plans {
		d := planJSON{Target: p.Release.Name, Platform: string(p.Platform), Epoch: p.Epoch}
		for _, r := range p.Roots {
			d.Roots = append(d.Roots, describeRoot(r))
		}
		keys := cache.Keys(p)
		for _, s := range p.Steps {
			d.Steps = append(d.Steps, describeStep(s, keys[s.Name]))
		}
		out = append(out, d)
	}
	return out
}

func describeRoot(r plan.Root) rootJSON {
	out := rootJSON{Name: r.Name, Packages: []packageJSON{}}
	for _, p := range r.Packages {
		out.Packages = append(out.Packages, packageJSON{p.Name, p.Version, p.SHA256})
	}
	return out
}

func describeStep(s plan.Step, key string) stepJSON {
	out := stepJSON{Name: s.Name, Key: key, Root: s.Root, Sees: append([]string{}, s.Deps...)}
	for _, v := range s.Env {
		out.Env = append(out.Env, v.Name+"="+v.Value)
	}
	for _, p := range s.Parts {
		out.Parts = append(out.Parts, partJSON{
			Package: p.Package, Version: p.Version,
			Substs: append(append([]string{}, p.SubstsFirst...), p.Substs...), Patches: p.Patches,
			Build: words(p.Build), Install: words(p.Install),
		})
	}
	if s.Project {
		out.Export, out.Link = s.Export, string(s.Link)
	}
	return out
}

func words(commands []plan.Command) [][]string {
	out := [][]string{}
	for _, c := range commands {
		var list []string
		for _, w := range c {
			list = append(list, w.String())
		}
		out = append(out, list)
	}
	return out
}
