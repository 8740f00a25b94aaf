package verify

// Step is a step of a plan with what it left behind in both builds.
type Step struct {
	Name string
	// Depends names the steps whose output it sees: the direct ones or all. Names
	// that aren't among the steps count as the same in both builds.
	Depends      []string
	First, Again Tree
}

// Finding is a step whose output differs.
type Finding struct {
	Step    string   `json:"step"`
	Changes []Change `json:"changes"`
	// After names the differing steps among all that this one depends on, in the
	// steps' order. If there are none, the difference begins here.
	After []string `json:"after,omitempty"`
}

// Culprit reports that nothing the step depends on differs.
func (f Finding) Culprit() bool { return len(f.After) == 0 }

// FirstDifferent lists the steps whose outputs differ, in the order of steps.
func FirstDifferent(steps []Step) []Finding {
	g := graph{changes: map[string][]Change{}, depends: map[string][]string{}}
	for _, s := range steps {
		g.depends[s.Name] = s.Depends
		if c := Compare(s.First, s.Again); len(c) > 0 {
			g.changes[s.Name] = c
		}
	}
	var out []Finding
	for _, s := range steps {
		if c := g.changes[s.Name]; c != nil {
			out = append(out, Finding{Step: s.Name, Changes: c, After: g.after(steps, s.Name)})
		}
	}
	return out
}

type graph struct {
	changes map[string][]Change
	depends map[string][]string
}

// after lists the differing ones among all dependencies of a step.
func (g graph) after(steps []Step, name string) []string {
	seen := map[string]bool{name: true}
	for queue := []string{name}; len(queue) > 0; queue = queue[1:] {
		for _, d := range g.depends[queue[0]] {
			if !seen[d] {
				seen[d] = true
				queue = append(queue, d)
			}
		}
	}
	var out []string
	for _, s := range steps {
		if s.Name != name && seen[s.Name] && g.changes[s.Name] != nil {
			out = append(out, s.Name)
		}
	}
	return out
}
